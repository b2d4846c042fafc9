"""Published front ends, written out filter by filter and frame by frame in numpy.

Sources: tensorflow/models ``research/audioset/vggish/mel_features.py``; librosa ``filters.mel``; torchaudio
``get_mel_banks`` (Kaldi's) and ``melscale_fbanks``; Essentia ``MelBands``.
"""

from collections.abc import Callable

import numpy as np


def htk(hz: float) -> float:
    return 1127.0 * np.log(1.0 + hz / 700.0)


def htk_to_hz(mel: float) -> float:
    return 700.0 * (np.exp(mel / 1127.0) - 1.0)


def slaney(hz: float) -> float:
    return hz / (200.0 / 3) if hz < 1000.0 else 15.0 + np.log(hz / 1000.0) * 27.0 / np.log(6.4)


def slaney_to_hz(mel: float) -> float:
    return mel * 200.0 / 3 if mel < 15.0 else 1000.0 * np.exp((mel - 15.0) * np.log(6.4) / 27.0)


def points(
    bins: int, low: float, high: float, to_mel: Callable, to_hz: Callable
) -> list[tuple[float, float]]:
    """Return mel and Hz of each of the ``bins + 2`` points."""
    step = (to_mel(high) - to_mel(low)) / (bins + 1)
    return [(to_mel(low) + step * k, to_hz(to_mel(low) + step * k)) for k in range(bins + 2)]


def filters_in_mel(rate: int, n_fft: int, bins: int, low: float, high: float) -> np.ndarray:
    """Return triangles whose sides are straight in mel (VGGish, Kaldi, Essentia): ``(frequency, bin)``."""
    weights = np.zeros((n_fft // 2 + 1, bins))
    mels = [mel for mel, _ in points(bins, low, high, htk, htk_to_hz)]
    for k in range(n_fft // 2 + 1):
        mel = htk(k * rate / n_fft)
        for each in range(bins):
            left, centre, right = mels[each : each + 3]
            if left < mel <= centre:
                weights[k, each] = (mel - left) / (centre - left)
            elif centre < mel < right:
                weights[k, each] = (right - mel) / (right - centre)
    return weights


def filters_in_hz(
    rate: int, n_fft: int, bins: int, low: float, high: float, *, area: bool = False
) -> np.ndarray:
    """Return triangles whose sides are straight in Hz: torchaudio's, or with ``area`` librosa's."""
    scale = (slaney, slaney_to_hz) if area else (htk, htk_to_hz)
    hertz = [hz for _, hz in points(bins, low, high, *scale)]
    weights = np.zeros((n_fft // 2 + 1, bins))
    for k in range(n_fft // 2 + 1):
        hz = k * rate / n_fft
        for each in range(bins):
            left, centre, right = hertz[each : each + 3]
            if left < hz <= centre:
                weights[k, each] = (hz - left) / (centre - left)
            elif centre < hz < right:
                weights[k, each] = (right - hz) / (right - centre)
            if area:
                weights[k, each] *= 2.0 / (right - left)
    return weights


def magnitudes(samples: np.ndarray, window: np.ndarray, hop: int, n_fft: int) -> np.ndarray:
    """Return the magnitudes of each whole frame, by definition: ``(frame, frequency)``."""
    waves = np.exp(-2j * np.pi * np.outer(np.arange(len(window)), np.arange(n_fft // 2 + 1)) / n_fft)
    rows = []
    begin = 0
    while begin + len(window) <= len(samples):
        rows.append(np.abs((samples[begin : begin + len(window)] * window) @ waves))
        begin += hop
    return np.array(rows)


def hann(size: int, *, periodic: bool = True) -> np.ndarray:
    """Return a Hann window."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / (size if periodic else size - 1))


def mirrored(samples: np.ndarray, n_fft: int) -> np.ndarray:
    """Return the samples with half a frame mirrored at both ends."""
    half = n_fft // 2
    return np.concatenate([samples[half:0:-1], samples, samples[-2 : -half - 2 : -1]])


def patches(log_mel: np.ndarray, length: int, hop: int) -> np.ndarray:
    """Return every whole patch."""
    starts = range(0, len(log_mel) - length + 1, hop)
    return np.array([log_mel[start : start + length] for start in starts])
