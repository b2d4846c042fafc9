r"""A long stretch in windows, and what was made for each joined again.

A window :math:`i` that covers the samples :math:`a_i \dots b_i - 1` fades in and out over :math:`r` samples.
Where windows overlap their sounds are mixed by weights that sum to 1:

.. math:: w_i(t) = \min\Big(1, \frac{t - a_i + 1/2}{r}, \frac{b_i - t - 1/2}{r}\Big), \qquad
    y(t) = \frac{\sum_i w_i(t)\, x_i(t)}{\sum_i w_i(t)}

So what all windows agree on is kept exactly, and at both ends of the whole nothing fades.
"""

from collections.abc import Sequence
from math import ceil

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


def window_starts(frames: int, length: int, overlap: int) -> list[int]:
    """Return where windows begin that cover some frames, spread evenly.

    Args:
        frames: How many are to be covered.
        length: Frames of a window.
        overlap: Frames that neighbours have in common at least, fewer than ``length``.

    Returns:
        As few as there can be; ``[0]`` where one window holds them all.
    """
    if frames <= length:
        return [0]
    windows = ceil((frames - overlap) / (length - overlap))
    return [round(k * (frames - length) / (windows - 1)) for k in range(windows)]


def joined(sounds: Sequence[Samples], starts: Sequence[int], fade: int) -> Samples:
    """Mix the sounds of overlapping windows to one.

    Args:
        sounds: ``(channel, time)`` each.
        starts: The sample at which each begins; no gap may be left between them.
        fade: Samples over which a window fades in and out, at least 1.

    Returns:
        ``(channel, time)``, to the end of the last window.
    """
    length = max(start + sound.shape[1] for start, sound in zip(starts, sounds, strict=True))
    mixed = np.zeros((len(sounds[0]), length))
    weights = np.zeros(length)
    for start, sound in zip(starts, sounds, strict=True):
        rising = (np.arange(sound.shape[1]) + 0.5) / fade
        weight = np.minimum(1.0, np.minimum(rising, rising[::-1]))
        mixed[:, start : start + sound.shape[1]] += weight * sound
        weights[start : start + sound.shape[1]] += weight
    return (mixed / weights).astype(np.float32)
