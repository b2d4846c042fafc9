"""Frames to feature maps at several spatial resolutions, none of them strided in time."""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from gmscavp.backbones.layers import Convolution, TemporalConvolution, channels_last
from gmscavp.backbones.maps import Maps
from gmscavp.inputs import VideoConfig

Frames = UInt8[Tensor, "rows time 3 height width"] | Float[Tensor, "rows time 3 height width"]
"""RGB frames of segments; uint8 in 0 … 255, or float in [0, 1]."""


class VideoBackbone(nn.Module):
    """A small 2+1-D residual network: 56 -> 28 -> 14 -> 7 pixels, time never strided.

    SlowOnly's plan at a hundredth of the cost: space first, time (3×1×1) only in the last stage.
    """

    def __init__(self, config: VideoConfig) -> None:
        super().__init__()
        norm = config.norm == "segment"
        half, quarter, eighth = config.channels
        self.channels = (quarter, eighth)
        self.to_half = Convolution(3, half, stride=(2, 2), norm=False)  # a fifth of all norms' cost
        self.to_quarter = Convolution(half, quarter, stride=(2, 2), norm=norm)
        self.to_eighth = Convolution(quarter, eighth, stride=(2, 2), norm=norm)
        self.motion = TemporalConvolution(eighth, norm=norm)
        self.shape = Convolution(eighth, eighth, norm=norm, residual=True)
        self.rhythm = TemporalConvolution(eighth, norm=norm)

    def forward(self, frames: Frames) -> Maps:
        """Return maps at a quarter and at an eighth of the frame's size, one a frame."""
        rows, time = frames.shape[:2]
        maps = self.to_half(channels_last(centred(frames).flatten(0, 1)), time)
        fine = self.to_quarter(maps, time)
        coarse = self.motion(self.to_eighth(fine, time), time)
        coarse = self.rhythm(self.shape(coarse, time), time).unflatten(0, (rows, time))
        return Maps(
            fine=fine.unflatten(0, (rows, time)), coarse=coarse, summary=coarse.flatten(3).mean(dim=3)
        )


def centred(frames: Tensor) -> Tensor:
    """Return frames as float around zero: black is -2, white is 2."""
    if frames.dtype == torch.uint8:
        return frames.to(compute_dtype(frames)) * (4 / 255) - 2
    return frames * 4 - 2


def compute_dtype(tensor: Tensor) -> torch.dtype:
    """Return what autocast computes in on this tensor's device; converting twice would be slow."""
    device = tensor.device.type
    return (
        torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else torch.get_default_dtype()
    )
