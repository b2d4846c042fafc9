"""What stands behind the toys: wall and floor, slow wandering, and what drifts by in silence."""

import numpy as np
import numpy.typing as npt

from avbench.datasets.avsynth.latents import Array
from avbench.datasets.avsynth.sprites import Picture

HORIZON = 0.56
MARGIN = 8
"""How far the camera may shake, in pixels of a 112-pixel frame."""


def wander(draw: np.random.Generator, times: Array, highest: float) -> Array:
    """Return a smooth random curve at ``times``: five sines of up to ``highest`` Hz, mean square about 1."""
    frequency, phase = draw.uniform(0.08, highest, 5), draw.uniform(0.0, 2 * np.pi, 5)
    return np.sin(2 * np.pi * frequency * times[:, None] + phase).sum(1) * np.sqrt(2.0 / 5.0)


def backdrop(draw: np.random.Generator, size: int) -> Picture:
    """Paint wall and floor.

    Args:
        draw: Source of hues, light and texture.
        size: Rows and columns of a frame; the picture has a margin for the camera to shake in.

    Returns:
        ``(3, row, column)``, float32 in [0, 1].
    """
    margin = MARGIN * size // 112
    axis = (np.arange(-margin, size + margin) + 0.5) / size
    column, row = np.meshgrid(axis, axis)
    wall, floor = _hue(draw), _hue(draw)
    below = np.clip((row - HORIZON) * size / 1.5 + 0.5, 0.0, 1.0)
    far = np.clip((row - HORIZON) / (1.0 - HORIZON), 0.0, 1.0)
    lamp = np.exp(-(((column - draw.uniform(0.2, 0.8)) / 0.55) ** 2 + ((row - 0.15) / 0.6) ** 2))
    wall_light = 0.17 + 0.13 * lamp + 0.05 * _pattern(draw, column, row)
    floor_light = 0.20 + 0.12 * far + 0.03 * _grain(draw, axis.size)
    seam = 1.0 - 0.30 * np.exp(-np.abs(row - HORIZON) / 0.035)
    vignette = 1.0 - 0.45 * ((column - 0.5) ** 2 + (row - 0.55) ** 2)
    light = vignette * seam
    painted = [
        light * ((1 - below) * wall_light * w + below * floor_light * f)
        for w, f in zip(wall, floor, strict=True)
    ]
    return np.stack(painted).astype(np.float32)


def _hue(draw: np.random.Generator) -> npt.NDArray[np.float64]:
    """Draw a muted colour of luminance 1."""
    turn, saturation = draw.uniform(0.0, 2 * np.pi), draw.uniform(0.15, 0.45)
    colour = 1.0 + saturation * np.cos(turn + np.array([0.0, 2.1, 4.2]))
    return colour / (colour @ np.array([0.299, 0.587, 0.114]))


def _pattern(draw: np.random.Generator, column: Array, row: Array) -> Array:
    """Draw the wallpaper: stripes, diamonds or clouds, in [-1, 1]."""
    pitch, turn = draw.uniform(0.09, 0.2), draw.uniform(0.0, np.pi)
    along = (column * np.cos(turn) + row * np.sin(turn)) * 2 * np.pi / pitch
    across = (row * np.cos(turn) - column * np.sin(turn)) * 2 * np.pi / pitch
    match int(draw.integers(3)):
        case 0:
            return np.tanh(2.0 * np.sin(along))
        case 1:
            return np.sin(along) * np.sin(across) * 1.5
        case _:
            return 1.5 * _grain(draw, len(row))


def _grain(draw: np.random.Generator, size: int) -> Array:
    """Draw clouds: smooth noise of about ten cells across, standard deviation about 0.5."""
    total = np.zeros((size, size))
    for cells, weight in ((5, 0.9), (10, 0.5)):
        knots = draw.standard_normal((cells + 2, cells + 2))
        place = np.linspace(0.0, cells, size, endpoint=False)
        low = place.astype(int)
        rest = place - low
        rest = rest * rest * (3 - 2 * rest)
        rows = knots[low] * (1 - rest)[:, None] + knots[low + 1] * rest[:, None]
        total += weight * (rows[:, low] * (1 - rest) + rows[:, low + 1] * rest)
    return total


class Camera:
    """A shaking view of a picture, in steps of a quarter of a pixel.

    Args:
        picture: ``(3, row, column)`` with a margin on all sides.
        size: Rows and columns of what is seen.
    """

    def __init__(self, picture: Picture, size: int) -> None:
        self._picture = picture
        self._size = size
        self._margin = (picture.shape[1] - size) // 2
        self._phases: dict[tuple[float, float], Picture] = {}

    def view(self, right: float, down: float) -> Picture:
        """Return ``(3, size, size)``: what is seen when the camera is that many pixels off the middle."""
        column, row = self._margin + int(np.floor(right)), self._margin + int(np.floor(down))
        shifted = self._shifted(right % 1.0, down % 1.0)
        return shifted[:, row : row + self._size, column : column + self._size]

    def _shifted(self, right: float, down: float) -> Picture:
        """Return the picture moved by a part of a pixel, linear between its pixels."""
        if (right, down) not in self._phases:
            full = self._picture
            rows = full[:, :-1] + (full[:, 1:] - full[:, :-1]) * np.float32(down)
            moved = rows[..., :-1] + (rows[..., 1:] - rows[..., :-1]) * np.float32(right)
            self._phases[right, down] = np.asarray(moved, np.float32)
        return self._phases[right, down]
