"""Samples to log-mel, in plain torch."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gmscavp.inputs import LogMelConfig

# Slaney's mel scale: linear below 1 kHz, logarithmic above.
LINEAR_HZ = 200.0 / 3.0
KNEE_HZ = 1000.0
KNEE_MEL = KNEE_HZ / LINEAR_HZ
LOG_STEP = math.log(6.4) / 27.0


def hz_to_mel(hz: float) -> float:
    """Return Slaney's mel of a frequency in Hz."""
    return hz / LINEAR_HZ if hz < KNEE_HZ else KNEE_MEL + math.log(hz / KNEE_HZ) / LOG_STEP


def mel_to_hz(mel: Tensor) -> Tensor:
    """Return the frequencies in Hz of Slaney's mels, same shape."""
    return torch.where(mel < KNEE_MEL, mel * LINEAR_HZ, KNEE_HZ * torch.exp(LOG_STEP * (mel - KNEE_MEL)))


def mel_edges(config: LogMelConfig) -> Float[Tensor, " edges"]:
    """Return where bands begin, peak and end, in Hz: band ``b`` at edges ``b``, ``b+1`` and ``b+2``."""
    low, high = hz_to_mel(config.low_hz), hz_to_mel(config.high_hz)
    return mel_to_hz(torch.linspace(low, high, config.bins + 2, dtype=torch.float64))


def mel_filters(config: LogMelConfig) -> Float[Tensor, "bins frequencies"]:
    """Return triangular filters of unit area on the mel scale, as ``librosa.filters.mel`` does by default.

    Band ``b`` rises from edge ``b`` to edge ``b+1`` and falls to edge ``b+2``; the edges are equidistant
    in mel. Each triangle is divided by half its width in Hz, so that its area is 1.
    """
    edges = mel_edges(config)
    hz = torch.linspace(0, config.sample_rate / 2, config.window // 2 + 1, dtype=torch.float64)
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (hz - low) / (centre - low), (high - hz) / (high - centre)
    triangles = torch.minimum(rising, falling).clamp(min=0)
    return (triangles * (2 / (high - low))).float()


class LogMel(nn.Module):
    """y = clip((20 log10 max(mel |STFT|, 1e-5) + 80) / 100, 0, 1), CAVP's normalisation.

    Frame ``k`` is centred on sample ``k · hop``, so that it belongs to the instant ``k · hop / sample_rate``.
    """

    window: Tensor
    filters: Tensor

    def __init__(self, config: LogMelConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("window", torch.hann_window(config.window), persistent=False)
        self.register_buffer("filters", mel_filters(config), persistent=False)

    @torch.no_grad()
    def forward(self, samples: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch bins frames"]:
        """Return ``samples // hop`` frames of log-mel in [0, 1].

        Args:
            samples: Mono, in [-1, 1]; at least half a window of them.
        """
        # An STFT in bfloat16 would lose the quiet partials: never under autocast.
        with torch.autocast(samples.device.type, enabled=False):
            spectrum = torch.stft(
                samples.float(), self.config.window, self.config.hop, window=self.window, return_complex=True
            )
            power = spectrum.real.square() + spectrum.imag.square()
            magnitude = power.sqrt()
            return self.of_magnitude(magnitude)[..., : samples.shape[-1] // self.config.hop]

    def of_magnitude(
        self, magnitude: Float[Tensor, "batch frequencies frames"]
    ) -> Float[Tensor, "batch bins frames"]:
        """Return the log-mel of |STFT|, with gradient."""
        decibels = 20 * (self.filters @ magnitude).clamp(min=1e-5).log10()
        return ((decibels + 80) / 100).clamp(0, 1)


def mel_of(log_mel: Tensor) -> Tensor:
    """Return mel |STFT|, at least 1e-4: what :class:`LogMel` takes the logarithm of."""
    return 10 ** (5 * log_mel - 4)
