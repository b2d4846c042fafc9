"""CNN14 of PANNs (Kong et al., arXiv 1912.10211) with CAVP's pooling, the audio backbone of published CAVP.

.. code-block:: text

    bn0            batch normalisation of every mel band
    conv_block1-6  two 3×3 convolutions, each with BN and ReLU, then a mean over 2×2, 2×2, 2×2, 2×2, 1×2, 1×1
                   (time × frequency), then dropout: time is divided by 16, frequency by 32
    x(t)           mean over frequency, then the sum of its maximum and its mean over three instants
    summary(t)     relu(fc1(relu(fc1(x(t))))): the same weights twice, as the released code does

Parameters are named as PANNs' ``Cnn14_16k`` names them (qiuqiangkong/audioset_tagging_cnn,
``pytorch/models.py``); the pooling and the head are those of Diff-Foley's ``Cnn14`` (luosiallen/Diff-Foley,
``inference/model/cavp_modules.py``).
"""

from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from gmscavp.backbones.layers import channels_last, freeze_statistics
from gmscavp.backbones.maps import Maps
from gmscavp.inputs import AudioConfig

POOLS = ((2, 2), (2, 2), (2, 2), (2, 2), (1, 2), (1, 1))
"""Time × frequency."""


class ConvolutionBlock(nn.Module):
    """Two 3×3 convolutions, each with batch normalisation and ReLU, then a mean over ``pool``."""

    def __init__(self, inputs: int, outputs: int, pool: tuple[int, int]) -> None:
        super().__init__()
        self.pool = pool
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.bn2 = nn.BatchNorm2d(outputs)
        for layer in (self.conv1, self.conv2):
            nn.init.xavier_uniform_(layer.weight)

    def forward(self, maps: Float[Tensor, "rows channel time frequency"]) -> Tensor:
        """Return ``(rows, outputs, time / pool, frequency / pool)``."""
        maps = F.relu(self.bn1(self.conv1(maps)), inplace=True)
        maps = F.relu(self.bn2(self.conv2(maps)), inplace=True)
        return maps if self.pool == (1, 1) else F.avg_pool2d(maps, self.pool)


class CNN14(nn.Module):
    """The published audio backbone.

    Args:
        config: ``channels`` are those of blocks 3 to 6.
        bins: Mel bands of the input, a multiple of 32.
    """

    def __init__(self, config: AudioConfig, bins: int) -> None:
        super().__init__()
        self.frozen = config.norm == "frozen"
        self.dropout = nn.Dropout(config.dropout)
        self.channels = (config.channels[1], config.channels[3])
        self.rows = (bins // 16, bins // 32)
        self.bn0 = nn.BatchNorm2d(bins)
        widths = (1, config.channels[0] // 4, config.channels[0] // 2, *config.channels)
        for number, ((inputs, outputs), pool) in enumerate(
            zip(pairwise(widths), POOLS, strict=True), start=1
        ):
            self.add_module(f"conv_block{number}", ConvolutionBlock(inputs, outputs, pool))
        self.fc1 = nn.Linear(widths[-1], widths[-1])
        nn.init.xavier_uniform_(self.fc1.weight)
        nn.init.zeros_(self.fc1.bias)

    def train(self, mode: bool = True) -> "CNN14":
        """Switch between training and evaluation; frozen statistics stay as they are."""
        super().train(mode)
        if self.frozen:
            freeze_statistics(self)
        return self

    def blocks(self, log_mel: Float[Tensor, "rows bins frames"]) -> list[Float[Tensor, "rows _ _ _"]]:
        """Return the maps of the six blocks, ``(rows, channel, time, frequency)``.

        The last three have one column for 16 frames.
        """
        image = self.bn0(log_mel.unsqueeze(3)).transpose(1, 3)
        maps = [channels_last(image)]
        for number in range(1, len(POOLS) + 1):
            pooled = self.get_submodule(f"conv_block{number}")(maps[-1])
            maps.append(self.dropout(pooled))
        return maps[1:]

    def forward(self, log_mel: Float[Tensor, "rows bins frames"]) -> Maps:
        """Return the maps of blocks 4 and 6 and the summary, one of each for 16 frames.

        Args:
            log_mel: In [0, 1].
        """
        maps = self.blocks(log_mel)
        columns = maps[5].mean(dim=3)
        near = F.max_pool1d(columns, 3, 1, 1) + F.avg_pool1d(columns, 3, 1, 1)
        summary = F.relu(self.fc1(F.relu(self.fc1(near.transpose(1, 2)))))
        return Maps(fine=maps[3].transpose(1, 2), coarse=maps[5].transpose(1, 2), summary=summary)
