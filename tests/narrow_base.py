"""``base`` with few channels and few pixels: everything it is made of, at a size for tests."""

import dataclasses

from gmscavp.config import BASE, GMSCAVPConfig
from gmscavp.inputs import AudioConfig, VideoConfig

assert BASE.diffusion is not None
NARROW_BASE: GMSCAVPConfig = dataclasses.replace(
    BASE,
    name="narrow-base",
    video=VideoConfig(backbone="slowonly", fps=4.0, size=32, channels=(8, 16, 32), norm="batch"),
    audio=AudioConfig(backbone="cnn14", channels=(4, 8, 16, 32), norm="batch", dropout=0.2),
    dim=8,
    head_channels=8,
    diffusion=dataclasses.replace(BASE.diffusion, width=16, depth=1, heads=2),
)
