"""What the parameters of public checkpoints are called here. No torch."""

from collections.abc import Mapping
from dataclasses import dataclass

PARALLEL = "module."
"""Put before every key by torch's data-parallel wrappers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyMap:
    """How the keys of one public checkpoint are renamed.

    Attributes:
        source: Which checkpoint it is.
        prefixes: The beginning of a key there, and what takes its place here; the longest that fits counts.
    """

    source: str
    prefixes: Mapping[str, str]

    def renamed(self, key: str) -> str | None:
        """Return what a key is called here, or ``None`` for one that has no place here."""
        bare = key.removeprefix(PARALLEL)
        fitting = [prefix for prefix in self.prefixes if bare.startswith(prefix)]
        if not fitting:
            return None
        prefix = max(fitting, key=len)
        return self.prefixes[prefix] + bare.removeprefix(prefix)


SLOWONLY_KEYS = KeyMap(source="SlowOnly R50 (mmaction2)", prefixes={"backbone.": "video."})
PANNS_KEYS = KeyMap(
    source="CNN14 (PANNs)",
    prefixes={"bn0.": "audio.bn0.", "conv_block": "audio.conv_block", "fc1.": "audio.fc1."},
)
DIFF_FOLEY_BACKBONES = KeyMap(
    source="CAVP (Diff-Foley), backbones",
    prefixes={"video_encoder.": "video.", "spec_encoder.": "audio.", "spec_encoder.bn.": "audio.bn0."},
)
"""The audio backbone's ``final_project`` is CAVP's projection, and no part of the backbone."""
