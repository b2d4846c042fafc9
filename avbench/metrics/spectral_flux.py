r"""Onsets of a sound by spectral flux, with the parameters the field uses (librosa's defaults).

With :math:`X` the mel spectrogram in decibels, :math:`K` its bands and :math:`t` its frames,

.. math:: o(t) = \frac1K \sum_k \max\big(X_k(t) - X_k(t - 1),\, 0\big)

scaled to [0, 1] over the clip. A frame is an onset if it is the highest of the frames from 30 ms before to
itself, at least 0.07 above the mean from 100 ms before to 100 ms after, and more than 30 ms after the last
onset (Böck, Krebs and Schedl, "Evaluating the Online Capabilities of Onset Detection Methods", ISMIR 2012).

Spectra: 22,050 Hz, windows of 2,048 samples (Hann) every 512, 128 mel bands (Slaney) from 0 Hz, power, 80 dB
below the loudest at most. Frames are centred: frame ``t`` is at ``t * 512 / 22050`` s, moved by half a window
as a frame's difference from the one before is.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from avbench.metrics.embedding_sets import Values

SAMPLE_RATE = 22_050
WINDOW, HOP, BANDS = 2048, 512, 128
DYNAMIC_RANGE_DB, LEAST_POWER = 80.0, 1e-10
DELTA = 0.07


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Onsets:
    """Detected onsets of one clip, in order of time.

    Attributes:
        times: Seconds, ``(d,)``.
        strengths: ``(d,)``: the flux there in dB, not scaled to the clip, so that clips can be compared.
    """

    times: Values
    strengths: Values


def detect_onsets(samples: ArrayLike, sample_rate: int, *, delta: float = DELTA) -> Onsets:
    """Detect the onsets of a clip.

    Args:
        samples: ``(time,)``, mono, in [−1, 1].
        sample_rate: Must be 22,050: resample first, by the road every clip takes.
        delta: Least height above the mean of the frames around, in [0, 1]; 0.3 in CondFoleyGen and MMAudio.

    Returns:
        None at all for a clip without change, silence among them.

    Raises:
        ValueError: The rate is another, the shape is another, there is no sample, or one is NaN or infinite.

    >>> click = np.zeros(22050)
    >>> click[11025] = 1.0
    >>> detect_onsets(click, 22050).times.round(1)
    array([0.5])
    """
    given = np.asarray(samples)
    if sample_rate != SAMPLE_RATE:
        raise ValueError(f"onsets are detected at {SAMPLE_RATE} Hz, not at {sample_rate} Hz: resample first")
    if given.ndim != 1 or not len(given) or not np.isfinite(given).all():
        raise ValueError(f"samples of shape {given.shape} are not a list (time,) of finite numbers")
    flux = onset_strength(given.astype(np.float64))
    spread = float(flux.max() - flux.min())
    if spread == 0:
        return Onsets(times=np.empty(0), strengths=np.empty(0))
    frames = _peaks((flux - flux.min()) / spread, delta)
    times = frames.astype(np.float64) * (HOP / SAMPLE_RATE)
    return Onsets(times=times, strengths=flux[frames])


def onset_strength(samples: Values) -> Values:
    """Return the spectral flux in dB, ``(frames,)``, of ``(time,)``; frames are ``1 + time // 512``."""
    mel = mel_filters() @ _power(samples)
    decibels = 10 * np.log10(np.maximum(mel, LEAST_POWER))
    decibels = np.maximum(decibels, decibels.max() - DYNAMIC_RANGE_DB)
    rise = np.maximum(np.diff(decibels, axis=1), 0.0).mean(0)
    # The first frame has none before it; a change shows half a window before it is in the middle of one.
    return np.concatenate([np.zeros(1 + WINDOW // (2 * HOP)), rise])[: mel.shape[1]]


def mel_filters() -> Values:
    """Return Slaney's mel triangles of equal area, ``(bands, frequencies)``."""
    frequencies = np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE)
    # Linear to 1 kHz, where mel 15 is reached; then 27 steps of equal ratio to 6.4 kHz.
    step = np.log(6.4) / 27
    highest = 15 + np.log(SAMPLE_RATE / 2 / 1000) / step
    mels = np.linspace(0, highest, BANDS + 2)
    edges = np.where(mels < 15, mels * 200 / 3, 1000 * np.exp(step * (np.maximum(mels, 15) - 15)))
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising = (frequencies - low) / (middle - low)
    falling = (high - frequencies) / (high - middle)
    return np.maximum(np.minimum(rising, falling), 0.0) * 2 / (high - low)


def _power(samples: Values) -> Values:
    padded = np.pad(samples, WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    return np.square(np.abs(np.fft.rfft(frames * hann, axis=1))).T


def _peaks(height: Values, delta: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    before = round_down(0.03)
    around = round_down(0.10)
    peaks: list[int] = []
    for frame in range(len(height)):
        here = height[frame]
        if here < height[max(frame - before, 0) : frame + 1].max():
            continue
        if here < height[max(frame - around, 0) : frame + around + 1].mean() + delta:
            continue
        if not peaks or frame - peaks[-1] > before:
            peaks.append(frame)
    return np.array(peaks, np.int64)


def round_down(seconds: float) -> int:
    """Return how many whole frames there are in ``seconds``.

    >>> round_down(0.03), round_down(0.10)
    (1, 4)
    """
    return int(seconds * SAMPLE_RATE) // HOP
