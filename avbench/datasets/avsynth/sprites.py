"""What a toy looks like: shape, texture, palette and finish, painted once and resampled for each frame."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.float32]

SHAPES = ("ball", "block", "pyramid", "star", "gem", "flower", "ring", "heart")
TEXTURES = ("plain", "bars", "columns", "slanted", "dots", "checker", "target", "halves")
PALETTES: tuple[tuple[tuple[float, float, float], tuple[float, float, float]], ...] = (
    ((0.95, 0.30, 0.26), (1.00, 0.72, 0.58)),  # coral
    ((0.98, 0.62, 0.14), (0.56, 0.26, 0.08)),  # amber
    ((0.86, 0.86, 0.20), (0.42, 0.46, 0.08)),  # lemon
    ((0.20, 0.76, 0.36), (0.74, 0.96, 0.70)),  # leaf
    ((0.14, 0.78, 0.80), (0.04, 0.32, 0.42)),  # lagoon
    ((0.22, 0.46, 0.98), (0.70, 0.84, 1.00)),  # cobalt
    ((0.58, 0.34, 0.95), (0.30, 0.12, 0.55)),  # violet
    ((0.97, 0.38, 0.70), (1.00, 0.80, 0.90)),  # rose
    ((0.60, 0.60, 0.60), (0.45, 0.45, 0.45)),  # grey, of what is silent
)
GREY = len(PALETTES) - 1

EXTENT = 1.35
"""A sprite covers ± this many radii around its centre; the toy's foot is one radius below it."""
_FINE = 192
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_BRIGHTNESS = 0.50
_AREA = 2.2


@lru_cache(maxsize=512)
def sprite(shape: int, texture: int, palette: int, finish: int, pixels: int) -> Picture:
    """Paint a toy; shapes of equal area and sprites of equal mean luminance, so that neither names a class.

    Args:
        shape: Index of :data:`SHAPES`.
        texture: Index of :data:`TEXTURES`.
        palette: Index of :data:`PALETTES`.
        finish: 0 matte, 1 satin, 2 glossy.
        pixels: Rows and columns wanted.

    Returns:
        ``(channel=4, row, column)``: RGB times alpha, then alpha, in [0, 1]; row 0 is the top.
    """
    across, up, inside = _outline(shape)
    depth = _depth(inside)
    slope_y, slope_x = np.gradient(depth, 2 * EXTENT / _FINE)
    normal = np.stack([-slope_x, slope_y, np.full_like(depth, 1.0)])
    normal /= np.sqrt((normal**2).sum(0))
    colour = _lit(_paint(texture, palette, across, up), normal, finish)
    mean = float((_LUMA[:, None, None] * colour).sum(0)[inside].mean())
    # A power keeps the highlights below white where a factor would clip them.
    colour = np.clip(colour, 0.0, 1.0) ** (np.log(_BRIGHTNESS) / np.log(mean))
    fine = np.concatenate([colour * inside, inside[None]]).astype(np.float32)
    edges = np.linspace(0.0, _FINE, pixels + 1)
    shrink = box_weights(edges[None, :-1], edges[None, 1:], _FINE)[0]
    return np.einsum("pr,crk,qk->cpq", shrink, fine, shrink, optimize=True)


def box_weights(low: npt.NDArray[np.float64], high: npt.NDArray[np.float64], cells: int) -> Picture:
    """Return what share each source cell has in the mean over ``[low, high]``: exact area resampling.

    Args:
        low: ``(time, pixel)``, where each pixel's box begins, in source cells.
        high: ``(time, pixel)``, where it ends.
        cells: Source cells; what lies outside them is empty.

    Returns:
        ``(time, pixel, cell)``, float32.
    """
    start = np.arange(cells, dtype=np.float32)
    weights = np.clip(high.astype(np.float32)[..., None] - start, 0.0, 1.0)
    weights -= np.clip(low.astype(np.float32)[..., None] - start, 0.0, 1.0)
    weights /= (high - low).astype(np.float32)[..., None]
    return weights


def _outline(shape: int) -> tuple[Picture, Picture, npt.NDArray[np.bool_]]:
    """Return coordinates (right, up) in the shape's own unit and its mask, area and foot equalised."""
    grid = ((np.arange(_FINE) + 0.5) / _FINE * 2 - 1) * EXTENT
    right, up = np.meshgrid(grid, -grid)
    scale, lift = 1.0, 0.0
    for _ in range(4):
        inside = _within(shape, right / scale, (up - lift) / scale)
        area = inside.sum() * (2 * EXTENT / _FINE) ** 2
        scale *= float(np.sqrt(_AREA / area))
        inside = _within(shape, right / scale, (up - lift) / scale)
        lift += -1.0 - float(up[inside].min())
    inside = _within(shape, right / scale, (up - lift) / scale)
    return (right / scale).astype(np.float32), ((up - lift) / scale).astype(np.float32), inside


def _within(shape: int, right: npt.NDArray[np.float64], up: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    radius, angle = np.hypot(right, up), np.arctan2(right, up)
    match SHAPES[shape]:
        case "ball":
            return radius < 0.85
        case "block":
            return np.abs(right) ** 6 + np.abs(up) ** 6 < 0.76**6
        case "pyramid":
            edge = [right * np.sin(a) + up * np.cos(a) for a in (np.pi / 3, -np.pi / 3, np.pi)]
            return np.logaddexp.reduce([14.0 * each for each in edge]) < 14.0 * 0.6
        case "star":
            point = np.abs((angle / (2 * np.pi / 5) + 0.5) % 1.0 - 0.5) * 2.0
            return radius < 1.12 - 0.50 * point**0.8
        case "gem":
            return (np.abs(right) / 0.85) ** 1.15 + np.abs(up) ** 1.15 < 1.0
        case "flower":
            return radius < 0.80 + 0.17 * np.cos(6 * angle)
        case "ring":
            return np.abs(radius - 0.68) < 0.30
        case _:
            x, y = right * 1.25, up * 1.25 + 0.12
            return (x**2 + y**2 - 0.85) ** 3 - x**2 * y**3 * 1.6 < 0.0


def _depth(inside: npt.NDArray[np.bool_]) -> Picture:
    """Return how far the surface of the inflated shape stands out towards the viewer, in radii."""
    from scipy.ndimage import distance_transform_edt, gaussian_filter

    distance = np.asarray(distance_transform_edt(inside), np.float32) * (2 * EXTENT / _FINE)
    rim = np.clip(distance / 0.55, 0.0, 1.0)
    return np.asarray(gaussian_filter(0.55 * np.sqrt(rim * (2.0 - rim)), 2.5), np.float32)


def _paint(texture: int, palette: int, right: Picture, up: Picture) -> Picture:
    """Return the unlit colour ``(3, row, column)``."""
    match TEXTURES[texture]:
        case "plain":
            mark = np.zeros_like(right)
        case "bars":
            mark = _soft(np.cos(2 * np.pi * up / 0.55))
        case "columns":
            mark = _soft(np.cos(2 * np.pi * right / 0.55))
        case "slanted":
            mark = _soft(np.cos(2 * np.pi * (right + up) / 0.75))
        case "dots":
            mark = _soft(np.cos(2 * np.pi * right / 0.55) + np.cos(2 * np.pi * up / 0.55) - 0.7)
        case "checker":
            mark = _soft(np.cos(np.pi * right / 0.42) * np.cos(np.pi * up / 0.42) * 2)
        case "target":
            mark = _soft(np.cos(2 * np.pi * np.hypot(right, up) / 0.55))
        case _:
            mark = _soft(-up * 6.0)
    first, second = (np.array(each, np.float32)[:, None, None] for each in PALETTES[palette])
    return np.asarray(first + (second - first) * mark, np.float32)


def _soft(wave: npt.NDArray[np.floating]) -> Picture:
    return np.asarray(0.5 + 0.5 * np.tanh(3.0 * wave), np.float32)


def _lit(colour: Picture, normal: Picture, finish: int) -> Picture:
    """Light a surface from the upper left; glossier finishes have tighter and brighter highlights."""
    light = np.array([-0.45, 0.65, 0.61], np.float32)
    facing = (light[:, None, None] * normal).sum(0)
    half = light + np.array([0.0, 0.0, 1.0], np.float32)
    half /= np.sqrt((half**2).sum())
    mirror = np.clip((half[:, None, None] * normal).sum(0), 0.0, 1.0)
    rim = (1.0 - normal[2]) ** 2
    diffuse = 0.42 + 0.62 * (0.5 + 0.5 * facing) ** 1.5
    strength, power = ((0.0, 1.0), (0.38, 14.0), (0.95, 60.0))[finish]
    sheen = strength * mirror**power + (0.0, 0.05, 0.25)[finish] * rim * np.clip(normal[1], 0.0, 1.0)
    edge = 1.0 - (0.10, 0.25, 0.45)[finish] * rim
    return (colour * (diffuse * edge) + sheen).astype(np.float32)
