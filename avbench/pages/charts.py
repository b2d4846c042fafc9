"""Curves and a matrix as SVG, with their axes; what colours them stands in ``page.css``."""

import math
from collections.abc import Iterable, Sequence

from avbench.metrics.embedding_sets import Values
from avbench.pages.colours import LEVELS, gradient
from avbench.pages.text import escaped

WIDTH, HEIGHT = 330, 300
LEFT, RIGHT, TOP, BOTTOM = 54, 14, 12, 44
ROUND = (1.0, 1.2, 1.6, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
Line = tuple[str, Sequence[float], Sequence[float]]
Band = tuple[Sequence[float], Sequence[float], Sequence[float]]


def curves(
    lines: Sequence[Line],
    *,
    x: str,
    y: str,
    ticks: Sequence[tuple[float, str]],
    bands: Sequence[Band] = (),
) -> str:
    """Return lines over an axis from 0 or the first tick to the last, shares in [0, 1] upwards.

    Args:
        lines: For each the class it is styled by, and the places and heights of its points.
        x: What runs to the right.
        y: What runs up, in per cent.
        ticks: Places along x, rising, and what stands there.
        bands: For each places, lower and upper ends of an interval, shaded.
    """
    ends = min(0.0, ticks[0][0]), ticks[-1][0]
    grid = "".join(
        f'<line class="rule" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_up(share)}" y2="{_up(share)}"/>'
        f'<text class="up" x="{LEFT - 8}" y="{_up(share)}">{share:.0%}</text>'
        for share in (0.0, 0.25, 0.5, 0.75, 1.0)
    )
    marks = "".join(
        f'<text x="{_along(place, ends)}" y="{HEIGHT - BOTTOM + 18}">{escaped(label)}</text>'
        for place, label in ticks
    )
    shade = "".join(f'<path class="band" d="M{_points(_outline(each), ends)}Z"/>' for each in bands)
    drawn = "".join(
        f'<path class="{name}" d="M{_points(zip(xs, ys, strict=True), ends)}"/>' for name, xs, ys in lines
    )
    return _chart(f"{grid}{marks}{shade}{drawn}", x, y)


def matrix(shares: Values, *, labels: Sequence[str], x: str, y: str) -> str:
    """Return a square of shares in [0, 1], a row each line, the darker the rarer; some lines are named."""
    count = len(shares)
    cell = (HEIGHT - TOP - BOTTOM) / count
    colours = gradient(LEVELS)
    cells = "".join(
        f'<rect class="cell" x="{LEFT + column * cell:.2f}" y="{TOP + row * cell:.2f}" '
        f'width="{cell + 0.2:.2f}" height="{cell + 0.2:.2f}" fill="{colours[round(share * (LEVELS - 1))]}"/>'
        for row, line in enumerate(shares.tolist())
        for column, share in enumerate(line)
    )
    every = max(1, (count - 1) // 4)
    names = "".join(
        f'<text x="{LEFT + (k + 0.5) * cell:.2f}" y="{HEIGHT - BOTTOM + 18}">{escaped(label)}</text>'
        f'<text class="up" x="{LEFT - 8}" y="{TOP + (k + 0.5) * cell:.2f}">{escaped(label)}</text>'
        for k, label in enumerate(labels)
        if k % every == 0
    )
    return _chart(f"{cells}{names}", x, y, right=LEFT + count * cell)


def symmetric(reach: float) -> list[tuple[float, str]]:
    """Return five places about 0 for ticks, out to a round number that is no smaller than ``reach``.

    >>> symmetric(49.2)
    [(-50.0, '-50'), (-25.0, '-25'), (0.0, '0'), (25.0, '25'), (50.0, '50')]
    """
    power = 10.0 ** math.floor(math.log10(reach))
    end = next(power * each for each in ROUND if power * each >= reach)
    return [(end * part, f"{end * part:g}") for part in (-1.0, -0.5, 0.0, 0.5, 1.0)]


def _chart(content: str, x: str, y: str, *, right: float = WIDTH - RIGHT) -> str:
    middle = (LEFT + right) / 2
    titles = (
        f'<text class="title" x="{middle:g}" y="{HEIGHT - 6}">{escaped(x)}</text>'
        f'<text class="title" transform="translate(9 {(TOP + HEIGHT - BOTTOM) / 2:g}) rotate(-90)">'
        f"{escaped(y)}</text>"
    )
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escaped(y)} over {escaped(x)}">{content}{titles}</svg>'
    )


def _outline(band: Band) -> list[tuple[float, float]]:
    there, low, high = band
    return [*zip(there, high, strict=True), *reversed(list(zip(there, low, strict=True)))]


def _points(points: Iterable[tuple[float, float]], ends: tuple[float, float]) -> str:
    return "L".join(f"{_along(x, ends)} {_up(y)}" for x, y in points)


def _along(place: float, ends: tuple[float, float]) -> str:
    first, last = ends
    return f"{LEFT + (WIDTH - LEFT - RIGHT) * (place - first) / (last - first):.1f}"


def _up(share: float) -> str:
    return f"{TOP + (HEIGHT - TOP - BOTTOM) * (1 - share):.1f}"
