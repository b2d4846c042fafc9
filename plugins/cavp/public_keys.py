"""What the parameters of the released CAVP are called here: Diff-Foley, ``inference/model/cavp_model.py``."""

from gmscavp.public_keys import DIFF_FOLEY_BACKBONES, PANNS_KEYS, SLOWONLY_KEYS, KeyMap

DIFF_FOLEY_KEYS = KeyMap(
    source="CAVP (Diff-Foley)",
    prefixes={
        **DIFF_FOLEY_BACKBONES.prefixes,
        "video_project_head.": "video_projection.",
        "spec_encoder.final_project.": "audio_projection.",
        "logit_scale": "log_scale",
    },
)
PUBLIC_KEYS = (DIFF_FOLEY_KEYS, SLOWONLY_KEYS, PANNS_KEYS)
