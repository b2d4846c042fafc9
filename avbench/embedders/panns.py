"""PANNs' CNN14 at 16 and 32 kHz: 2,048 columns, one row a clip, and 527 AudioSet logits.

Kong et al., PANNs: large-scale pretrained audio neural networks for audio pattern recognition, arXiv
1912.10211.

    spectrum   power of Hann frames, centred, mirrored at the ends
    log-mel    10 log₁₀ max(64 Slaney filters, 1e-10)
    blocks     six of two 3 × 3 convolutions, each but the last followed by an average over 2 × 2
    row        mean over frequency, then maximum plus mean over time, then a hidden layer with ReLU

Keys are those of qiuqiangkong/audioset_tagging_cnn (``pytorch/models.py``: ``Cnn14_16k``, ``Cnn14``), whose
files also hold the transform and the filters of the front end, which are computed here.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, relu

from avbench.embedders.hearing import ClipByClip
from avbench.embedders.log_mel import MelSpectrum, centred, hann, mel_filters
from avbench.embedders.public_files import load_public

BINS, CLASSES, BLOCKS, WIDTH = 64, 527, 6, 64
FRONT_END = ("spectrogram_extractor.", "logmel_extractor.")


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontEnd:
    """What one checkpoint hears: rate in Hz, transform and hop in samples, upper end of the filters in Hz."""

    sample_rate: int
    n_fft: int
    hop: int
    high: float


FRONT_ENDS = {
    "panns": FrontEnd(sample_rate=16_000, n_fft=512, hop=160, high=8_000.0),
    "panns-32k": FrontEnd(sample_rate=32_000, n_fft=1024, hop=320, high=14_000.0),
}


class ConvBlock(nn.Module):
    """Two convolutions, each with batch normalisation and ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.bn2 = nn.BatchNorm2d(outputs)

    def forward(self, maps: Float[Tensor, "batch inputs frames bins"]) -> Tensor:
        """Return maps of the same size."""
        return relu(self.bn2(self.conv2(relu(self.bn1(self.conv1(maps))))))


class CNN14(nn.Module):
    """The network and its front end.

    Args:
        front_end: What it hears.
        width: Channels of the first block, doubled by every other; 64 as published.
    """

    def __init__(self, front_end: FrontEnd, width: int = WIDTH) -> None:
        super().__init__()
        self.front_end = front_end
        self.bn0 = nn.BatchNorm2d(BINS)
        inputs = 1
        for number in range(BLOCKS):
            outputs = width * 2**number
            self.add_module(f"conv_block{number + 1}", ConvBlock(inputs, outputs))
            inputs = outputs
        self.fc1 = nn.Linear(inputs, inputs)
        self.fc_audioset = nn.Linear(inputs, CLASSES)
        filters = mel_filters(
            sample_rate=front_end.sample_rate,
            n_fft=front_end.n_fft,
            bins=BINS,
            low=50.0,
            high=front_end.high,
            scale="slaney",
            slopes="hz",
            norm="area",
        )
        window = hann(front_end.n_fft, front_end.n_fft)
        self.mel = MelSpectrum(
            window=window, hop=front_end.hop, n_fft=front_end.n_fft, filters=filters, power=2
        )

    def log_mel(self, samples: Float[Tensor, " time"]) -> Float[Tensor, "frames bins"]:
        """Return the log-mel spectrogram, in dB."""
        power = self.mel(centred(samples, self.front_end.n_fft))
        return 10.0 * torch.log10(torch.clamp(power, min=1e-10))

    def forward(
        self, samples: Float[Tensor, " time"]
    ) -> tuple[Float[Tensor, "rows=1 dim"], Float[Tensor, " classes"]]:
        """Embed a clip and name what is heard."""
        bins_as_channels = self.log_mel(samples).T[None, :, :, None]
        maps = self.bn0(bins_as_channels).transpose(1, 3)
        for number in range(1, BLOCKS):
            maps = avg_pool2d(self.get_submodule(f"conv_block{number}")(maps), 2)
        over_time = self.get_submodule(f"conv_block{BLOCKS}")(maps).mean(dim=3)
        row = relu(self.fc1(over_time.amax(dim=2) + over_time.mean(dim=2)))
        return row, self.fc_audioset(row)[0]


def load(device: str, weights: Path | None, *, name: str) -> ClipByClip:
    """Load one of :data:`FRONT_ENDS` from its checkpoint."""
    front_end = FRONT_ENDS[name]
    network = CNN14(front_end)
    if weights is not None:
        load_public(network, weights, name=name, ignored=FRONT_END)
    return ClipByClip(
        network.to(device),
        name=name,
        sample_rate=front_end.sample_rate,
        # Five halvings must leave a frame.
        shortest=(2 ** (BLOCKS - 1) - 1) * front_end.hop,
        device=device,
    )


load_16k = partial(load, name="panns")
load_32k = partial(load, name="panns-32k")
