"""The page of a run of forced choices: scores, and for each series a psychometric curve.

<folder>/index.html     the page; opens from the disk, needs no network and no script
<folder>/choices.json   what is drawn, as data
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avbench.boards.score_ids import name_of
from avbench.metrics.psychometric import CHANCE, monotone
from avbench.pages.charts import Line, curves
from avbench.pages.files import put
from avbench.pages.frame import framed
from avbench.pages.summary import notes, provenance, scores
from avbench.pages.text import escaped
from avbench.results.document import RunResult
from avbench.tasks.choices import POINT, THRESHOLD

INDEX, DATA = "index.html", "choices.json"


def write_choice_page(folder: Path, result: RunResult) -> Path:
    """Write the page of a result and return where it is.

    Raises:
        StorageError: It cannot be written.
    """
    drawn = [*drawings(result)]
    put(folder / DATA, (json.dumps(drawn, indent=1, allow_nan=False) + "\n").encode())
    put(folder / INDEX, choice_page(result, drawn).encode())
    return folder / INDEX


def drawings(result: RunResult) -> Iterator[Mapping[str, Any]]:
    """Yield what is drawn of each series: the curve with its intervals, the monotone fit, the threshold."""
    series = dict.fromkeys(each.id.partition(POINT)[0] for each in result.scores if POINT in each.id)
    for one in series:
        points = [each for each in result.scores if each.id.startswith(f"{one}{POINT}")]
        threshold = result.score(f"{one}{THRESHOLD}")
        yield {
            "series": one,
            "name": name_of(one),
            "shift_s": [float(each.id.partition(POINT)[2]) for each in points],
            "right": [each.value for each in points],
            "low": [each.low for each in points],
            "high": [each.high for each in points],
            "fit": monotone(np.array([each.value for each in points])).tolist(),
            "level": result.task.protocol["threshold"],
            "threshold_s": threshold.value if threshold else None,
        }


def choice_page(result: RunResult, drawn: Sequence[Mapping[str, Any]]) -> str:
    """Return the page of what is drawn."""
    figures = "".join(
        f'<figure class="chart">{curve(each)}<figcaption>{_caption(each)}</figcaption></figure>\n'
        for each in drawn
    )
    body = (
        f"{scores(result)}{notes(result)}"
        '<section aria-labelledby="curves">\n<h2 id="curves">Psychometric curves</h2>\n'
        "<p>How often a clip finds its own sound, and a sound its own clip, where the other of the two "
        f'differs by a shift of one scale alone. <a href="{DATA}">What is drawn as data</a>.</p>\n'
        "<p>Line: measured. Shaded: the interval. Dotted: the monotone fit, and down from it the threshold. "
        "Dashed: a coin. Every step to the right doubles the shift; at 0 both are the same.</p>\n"
        f'<div class="charts">\n{figures}</div>\n</section>\n'
    )
    return framed(result, body, provenance(result))


def _caption(drawn: Mapping[str, Any]) -> str:
    level, threshold = f"{drawn['level']:.0%}", drawn["threshold_s"]
    smallest, largest = (1000 * drawn["shift_s"][end] for end in (0, -1))
    if threshold is None:
        reached = f"no shift up to {largest:g} ms is told apart in {level} of choices"
    else:
        reached = f"{level} of choices are right from {1000 * threshold:.3g} ms on"
        if 1000 * threshold < smallest:
            reached += f", by the line from 0: less than the smallest shift, {smallest:g} ms"
    return f"{escaped(drawn['name'])}: {reached}."


def curve(drawn: Mapping[str, Any], beside: Sequence[Mapping[str, Any]] = ()) -> str:
    """Return the drawing of a series, others of the same shifts beside it."""
    shifts: Sequence[float] = drawn["shift_s"]
    at = [_place(shift, shifts) for shift in shifts]
    lines: list[Line] = [
        ("chance", [0.0, at[-1]], [CHANCE, CHANCE]),
        ("fit", [0.0, *at], [CHANCE, *drawn["fit"]]),
        ("line", at, drawn["right"]),
        *(("second", at, each["right"]) for each in beside),
    ]
    if drawn["threshold_s"] is not None:
        there = _place(drawn["threshold_s"], shifts)
        lines.append(("fit", [there, there], [drawn["level"], 0.0]))
    ticks = [(0.0, "0"), *((place, f"{1000 * shift:g}") for place, shift in zip(at, shifts, strict=True))]
    return curves(
        lines,
        x=f"{drawn['name']} by (ms)",
        y="right choices",
        ticks=ticks,
        bands=[(at, each["low"], each["high"]) for each in (drawn, *beside)],
    )


def _place(shift: float, shifts: Sequence[float]) -> float:
    """Return where a shift stands: 0 at 0, 1 at the smallest, from there on a step for every doubling."""
    smallest = shifts[0]
    return shift / smallest if shift < smallest else 1.0 + float(np.log2(shift / smallest))
