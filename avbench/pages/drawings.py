"""Marks over a spectrogram and the track below it, as SVG in which x is an instant in seconds."""

from collections.abc import Iterable, Sequence

import numpy as np

from avbench.metrics.embedding_sets import Values

TOLERANCE = 0.1
POINTS = 240
# Of the track's height: the envelope stands below the ticks.
TICKS = 0.3


def marks(onsets: Values | None, seconds: float) -> str:
    """Return thin lines at the true onsets, to lie over a spectrogram."""
    lines = "".join(f'<line x1="{_at(each)}" x2="{_at(each)}" y1="0" y2="1"/>' for each in _list(onsets))
    return _drawing("marks", lines, seconds)


def track(detected: Values, envelope: Values, onsets: Values | None, truth: Values, seconds: float) -> str:
    """Return what was detected in a sound over how loud it is, against the truth.

    Args:
        detected: Onsets of the sound, in seconds ``(d,)``.
        envelope: Of the sound, ``(frames,)``.
        onsets: True ones, in seconds ``(t,)``: where a detected one would be a hit is shaded.
        truth: Envelope of the clip's own sound, ``(frames,)``, drawn as an outline.
        seconds: How long both last.
    """
    near = "".join(
        f'<rect x="{_at(start)}" width="{_at(end - start)}" y="0" height="1"/>'
        for start, end in _joined([(each - TOLERANCE, each + TOLERANCE) for each in _list(onsets)], seconds)
    )
    ticks = "".join(
        f'<line x1="{_at(each)}" x2="{_at(each)}" y1="0.03" y2="{TICKS - 0.04:.2f}"/>'
        for each in _list(detected)
    )
    curve, outline = _curve(envelope, seconds), _curve(truth, seconds)
    parts = [
        f'<g class="near">{near}</g>',
        f'<path class="loudness" d="M0 1L{curve}L{_at(seconds)} 1Z"/>' if curve else "",
        f'<path class="outline" d="M{outline}"/>' if outline else "",
        f'<g class="ticks">{ticks}</g>',
    ]
    return _drawing("track", "".join(parts), seconds)


def instants(seconds: float) -> list[float]:
    """Return the instants an axis names: at most nine, a round number of seconds apart.

    >>> instants(4.0), instants(0.96)
    ([0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0], [0.0, 0.2, 0.4, 0.6, 0.8])
    """
    steps = [size * unit for unit in (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0) for size in (1, 2, 5)]
    step = next((each for each in steps if seconds / each <= 8), steps[-1])
    return [round(number * step, 2) for number in range(int(seconds / step + 1e-9) + 1)]


def _drawing(name: str, content: str, seconds: float) -> str:
    view = f'viewBox="0 0 {_at(seconds)} 1" preserveAspectRatio="none"'
    return f'<svg class="{name}" {view} aria-hidden="true">{content}</svg>'


def _joined(spans: Sequence[tuple[float, float]], seconds: float) -> Iterable[tuple[float, float]]:
    """Yield spans that overlap as one, within the window: shades do not add up."""
    whole: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        start, end = max(start, 0.0), min(end, seconds)
        if whole and start <= whole[-1][1]:
            start, end = whole[-1][0], max(end, whole.pop()[1])
        whole.append((start, end))
    return whole


def _curve(envelope: Values, seconds: float) -> str:
    """Return an envelope as points, each the loudest of its share, scaled to the loudest of all."""
    highest = float(envelope.max()) if len(envelope) else 0.0
    if highest <= 0:
        return ""
    shares = np.array_split(envelope / highest, min(POINTS, len(envelope)))
    step = seconds / len(shares)
    return "L".join(
        f"{_at((number + 0.5) * step)} {1 - (1 - TICKS) * float(share.max()):.3f}"
        for number, share in enumerate(shares)
    )


def _list(times: Values | None) -> list[float]:
    return [] if times is None else np.sort(times).tolist()


def _at(seconds: float) -> str:
    return f"{seconds:.3f}".rstrip("0").rstrip(".")
