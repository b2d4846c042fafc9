"""SlowOnly ResNet-50 (Feichtenhofer et al., arXiv 1812.03982), the video backbone of published CAVP.

.. code-block:: text

    conv1    1×7×7, stride 2, BN, ReLU; 1×3×3 maximum, stride 2        64 channels, 1/4 of the size
    layer1   3 bottlenecks                                 res2        256, 1/4
    layer2   4 bottlenecks, stride 2                       res3        512, 1/8
    layer3   6 bottlenecks, stride 2, 3×1×1 first          res4       1024, 1/16
    layer4   3 bottlenecks, stride 2, 3×1×1 first          res5       2048, 1/32

No stride in time anywhere. Parameters are named as mmaction2's ``ResNet3dSlowOnly`` names them
(open-mmlab/mmaction2, ``mmaction/models/backbones/resnet3d.py``), so that public checkpoints map one to one.
"""

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from gmscavp.backbones.layers import freeze_statistics
from gmscavp.backbones.maps import Maps
from gmscavp.backbones.video import Frames, compute_dtype
from gmscavp.inputs import VideoConfig

BLOCKS = (3, 4, 6, 3)
STRIDES = (1, 2, 2, 2)
TEMPORAL = (False, False, True, True)
EXPANSION = 4

Volume = Float[Tensor, "rows channel time height width"]
Strided = Float[Tensor, "rows _ time _ _"]
"""A volume of other channels, and of other height and width where it was strided in space."""


class NormedConvolution(nn.Module):
    """A 3-D convolution that keeps time, without bias, and batch normalisation."""

    def __init__(
        self, inputs: int, outputs: int, kernel: tuple[int, int, int] = (1, 1, 1), stride: int = 1
    ) -> None:
        super().__init__()
        padding = (kernel[0] // 2, kernel[1] // 2, kernel[2] // 2)
        self.conv = nn.Conv3d(inputs, outputs, kernel, (1, stride, stride), padding, bias=False)
        self.bn = nn.BatchNorm3d(outputs)
        nn.init.kaiming_normal_(self.conv.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, volume: Volume) -> Strided:
        """Return ``(rows, outputs, time, height / stride, width / stride)``."""
        return self.bn(self.conv(volume))


class Bottleneck(nn.Module):
    """relu(shortcut(x) + conv3(relu(conv2(relu(conv1(x)))))), with the stride in conv2."""

    def __init__(self, inputs: int, planes: int, *, stride: int, temporal: bool) -> None:
        super().__init__()
        outputs = EXPANSION * planes
        self.conv1 = NormedConvolution(inputs, planes, (3, 1, 1) if temporal else (1, 1, 1))
        self.conv2 = NormedConvolution(planes, planes, (1, 3, 3), stride)
        self.conv3 = NormedConvolution(planes, outputs)
        same = stride == 1 and inputs == outputs
        self.downsample = None if same else NormedConvolution(inputs, outputs, stride=stride)

    def forward(self, volume: Volume) -> Strided:
        """Return ``(rows, 4 · planes, time, height / stride, width / stride)``."""
        out = F.relu(self.conv1(volume), inplace=True)
        out = F.relu(self.conv2(out), inplace=True)
        shortcut = volume if self.downsample is None else self.downsample(volume)
        return F.relu(self.conv3(out) + shortcut, inplace=True)


class SlowOnly(nn.Module):
    """The published video backbone.

    Args:
        config: ``channels`` are those of res3, res4 and res5.
    """

    def __init__(self, config: VideoConfig) -> None:
        super().__init__()
        self.frozen = config.norm == "frozen"
        self.channels = config.channels[1:]
        width = config.channels[0] // 8
        self.conv1 = NormedConvolution(3, width, (1, 7, 7), stride=2)
        outputs = [width, *(EXPANSION * width << stage for stage in range(4))]
        self.layer1, self.layer2, self.layer3, self.layer4 = (
            stage(inputs, made // EXPANSION, blocks, stride=stride, temporal=temporal)
            for (inputs, made), blocks, stride, temporal in zip(
                pairwise(outputs), BLOCKS, STRIDES, TEMPORAL, strict=True
            )
        )

    def train(self, mode: bool = True) -> "SlowOnly":
        """Switch between training and evaluation; frozen statistics stay as they are."""
        super().train(mode)
        if self.frozen:
            freeze_statistics(self)
        return self

    def stages(self, frames: Frames) -> tuple[Strided, Strided, Strided]:
        """Return the maps of res3, res4 and res5, one a frame."""
        volume = unit_range(frames).transpose(1, 2).contiguous(memory_format=torch.channels_last_3d)
        stem = F.relu(self.conv1(volume), inplace=True)
        res2 = self.layer1(F.max_pool3d(stem, (1, 3, 3), (1, 2, 2), (0, 1, 1)))
        res3 = self.layer2(res2)
        res4 = self.layer3(res3)
        return res3, res4, self.layer4(res4)

    def forward(self, frames: Frames) -> Maps:
        """Return res4 and res5, and res5 averaged over space: one of each a frame."""
        _, res4, res5 = self.stages(frames)
        fine, coarse = res4.transpose(1, 2), res5.transpose(1, 2)
        return Maps(fine=fine, coarse=coarse, summary=coarse.mean(dim=(3, 4)))


def stage(inputs: int, planes: int, blocks: int, *, stride: int, temporal: bool) -> nn.Sequential:
    """Return a stage: the first bottleneck strides and widens, the others keep the shape."""
    first = Bottleneck(inputs, planes, stride=stride, temporal=temporal)
    outputs = EXPANSION * planes
    others = (Bottleneck(outputs, planes, stride=1, temporal=temporal) for _ in range(blocks - 1))
    return nn.Sequential(first, *others)


def unit_range(frames: Frames) -> Tensor:
    """Return frames in [0, 1]: black is 0, white is 1, no mean is taken off."""
    if frames.dtype == torch.uint8:
        return frames.to(compute_dtype(frames)) / 255
    return frames
