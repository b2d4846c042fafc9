"""A small network that knows the sounds of avsynth: 96 columns, one row a second every half, 33 logits.

Ours, trained on avsynth's training split alone by ``scripts/train_avsynth_cnn.py``; it shares no weights with
the models that generate. It measures what avsynth varies, and is no judge of natural sound.

    log-mel    log(64 filters of 50 … 7,600 Hz on the power of 64 ms, every 10 ms + 1e-4)
    window     100 frames, every 50; an incomplete last one is dropped
    row        five convolutions, mean and maximum over time of each channel at each frequency, projected
    logits     of a clip, from the mean and the maximum over its rows: see :data:`CLASSES`
"""

from itertools import pairwise
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import relu

from avbench.embedders.hearing import ClipByClip
from avbench.embedders.log_mel import MelSpectrum, mel_filters
from avbench.embedders.public_files import load_public

SAMPLE_RATE, DIM = 16_000, 96
FRAME, HOP, BINS = 1024, 160, 64
WINDOW, WINDOW_HOP = 100, 50
SHORTEST = (WINDOW - 1) * HOP + FRAME
CHANNELS = (16, 32, 64, 96)

TIMBRES, SIZES = 8, 4
CLASSES = TIMBRES * SIZES + 1
"""``4 · timbre + size`` of a toy that sounds in the clip, and last: that none does."""
NOTHING = CLASSES - 1


class Convolution(nn.Sequential):
    """A convolution, its norm and ReLU."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        )


class AvsynthCNN(nn.Module):
    """The network and its front end."""

    def __init__(self) -> None:
        super().__init__()
        sizes = (1, *CHANNELS)
        self.down = nn.Sequential(
            *(Convolution(inputs, outputs, stride=2) for inputs, outputs in pairwise(sizes))
        )
        self.last = Convolution(sizes[-1], sizes[-1], stride=1)
        self.project = nn.Linear(2 * sizes[-1] * BINS // 16, DIM)
        self.name_sounds = nn.Linear(2 * DIM, CLASSES)
        filters = mel_filters(
            sample_rate=SAMPLE_RATE, n_fft=FRAME, bins=BINS, low=50.0, high=7600.0, slopes="hz"
        )
        self.mel = MelSpectrum(
            window=torch.hann_window(FRAME), hop=HOP, n_fft=FRAME, filters=filters, power=2
        )

    def windows(self, samples: Float[Tensor, " time"]) -> Float[Tensor, "rows frames bins"]:
        """Return the windows of a clip's log-mel spectrogram, scaled to about -1 … 2."""
        log_mel = (torch.log(self.mel(samples) + 1e-4) + 4.0) / 4.0
        return log_mel.unfold(0, WINDOW, WINDOW_HOP).transpose(1, 2)

    def rows(self, windows: Float[Tensor, "rows frames bins"]) -> Float[Tensor, "rows dim"]:
        """Embed windows, each on its own."""
        maps = self.down(windows.unsqueeze(1))
        maps = maps + self.last(maps)
        pooled = torch.cat([maps.mean(dim=2), maps.amax(dim=2)], dim=1)
        return self.project(pooled.flatten(1))

    def logits(self, rows: Float[Tensor, "*batch rows dim"]) -> Float[Tensor, "*batch classes"]:
        """Name the sounds of clips from their rows."""
        active = relu(rows)
        return self.name_sounds(torch.cat([active.mean(dim=-2), active.amax(dim=-2)], dim=-1))

    def forward(
        self, samples: Float[Tensor, " time"]
    ) -> tuple[Float[Tensor, "rows dim"], Float[Tensor, " classes"]]:
        """Embed a clip and name what is heard."""
        rows = self.rows(self.windows(samples))
        return rows, self.logits(rows)


def load(device: str, weights: Path | None) -> ClipByClip:
    """Load the network."""
    network = AvsynthCNN().eval()
    if weights is not None:
        load_public(network, weights, name="avsynth-cnn")
    return ClipByClip(
        network.to(device), name="avsynth-cnn", sample_rate=SAMPLE_RATE, shortest=SHORTEST, device=device
    )
