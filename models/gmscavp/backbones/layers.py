"""The three layers the compact backbones are made of. Maps are kept channels-last in memory throughout."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


class SegmentNorm(nn.Module):
    """Group normalisation with one group: y = (x - mean) / sqrt(var + eps) over time, channels and space.

    It has no gain and bias of its own because what reads it, a convolution or a linear layer, has both. The
    rows of ``maps`` that belong to one segment are normalised together, so that brightness over time
    survives. Computed as a layer norm over the flat memory of a segment: four times as fast on a CPU as
    ``nn.GroupNorm``.
    """

    def forward(
        self, maps: Float[Tensor, "rows channel height width"], rows: int
    ) -> Float[Tensor, "rows channel height width"]:
        """Normalise each ``rows`` consecutive rows together."""
        flat = maps.permute(0, 2, 3, 1).reshape(maps.shape[0] // rows, -1)
        normal = F.layer_norm(flat, flat.shape[1:])
        return normal.view(maps.shape[0], *maps.shape[2:], maps.shape[1]).permute(0, 3, 1, 2)


class Convolution(nn.Module):
    """Convolve, rectify, and normalise.

    Args:
        inputs: Channels read.
        outputs: Channels written.
        kernel: Height and width of the kernel, both odd.
        stride: Vertical and horizontal.
        norm: Whether to normalise.
        residual: Whether to add the input before normalising.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        kernel: tuple[int, int] = (3, 3),
        stride: tuple[int, int] = (1, 1),
        norm: bool = True,
        residual: bool = False,
    ) -> None:
        super().__init__()
        self.norm = SegmentNorm() if norm else None
        self.residual = residual
        padding = (kernel[0] // 2, kernel[1] // 2)
        self.convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding)
        nn.init.kaiming_normal_(self.convolution.weight, nonlinearity="relu")
        nn.init.zeros_(self.convolution.bias)  # pyright: ignore[reportArgumentType]

    def forward(self, maps: Float[Tensor, "rows channel height width"], rows: int) -> Tensor:
        """Return ``(rows, outputs, height / stride, width / stride)``; ``rows`` rows make a segment."""
        out = F.relu(self.convolution(maps), inplace=True)
        if self.residual:
            out = out + maps
        return out if self.norm is None else self.norm(out, rows)


class TemporalConvolution(nn.Module):
    """A residual convolution over three instants at every place."""

    def __init__(self, channels: int, *, norm: bool = True) -> None:
        super().__init__()
        self.inner = Convolution(channels, channels, kernel=(3, 1), norm=norm, residual=True)

    def forward(
        self, maps: Float[Tensor, "rows channel height width"], rows: int
    ) -> Float[Tensor, "rows channel height width"]:
        """Return maps of the same shape; ``rows`` consecutive rows are the instants of a segment."""
        count, channels, height, width = maps.shape
        # Channels-last makes time and place two axes of one image, without a copy.
        grid = maps.permute(0, 2, 3, 1).reshape(count // rows, rows, height * width, channels)
        moved = self.inner(grid.permute(0, 3, 1, 2), 1)
        return moved.permute(0, 2, 3, 1).reshape(count, height, width, channels).permute(0, 3, 1, 2)


def channels_last(maps: Tensor) -> Tensor:
    """Return the same map with channels contiguous in memory."""
    return maps.contiguous(memory_format=torch.channels_last)


def channels_last_weights(module: nn.Module) -> None:
    """Lay the kernels of all 2-D and 3-D convolutions out with channels last, as the maps are."""
    formats = {4: torch.channels_last, 5: torch.channels_last_3d}
    for parameter in module.parameters():
        if parameter.ndim in formats:
            parameter.data = parameter.data.contiguous(memory_format=formats[parameter.ndim])


def freeze_statistics(module: nn.Module) -> None:
    """Let batch normalisation use its running statistics, and leave them as they are."""
    for each in module.modules():
        if isinstance(each, nn.BatchNorm2d | nn.BatchNorm3d):
            each.eval()
