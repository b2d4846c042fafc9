"""Spectra and mel filters of the published front ends: what differs between them is an argument.

A filter is a triangle over three neighbours of ``bins + 2`` points, evenly spaced on a mel scale, x being the
frequency of a bin of the spectrum, in mel or in Hz:

    w(x) = max(0, min((x - left) / (centre - left), (right - x) / (right - centre)))
"""

from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Float
from torch import Tensor, nn

Scale = Literal["htk", "slaney"]
Array = npt.NDArray[np.float64]


class MelSpectrum(nn.Module):
    """Frames of a clip through a window, a Fourier transform and mel filters.

    Frame ``k`` begins at sample ``k · hop``, is as long as the window and zero-padded behind to ``n_fft``; an
    incomplete last one is dropped.

    Args:
        window: ``(size,)``.
        hop: From one frame to the next, in samples.
        n_fft: Length of the transform.
        filters: ``(frequencies, bins)``, for the magnitudes or the powers.
        power: 1 for magnitudes, 2 for powers.
    """

    window: Tensor
    filters: Tensor

    def __init__(
        self,
        *,
        window: Float[Tensor, " size"],
        hop: int,
        n_fft: int,
        filters: Float[Tensor, "frequencies bins"],
        power: Literal[1, 2],
    ) -> None:
        super().__init__()
        self.hop = hop
        self.n_fft = n_fft
        self.power = power
        self.register_buffer("window", window, persistent=False)
        self.register_buffer("filters", filters, persistent=False)

    def forward(self, samples: Float[Tensor, " time"]) -> Float[Tensor, "frames bins"]:
        """Return the mel spectrum of a clip."""
        frames = samples.unfold(0, self.window.numel(), self.hop) * self.window
        return torch.fft.rfft(frames, self.n_fft).abs() ** self.power @ self.filters


def centred(samples: Float[Tensor, " time"], n_fft: int) -> Float[Tensor, " padded"]:
    """Return the samples mirrored at both ends by half a frame, so that frame k is centred on ``k · hop``."""
    half = n_fft // 2
    return torch.nn.functional.pad(samples[None, None], (half, half), mode="reflect")[0, 0]


def hann(size: int, n_fft: int, *, periodic: bool = True) -> Float[Tensor, " n_fft"]:
    """Return a Hann window of ``size`` samples in the middle of ``n_fft``."""
    before = (n_fft - size) // 2
    window = torch.hann_window(size, periodic=periodic)
    return torch.nn.functional.pad(window, (before, n_fft - size - before))


def mel_filters(
    *,
    sample_rate: int,
    n_fft: int,
    bins: int,
    low: float,
    high: float,
    scale: Scale = "htk",
    slopes: Literal["mel", "hz"],
    norm: Literal["peak", "area", "sum"] = "peak",
) -> Float[Tensor, "frequencies bins"]:
    """Return triangular filters.

    Args:
        sample_rate: In Hz.
        n_fft: Of the spectrum: bin ``k`` is at ``k · sample_rate / n_fft`` Hz.
        bins: How many filters.
        low: Left end of the first, in Hz.
        high: Right end of the last, in Hz.
        scale: On which their points are evenly spaced.
        slopes: Whether their sides are straight in mel or in Hz.
        norm: Every filter's peak is 1, its area in Hz is 1, or its weights sum to 1.
    """
    frequencies = np.arange(n_fft // 2 + 1) * sample_rate / n_fft
    points = np.linspace(_mel(np.array(low), scale), _mel(np.array(high), scale), bins + 2)
    edges, places = points, _mel(frequencies, scale)
    if slopes == "hz":
        edges, places = _hz(points, scale), frequencies
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    rising = (places[:, None] - left) / (centre - left)
    falling = (right - places[:, None]) / (right - centre)
    weights = np.maximum(0.0, np.minimum(rising, falling))
    if norm == "area":
        hz = _hz(points, scale)
        weights *= 2.0 / (hz[2:] - hz[:-2])
    if norm == "sum":
        weights /= np.maximum(weights.sum(axis=0), np.finfo(np.float64).tiny)
    return torch.from_numpy(weights.astype(np.float32))


# Slaney's scale: 15 mel a kHz below 1 kHz, then 27 mel for every factor of 6.4.
_KNEE_HZ, _KNEE_MEL, _LOG_STEP = 1000.0, 15.0, np.log(6.4) / 27.0


def _mel(hz: Array, scale: Scale) -> Array:
    if scale == "htk":
        return 2595.0 * np.log10(1.0 + hz / 700.0)
    above = _KNEE_MEL + np.log(np.maximum(hz, _KNEE_HZ) / _KNEE_HZ) / _LOG_STEP
    return np.where(hz < _KNEE_HZ, hz * _KNEE_MEL / _KNEE_HZ, above)


def _hz(mel: Array, scale: Scale) -> Array:
    if scale == "htk":
        return 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    above = _KNEE_HZ * np.exp(_LOG_STEP * (np.maximum(mel, _KNEE_MEL) - _KNEE_MEL))
    return np.where(mel < _KNEE_MEL, mel * _KNEE_HZ / _KNEE_MEL, above)
