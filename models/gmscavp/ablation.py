"""The arms of the ablation: configs that have one thing less than ``small-diffusion``. No torch here.

cavp small               one scale, contrast alone (in the package cavp)
small-two-scales         + contrast at two scales
small                    + contrast at three scales
small-single-diffusion   + diffusion at the finest scale alone, both directions
small-v2a, small-a2v     + diffusion at every scale, one direction
small-diffusion          + diffusion at every scale, both directions
"""

from dataclasses import replace

from gmscavp.config import SMALL, SMALL_DIFFUSION, GMSCAVPConfig, TrainingConfig
from gmscavp.diffusion_config import DiffusionConfig


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
CONFIGS = {arm.name: arm for arm in ARMS}
TRAINING = {arm.name: TrainingConfig() for arm in ARMS}
