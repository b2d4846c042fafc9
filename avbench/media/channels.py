"""Channels of any layout to mono or stereo, never louder than the loudest channel.

Stereo from mono duplicates, mono from stereo is the mean. Any other layout is first mixed to stereo after
ITU-R BS.775: the centre and the surround channels at ``1/√2``, the low-frequency channel left out, each side
divided by the sum of its weights so that it cannot clip.
"""

from collections.abc import Mapping
from functools import cache
from math import sqrt

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]

SIDE = 1 / sqrt(2)
WEIGHTS: Mapping[str, tuple[float, float]] = {
    "FL": (1.0, 0.0),
    "FR": (0.0, 1.0),
    "DL": (1.0, 0.0),
    "DR": (0.0, 1.0),
    "FC": (SIDE, SIDE),
    "FLC": (1.0, SIDE),
    "FRC": (SIDE, 1.0),
    "BL": (SIDE, 0.0),
    "BR": (0.0, SIDE),
    "SL": (SIDE, 0.0),
    "SR": (0.0, SIDE),
    "BC": (SIDE / 2, SIDE / 2),
    "LFE": (0.0, 0.0),
    "LFE2": (0.0, 0.0),
}

# What channels without a name most likely are, by their number.
UNNAMED: Mapping[int, tuple[str, ...]] = {
    2: ("FL", "FR"),
    6: ("FL", "FR", "FC", "LFE", "BL", "BR"),
    8: ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR"),
}


@cache
def mixing_matrix(names: tuple[str, ...], channels: int) -> Samples:
    """Return the weights from a layout's channels to mono or stereo.

    Args:
        names: FFmpeg's abbreviations of the source channels, in order: ``("FL", "FR", "FC", "LFE", …)``.
        channels: Channels wanted, 1 or 2.

    Returns:
        ``(channels, len(names))``, float32, rows sum to 1. Where a side would have no channel, every channel
        weighs alike.
    """
    if len(names) == 1:
        return np.ones((channels, 1), np.float32)
    if not any(name in WEIGHTS for name in names):
        names = UNNAMED.get(len(names), names)
    weights = np.array([WEIGHTS.get(name, (0.0, 0.0)) for name in names]).T
    if not weights.any(axis=1).all():
        weights = np.ones((2, len(names)))
    stereo = weights / weights.sum(axis=1, keepdims=True)
    mixed = stereo if channels == 2 else stereo.mean(axis=0, keepdims=True)
    return mixed.astype(np.float32)
