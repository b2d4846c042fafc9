"""aiSFX from the installed package ``aisfx``: 512 columns, one row for each 2.3 s, every 1.2 s.

Ma and Lerch, Representation learning for the automatic indexing of sound effects libraries, ISMIR 2022;
weights CC BY 4.0. The package computes its spectra with Essentia, which few machines have: they are written
here anew.

    spectrum   power of symmetric Hann frames of 2,048 at 44.1 kHz, hop 1,024, frame k centred on k · hop
    log-mel    log₁₀(10⁴ · 96 filters of 0 … 22,050 Hz + 1) / 9.4578, weights of a filter summing to 1
    block      100 frames, every 50; an incomplete last one is dropped
"""

import importlib
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import pad

from avbench.embedders.hearing import ClipByClip
from avbench.embedders.installed import AISFX_WEIGHTS, packaged
from avbench.embedders.log_mel import MelSpectrum, mel_filters
from avbench.embedders.public_files import read_pickle

SAMPLE_RATE, DIM = 44_100, 512
FRAME, HOP, BINS = 2048, 1024, 96
BLOCK, BLOCK_HOP = 100, 50
LOUDEST = 9.457798957824707
"""The largest value in the spectra it was trained on."""
SHORTEST = (BLOCK - 2) * HOP + 1


class Spectra(nn.Module):
    """The front end: from samples to blocks of a log-mel spectrogram."""

    def __init__(self) -> None:
        super().__init__()
        filters = mel_filters(
            sample_rate=SAMPLE_RATE,
            n_fft=FRAME,
            bins=BINS,
            low=0.0,
            high=SAMPLE_RATE / 2,
            slopes="mel",
            norm="sum",
        )
        window = torch.hann_window(FRAME, periodic=False)
        self.mel = MelSpectrum(window=window, hop=HOP, n_fft=FRAME, filters=filters, power=2)

    def log_mel(self, samples: Float[Tensor, " time"]) -> Float[Tensor, "frames bins"]:
        """Return the log-mel spectrogram, normalised."""
        after = FRAME // 2 + -samples.numel() % HOP
        power = self.mel(pad(samples, (FRAME // 2, after)))
        return torch.log10(1e4 * power + 1.0) / LOUDEST

    def forward(self, samples: Float[Tensor, " time"]) -> Float[Tensor, "rows frames bins"]:
        """Return the blocks of a clip."""
        return self.log_mel(samples).unfold(0, BLOCK, BLOCK_HOP).transpose(1, 2)


class AiSFX(nn.Module):
    """The front end here and the package's network.

    Args:
        network: From blocks ``(rows, frames, bins)`` to ``(rows, dim)``.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.spectra = Spectra()
        self.network = network

    def forward(self, samples: Float[Tensor, " time"]) -> tuple[Float[Tensor, "rows dim"], None]:
        """Embed a clip; it names no classes."""
        return self.network(self.spectra(samples)), None


def load(device: str, weights: Path | None) -> ClipByClip:
    """Load aiSFX from the installed package; ``weights`` are its own."""
    state, _ = read_pickle(weights or packaged(*AISFX_WEIGHTS))
    network: nn.Module = importlib.import_module("aisfx.models.cnn2d").EmbeddingNet("max", 3, 1, 64)
    prefix = "embedding_net."
    network.load_state_dict(
        {key.removeprefix(prefix): each for key, each in state.items() if key.startswith(prefix)}
    )
    whole = AiSFX(network.eval().requires_grad_(False))
    return ClipByClip(
        whole.to(device), name="aisfx", sample_rate=SAMPLE_RATE, shortest=SHORTEST, device=device
    )
