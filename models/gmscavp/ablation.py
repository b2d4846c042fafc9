"""The arms of the ablation, and choices of ours tried the other way. No torch here.

Arms have one thing less than ``small-diffusion``:

cavp small               one scale, contrast alone (in the package cavp)
small-two-scales         + contrast at two scales
small                    + contrast at three scales
small-single-diffusion   + diffusion at the finest scale alone, both directions
small-v2a, small-a2v     + diffusion at every scale, one direction
small-diffusion          + diffusion at every scale, both directions

Trials have one choice made otherwise than ``small-diffusion``, or than ``small`` where it is the contrast's:

small-eps                the denoiser predicts the noise, as Diff-Foley's
small-cosine             the cosine schedule
small-beta-4             β = 4
small-unbiased           cross-attention does not know time
small-alone              every scale is denoised without its coarser version
small-finer              targets of twice the resolution in time, frequency and space, in as many patches
small-raw                the denoisers read the tokens as the pyramid gives them, not normalised
small-token              every token a unit vector
small-temperatures       a temperature for each scale
small-pooled             every scale reads the coarse map through CAVP's own head
"""

from dataclasses import replace

from gmscavp.config import SMALL, SMALL_DIFFUSION, GMSCAVPConfig
from gmscavp.diffusion.config import DiffusionConfig, targets
from gmscavp.training.config import TrainingConfig


def _diffusing(name: str, diffusion: DiffusionConfig) -> GMSCAVPConfig:
    return replace(SMALL_DIFFUSION, name=name, diffusion=diffusion)


assert SMALL_DIFFUSION.diffusion is not None
_WHOLE = SMALL_DIFFUSION.diffusion

ARMS = (
    replace(SMALL, name="small-two-scales", scales=(SMALL.scales[0], SMALL.scales[-1])),
    _diffusing("small-single-diffusion", replace(_WHOLE, targets=_WHOLE.targets[:1])),
    _diffusing("small-v2a", replace(_WHOLE, directions=("v2a",))),
    _diffusing("small-a2v", replace(_WHOLE, directions=("a2v",))),
)
_FINER = targets(
    tokens=(25, 5, 1),
    mel_frames=(100, 20, 4),
    mel_bins=(64, 32, 16),
    mel_patch=(4, 16),
    sizes=(14, 7, 7),
    frame_patches=(7, 7, 7),
)
TRIALS = (
    _diffusing("small-eps", replace(_WHOLE, prediction="eps")),
    _diffusing("small-cosine", replace(_WHOLE, schedule="cosine")),
    _diffusing("small-beta-4", replace(_WHOLE, weight=4.0)),
    _diffusing("small-unbiased", replace(_WHOLE, time_bias=False)),
    _diffusing("small-alone", replace(_WHOLE, coarse_to_fine=False)),
    _diffusing("small-finer", replace(_WHOLE, targets=_FINER)),
    _diffusing("small-raw", replace(_WHOLE, condition="raw")),
    replace(SMALL, name="small-token", normalise="token"),
    replace(SMALL, name="small-temperatures", temperature="scale"),
    replace(SMALL, name="small-pooled", scales=tuple(replace(each, head="pooled") for each in SMALL.scales)),
)
CONFIGS = {each.name: each for each in (*ARMS, *TRIALS)}
TRAINING = {name: TrainingConfig() for name in CONFIGS}
