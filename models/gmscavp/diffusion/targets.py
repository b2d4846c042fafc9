"""What is diffused: log-mel or frames at the resolution of each scale. Data, never anything trained.

Either stream is a grid ``(rows, channel, time, height, width)``: frames have three channels, a log-mel one
channel, its bins as height and a width of 1.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from gmscavp.backbones.video import Frames
from gmscavp.diffusion.config import DiffusionConfig, Direction

Grid = Float[Tensor, "rows channel time height width"]


@torch.no_grad()
def mel_targets(log_mel: Float[Tensor, "rows bins frames"], config: DiffusionConfig) -> list[Grid]:
    """Return log-mel at each scale, fine to coarse, standardised.

    Args:
        log_mel: In [0, 1].
        config: Resolutions, mean and standard deviation.
    """
    grid = log_mel.transpose(1, 2)[:, None, :, :, None]
    return reduced(standardised(grid, "v2a", config), "v2a", config)


@torch.no_grad()
def frame_targets(frames: Frames, config: DiffusionConfig) -> list[Grid]:
    """Return frames at each scale, fine to coarse, standardised; uint8, or float in [0, 1]."""
    finest = config.targets[0].size
    flat = frames.flatten(0, 1)
    pixels = flat.float() / 255 if flat.dtype == torch.uint8 else flat
    # Frame by frame and in half precision: a third of the time that it takes once converted.
    small = F.avg_pool2d(pixels, frames.shape[-1] // finest).float().unflatten(0, frames.shape[:2])
    return reduced(standardised(small.transpose(1, 2), "a2v", config), "a2v", config)


def reduced(grid: Grid, direction: Direction, config: DiffusionConfig) -> list[Grid]:
    """Average equal, adjoining boxes down to each scale, each from the one before."""
    levels: list[Tensor] = []
    for target in config.targets:
        box = [have // want for have, want in zip(grid.shape[2:], target.grid(direction)[1:], strict=True)]
        grid = F.avg_pool3d(grid, box)
        levels.append(grid)
    return levels


def enlarged(grid: Grid, shape: tuple[int, ...]) -> Grid:
    """Repeat every box of a coarser grid over the boxes of a finer one, ``(time, height, width)``."""
    return F.interpolate(grid, shape, mode="nearest")


def standardised(grid: Grid, direction: Direction, config: DiffusionConfig) -> Grid:
    """Bring values in [0, 1] to about zero mean and unit variance."""
    mean, deviation = moments(direction, config)
    return (grid - mean) / deviation


def restored(grid: Grid, direction: Direction, config: DiffusionConfig) -> Grid:
    """Bring standardised values back to [0, 1]; not clipped."""
    mean, deviation = moments(direction, config)
    return grid * deviation + mean


def moments(direction: Direction, config: DiffusionConfig) -> tuple[float, float]:
    """Return the mean and standard deviation that are taken off what a direction diffuses."""
    if direction == "v2a":
        return config.mel_mean, config.mel_std
    return config.pixel_mean, config.pixel_std
