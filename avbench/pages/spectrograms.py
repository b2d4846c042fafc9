r"""Mel spectrograms to look at.

Column :math:`c` of :math:`C` stands for the middle of its share of the window, :math:`t_c = (c + ½) T / C`,
so that an instant :math:`t` is at the share :math:`t / T` of the width, exactly. There the power spectrum of
46 ms (Hann) is taken through the mel bands of onset detection (:mod:`avbench.metrics.spectral_flux`), up to
half of the sound's own rate, and shown in decibels below the loudest of the sounds it is beside.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avbench.metrics.embedding_sets import Values
from avbench.metrics.spectral_flux import LEAST_POWER, SAMPLE_RATE, WINDOW, mel_filters

COLUMNS = 720
SHOWN_WINDOW = WINDOW // 2
RANGE_DB = 60.0
MARKED_HZ = (500, 1000, 2000, 4000, 8000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """The mel bands that a sound of some rate has anything in.

    Attributes:
        filters: ``(bands, frequencies)``.
    """

    filters: Values

    @classmethod
    def of(cls, sample_rate: int) -> "Bands":
        """Return the bands that lie below half of the rate, in Hz."""
        filters = mel_filters()
        middles = filters.argmax(1) * SAMPLE_RATE / WINDOW
        return cls(filters=filters[middles < sample_rate / 2])

    def height_of(self, frequency: float) -> float | None:
        """Return how far up a frequency in Hz is, 0 … 1; ``None`` where it is above the top."""
        place = round(frequency * WINDOW / SAMPLE_RATE)
        if place >= self.filters.shape[1] or not self.filters[:, place].any():
            return None
        return (int(self.filters[:, place].argmax()) + 0.5) / len(self.filters)


def levels(samples: NDArray[np.floating], sample_rate: int, bands: Bands) -> Values:
    """Return the level of a sound in decibels, ``(bands, columns)``, the lowest band first.

    Args:
        samples: ``(channel, time)``, in [-1, 1].
        sample_rate: In Hz.
        bands: Those of this rate.
    """
    from avbench.media.audio import resample

    sound = resample(samples.mean(0, keepdims=True).astype(np.float32), sample_rate, SAMPLE_RATE)[0]
    padded = np.pad(sound.astype(np.float64), SHOWN_WINDOW // 2)
    starts = ((np.arange(COLUMNS) + 0.5) * len(sound) / COLUMNS).astype(int)
    frames = np.lib.stride_tricks.sliding_window_view(padded, SHOWN_WINDOW)[starts]
    # Twice as many frequencies as the window tells apart, so that the lowest bands have one each.
    power = np.square(np.abs(np.fft.rfft(frames * np.hanning(SHOWN_WINDOW), WINDOW)))
    return 10 * np.log10(np.maximum(bands.filters @ power.T, LEAST_POWER))


def pixels(level: Values, loudest: float) -> NDArray[np.uint8]:
    """Return levels as entries of a palette, ``(bands, columns)``, the highest band first.

    Args:
        level: In decibels.
        loudest: What has the last colour, in decibels; 60 dB below it and less has the first.
    """
    share = np.clip(1 + (level - loudest) / RANGE_DB, 0.0, 1.0)
    return np.round(255 * share[::-1]).astype(np.uint8)
