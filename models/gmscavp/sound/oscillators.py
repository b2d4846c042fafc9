"""Tones whose phase carries on from frame to frame, written straight into a spectrum."""

import math

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn
from torch.nn import functional as F

from gmscavp.log_mel import mel_edges
from gmscavp.sound.vocoder_config import VocoderConfig

LOBE = 3
"""Bins on either side of a tone that show it."""

Frames = Float[Tensor, "batch frames _"]
Spectrum = Complex[Tensor, "batch frames frequencies"]


class Oscillators(nn.Module):
    """The spectrum of Σ_b a_b cos(2π ∫ f_b), an oscillator for each mel band.

    With W the transform of the Hann window about its middle and θ_b the turns at the middle of a frame, bin k
    of a frame is Σ_b a_b / 2 · exp(2πi θ_b) W(k - f_b · window / rate) (-1)^k: a tone shows in a few bins.

    In log-mel a lone tone of amplitude A shows in the two bands around it, as ``A · share · window / 2`` over
    half a triangle's width; the shares follow its distances from their centres. So what neighbours caught, as
    amplitudes, adds up to A, and the mean of their centres with these weights is the frequency.
    """

    centres: Tensor
    halves: Tensor

    def __init__(self, config: VocoderConfig) -> None:
        super().__init__()
        self.config = config
        edges = mel_edges(config.log_mel)
        self.register_buffer("centres", edges[1:-1].float(), persistent=False)
        self.register_buffer("halves", ((edges[2:] - edges[:-2]) / 2).float(), persistent=False)

    def forward(
        self, mel: Frames, gain: Frames, pitch: Frames, start: Float[Tensor, "*batch bins"]
    ) -> Spectrum:
        """Return the spectrum of every frame.

        Args:
            mel: Mel |STFT|.
            gain: Log of the amplitude, relative to what the band caught.
            pitch: Corrects the frequency, by half a triangle's width at most.
            start: Phases in the first frame, in turns.
        """
        log_mel, window = self.config.log_mel, self.config.window
        caught = mel * self.halves / (log_mel.window / 2)
        near = F.avg_pool1d(caught, 3, 1, 1)
        frequency = F.avg_pool1d(caught * self.centres, 3, 1, 1) / near + self.halves * pitch.tanh()
        step = frequency.clamp(0, log_mel.sample_rate / 2) / log_mel.sample_rate
        # In float64: over minutes, turns add up to where float32 has no fractions left.
        passed = (step[:, 1:] + step[:, :-1]).double().cumsum(1) * (log_mel.hop / 2)
        turns = (start.unsqueeze(-2) + F.pad(passed, (0, 0, 1, 0))).remainder(1).float()
        place = step * window
        bins = place.detach().round().unsqueeze(3) + torch.arange(-LOBE, LOBE + 1, device=mel.device)
        inside = (bins >= 0) & (bins <= window // 2)
        bins = bins.clamp(0, window // 2)
        lobe = hann_transform(bins - place.unsqueeze(3)) * (1 - 2 * (bins % 2)) * inside
        parts = (caught * gain.exp() * (window / 2)).unsqueeze(3) * lobe
        angle = (2 * math.pi * turns).unsqueeze(3)
        flat = mel.new_zeros(*mel.shape[:2], window // 2 + 1)
        where = bins.long().flatten(2)
        real, imag = (
            flat.scatter_add(2, where, (parts * each).flatten(2)) for each in (angle.cos(), angle.sin())
        )
        return torch.complex(real, imag)


def hann_transform(distance: Tensor) -> Tensor:
    """Return W(d) / window of the Hann window about its middle, d in bins: 1/2 at 0, 1/4 at ±1."""
    return 0.5 * distance.sinc() + 0.25 * ((distance - 1).sinc() + (distance + 1).sinc())
