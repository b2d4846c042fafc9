"""What docs/counterfactuals.md quotes from the results: a table of choices, one of curves, and the picture.

The picture is one SVG of the charts that a result's page has, GMS-CAVP's with CAVP's beside them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from quoted_results import board_of, result_of, span

from avbench.boards.score_ids import name_of
from avbench.boards.tables import number, table
from avbench.pages.charts import HEIGHT, WIDTH
from avbench.pages.choice_page import curve, drawings
from avbench.pages.frame import beside
from avbench.results.document import RunResult, ScaleRow
from avbench.tasks.choices import POINT, THRESHOLD

TASK, PICTURE = "avsynth-counterfactuals", "docs/images/psychometric.svg"
MODELS = ("gmscavp", "cavp")
ROWS = ("oracle", "semantics-only", "time-shuffled", "random")
GAP = 24
STYLE = """\
svg { font-family: system-ui, sans-serif; }
svg { --ink: #1f1c24; --soft: #6a6572; --line: #e4e0dc; --accent: #a8246a; --near: #1f1c2417; }
@media (prefers-color-scheme: dark) {
  svg { --ink: #e8e5ec; --soft: #9d97a8; --line: #2b2932; --accent: #f08c78; --near: #ffffff22; }
}
"""


def choices_block() -> str:
    """Return every number that tables show, of both models and of the rows that give a scale."""
    ours, baseline = _results()
    given = {row.model: row for row in ours.scale_rows}
    shown = [each.id for each in given["oracle"].scores if POINT not in each.id]
    cells = [
        [
            name_of(score_id),
            *(_cell(result, score_id, interval=True) for result in (ours, baseline)),
            *(_cell(given[row], score_id) for row in ROWS),
        ]
        for score_id in shown
    ]
    return table(["", *(f"`{each}`" for each in (*MODELS, *ROWS))], cells)


def _cell(of: RunResult | ScaleRow, score_id: str, *, interval: bool = False) -> str:
    score = next((each for each in of.scores if each.id == score_id), None)
    if score is None:
        return "none"
    if score_id.endswith(THRESHOLD):
        ends = (score.value, score.low, score.high)
        value, low, high = (None if each is None else f"{1000 * each:.3g}" for each in ends)
        return f"{value} ms ({low} … {high})" if interval and low and high else f"{value} ms"
    return span(score) if interval else number(score.value, score.unit)


def curves_block() -> str:
    """Return the share of right choices at every shift, in per cent."""
    curves = [drawn for one in _by_series() for drawn in one.items()]
    shifts = sorted({shift for _, drawn in curves for shift in drawn["shift_s"]})
    cells: list[list[str]] = []
    for model, drawn in curves:
        right = dict(zip(drawn["shift_s"], drawn["right"], strict=True))
        shares = (number(right[each], "fraction") if each in right else "" for each in shifts)
        cells.append([f"{drawn['name'].partition(' ')[0]}, `{model}`", *shares])
    return table(["later by", *(f"{1000 * each:g} ms" for each in shifts)], cells)


def picture() -> str:
    """Return the curves as an SVG file: GMS-CAVP's, and CAVP's in grey."""
    charts = [curve(drawn["gmscavp"], [drawn["cavp"]]) for drawn in _by_series()]
    places = range(0, len(charts) * (WIDTH + GAP), WIDTH + GAP)
    inside = "\n".join(
        f'<svg x="{place}" width="{WIDTH}" height="{HEIGHT}">{chart}</svg>'
        for place, chart in zip(places, charts, strict=True)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 0 {places.stop - GAP + 14} {HEIGHT + 6}">\n'
        f"<style>\n{STYLE}{''.join(_rules())}</style>\n{inside}\n</svg>\n"
    )


def _rules() -> Iterator[str]:
    # What colours a chart on a page colours it here.
    return (line for line in beside("page.css").splitlines(keepends=True) if line.startswith(".plot "))


def _results() -> tuple[RunResult, RunResult]:
    board = board_of(TASK)
    ours, baseline = (result_of(board, model) for model in MODELS)
    return ours, baseline


def _by_series() -> list[dict[str, Mapping[str, Any]]]:
    """Return what is drawn of each series, by model."""
    drawn = [drawings(result) for result in _results()]
    return [dict(zip(MODELS, each, strict=True)) for each in zip(*drawn, strict=True)]
