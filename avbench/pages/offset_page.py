"""The page of an offset run: scores, what is taken for what, and how far off is near enough.

<folder>/index.html     the page; opens from the disk, needs no network and no script
<folder>/offsets.json   what is drawn, as data
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from avbench.metrics import offsets
from avbench.metrics.offsets import Trials
from avbench.pages.charts import curves, matrix
from avbench.pages.files import put
from avbench.pages.frame import framed
from avbench.pages.summary import notes, provenance, scores
from avbench.pages.text import counted
from avbench.results.document import RunResult

INDEX, DATA = "index.html", "offsets.json"


def write_offset_page(folder: Path, result: RunResult, trials: Trials) -> Path:
    """Write the page of a result and return where it is.

    Raises:
        StorageError: It cannot be written.
    """
    drawn = drawings(result, trials)
    put(folder / DATA, (json.dumps(drawn, indent=1, allow_nan=False) + "\n").encode())
    put(folder / INDEX, offset_page(result, drawn).encode())
    return folder / INDEX


def drawings(result: RunResult, trials: Trials) -> Mapping[str, Any]:
    """Return what is drawn: the matrix, the tolerance curve and the forced choices, of model and chance."""
    tolerances, shares = offsets.tolerance_curve(trials)
    choices = [each for each in result.scores if each.id.startswith("offset.choice@")]
    return {
        "grid_s": trials.grid.tolist(),
        "clips": len(trials.offsets),
        "confusion": offsets.confusion(trials).tolist(),
        "tolerance_s": tolerances.tolist(),
        "within": shares.tolist(),
        "within_by_chance": offsets.tolerance_curve(trials.guessed())[1].tolist(),
        "distance_s": [float(each.id.partition("@")[2]) for each in choices],
        "chosen": [each.value for each in choices],
        "chosen_low": [each.low for each in choices],
        "chosen_high": [each.high for each in choices],
    }


def offset_page(result: RunResult, drawn: Mapping[str, Any]) -> str:
    """Return the page of what is drawn."""
    figures = [
        _figure(
            _matrix(drawn),
            "What is taken for what: each row a true offset, its clips spread over what was estimated; pale "
            "is often. Right is on the diagonal. Above 0 the sound is late.",
        ),
        _figure(
            _tolerance(drawn),
            "How many clips are right if an error is forgiven. Dashed: a uniform guess over the grid, at "
            "these true offsets.",
        ),
        _figure(
            _choices(drawn),
            "The true offset against one some way off: how often it has the higher score. Dashed: a coin. "
            "Shaded: the interval.",
        ),
    ]
    body = (
        f"{scores(result)}{notes(result)}"
        '<section aria-labelledby="offsets">\n<h2 id="offsets">Offsets</h2>\n'
        f"<p>{counted(drawn['clips'], 'clip')}, each shifted by a known offset. "
        f'<a href="{DATA}">What is drawn as data</a>.</p>\n<div class="charts">\n'
        f"{''.join(figures)}</div>\n</section>\n"
    )
    return framed(result, body, provenance(result))


def _figure(drawing: str, caption: str) -> str:
    return f'<figure class="chart">{drawing}<figcaption>{caption}</figcaption></figure>\n'


def _matrix(drawn: Mapping[str, Any]) -> str:
    import numpy as np

    counts = np.array(drawn["confusion"])
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1.0)
    labels = [f"{each:+.3g}" if each else "0" for each in drawn["grid_s"]]
    return matrix(shares, labels=labels, x="estimated offset (s)", y="true offset (s)")


def _tolerance(drawn: Mapping[str, Any]) -> str:
    at: Sequence[float] = drawn["tolerance_s"]
    lines = [("chance", at, drawn["within_by_chance"]), ("line", at, drawn["within"])]
    return curves(lines, x="tolerance (s)", y="clips within it", ticks=_ticks(at, 1.0))


def _choices(drawn: Mapping[str, Any]) -> str:
    at: Sequence[float] = [1000 * each for each in drawn["distance_s"]]
    lines = [("chance", [0.0, at[-1]], [0.5, 0.5]), ("line", at, drawn["chosen"])]
    band = (at, drawn["chosen_low"], drawn["chosen_high"])
    return curves(
        lines, x="distance (ms)", y="true one preferred", ticks=_ticks([0.0, *at], 1.0), bands=[band]
    )


def _ticks(places: Sequence[float], unit: float) -> list[tuple[float, str]]:
    """Return five places, evenly spaced to the last, with their names."""
    return [(places[-1] * part / 4, f"{places[-1] * part / 4 / unit:.4g}") for part in range(5)]
