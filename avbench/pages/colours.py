r"""The colours of a spectrogram: lightness rises evenly with the level, so that it reads without its hues.

In the polar form of Oklab (Björn Ottosson, "A perceptual color space for image processing", 2020), for a
level :math:`x \in [0, 1]`,

.. math:: L = 0.15 + 0.81\,x, \qquad C = 0.02 + 0.15 \sin(\pi x^{0.9}), \qquad h = 282° + 173°\,x

from ink over violet and coral to pale yellow. Chroma is lowered where the colour is none of sRGB's. Ours.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Palette = NDArray[np.uint8]
LEVELS = 256

# Oklab to the cube roots of cone responses, and cone responses to linear sRGB.
_CONES = np.array(
    [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.2914855480]]
)
_LINEAR = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


def palette() -> Palette:
    """Return the colours of levels 0 … 255, sRGB, ``(256, 3)``.

    >>> palette()[[0, 255]].tolist()
    [[10, 10, 19], [246, 242, 227]]
    """
    return np.array([_colour(level / (LEVELS - 1)) for level in range(LEVELS)], np.uint8)


def gradient(stops: int = 9) -> Sequence[str]:
    """Return evenly spaced colours of the palette as CSS writes them, quiet first."""
    chosen = palette()[np.linspace(0, LEVELS - 1, stops).round().astype(int)]
    return [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in chosen.tolist()]


def _colour(level: float) -> NDArray[np.float64]:
    lightness, hue = 0.15 + 0.81 * level, np.deg2rad(282 + 173 * level)
    chroma = 0.02 + 0.15 * np.sin(np.pi * level**0.9)
    while True:
        axes = np.array([lightness, chroma * np.cos(hue), chroma * np.sin(hue)])
        linear = _LINEAR @ np.power(_CONES @ axes, 3)
        if chroma <= 0 or (linear.min() >= 0 and linear.max() <= 1):
            return np.round(255 * _companded(np.clip(linear, 0, 1)))
        chroma -= 0.001


def _companded(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.power(linear, 1 / 2.4) - 0.055)
