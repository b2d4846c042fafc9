"""VGGish as Fréchet audio distance looks through it: 128 columns, one row for each 0.96 s.

Hershey et al., CNN architectures for large-scale audio classification, arXiv 1609.09430. The protocol of the
field: no PCA, no quantisation, no last ReLU; windows without overlap, an incomplete last one dropped.

    spectrum   magnitudes of 25 ms every 10 ms, Hann, transform of 512
    log-mel    log(64 filters of 125 … 7,500 Hz + 0.01), sides straight in mel
    patch      96 frames × 64 bins, every 96 frames

Keys are those of harritaylor/torchvggish (``torchvggish/vggish.py``).
"""

from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from avbench.embedders.hearing import ClipByClip
from avbench.embedders.log_mel import MelSpectrum, mel_filters
from avbench.embedders.public_files import load_public

SAMPLE_RATE, DIM = 16_000, 128
FRAME, HOP, N_FFT = 400, 160, 512
PATCH, BINS = 96, 64
SHORTEST = (PATCH - 1) * HOP + FRAME
"""Samples of one patch: 0.975 s."""

WIDTHS = ((64,), (128,), (256, 256), (512, 512))
HIDDEN = 4096


class VGGish(nn.Module):
    """The network and its front end.

    Args:
        hidden: Width of the two hidden layers; 4,096 as published.
    """

    def __init__(self, hidden: int = HIDDEN) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 1
        for block in WIDTHS:
            for width in block:
                layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.ReLU()]
                inputs = width
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        flat = inputs * (PATCH // 16) * (BINS // 16)
        self.embeddings = nn.Sequential(
            nn.Linear(flat, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, DIM)
        )
        filters = mel_filters(
            sample_rate=SAMPLE_RATE, n_fft=N_FFT, bins=BINS, low=125.0, high=7500.0, slopes="mel"
        )
        self.mel = MelSpectrum(
            window=torch.hann_window(FRAME), hop=HOP, n_fft=N_FFT, filters=filters, power=1
        )

    def log_mel(self, samples: Float[Tensor, " time"]) -> Float[Tensor, "frames bins"]:
        """Return the log-mel spectrogram."""
        return torch.log(self.mel(samples) + 0.01)

    def patches(self, samples: Float[Tensor, " time"]) -> Float[Tensor, "rows frames bins"]:
        """Return the patches of a clip."""
        return self.log_mel(samples).unfold(0, PATCH, PATCH).transpose(1, 2)

    def forward(self, samples: Float[Tensor, " time"]) -> tuple[Float[Tensor, "rows dim"], None]:
        """Embed a clip; it names no classes."""
        maps = self.features(self.patches(samples).unsqueeze(1))
        # Published with channels last: time, then frequency, then channel.
        return self.embeddings(maps.permute(0, 2, 3, 1).flatten(1)), None


def load(device: str, weights: Path | None) -> ClipByClip:
    """Load VGGish from the checkpoint of torchvggish."""
    network = VGGish()
    if weights is not None:
        load_public(network, weights, name="vggish")
    return ClipByClip(
        network.to(device), name="vggish", sample_rate=SAMPLE_RATE, shortest=SHORTEST, device=device
    )
