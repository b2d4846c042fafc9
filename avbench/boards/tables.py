"""Numbers as people read them: units, ±, tables, and Markdown that cannot be broken by a name."""

import math
import re
from collections.abc import Mapping, Sequence
from itertools import groupby

from avbench.boards.score_ids import CLEAN, gallery_of, is_shown, label
from avbench.results.document import RunResult, ScaleRow, Score

# Further than this share of half its width from the middle of an interval, a value with ± would mislead.
LOPSIDED = 0.25

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~!&])")


def number(value: float | None, unit: str, *, beside: float | None = None) -> str:
    """Return a value in the unit its heading gives: fractions as per cent, the smallest with two decimals.

    What stands beside another value, as the end of its interval, has the decimals of that value.

    >>> number(0.125, "fraction"), number(0.0025, "fraction"), number(3.0, "rank"), number(None, "rank")
    ('12.5', '0.25', '3.0', '–')
    >>> number(1473.2, "distance"), number(0.01021, "nats"), number(0.0026, "nats", beside=7.5)
    ('1473', '0.0102', '0.00')
    """
    if value is None:
        return "–"
    if unit == "fraction":
        small = 0 < (value if beside is None else beside) < 0.01
        return f"{100 * value:.2f}" if small else f"{100 * value:.1f}"
    return f"{value:.1f}" if unit == "rank" else _three_digits(value, value if beside is None else beside)


def _three_digits(value: float, beside: float) -> str:
    """Return a value with as many decimals as give three digits to the one it stands beside."""
    decimals = 2 - math.floor(math.log10(abs(beside))) if beside else 0
    return f"{value:.{min(max(decimals, 0), 6)}f}"


def with_interval(score: Score | None) -> str:
    """Return ``12.5 ± 3.1``, half the width of the interval; ``100.0 [92.8, 100.0]`` if it is lopsided."""
    if score is None:
        return "–"
    if score.low is None or score.high is None:
        return number(score.value, score.unit)
    half = (score.high - score.low) / 2
    value, low, high, width = (
        number(each, score.unit, beside=score.value) for each in (score.value, score.low, score.high, half)
    )
    if abs(score.value - (score.low + score.high) / 2) > LOPSIDED * half:
        return f"{value} [{low}, {high}]"
    return f"{value} ± {width}"


def escaped(text: str) -> str:
    """Return text as one line of Markdown that means nothing but itself.

    >>> print(escaped("a|b <i>\\n[x](y)"))
    a\\|b \\<i\\> \\[x\\](y)
    """
    return _SPECIAL.sub(r"\\\1", one_line(text))


def one_line(text: str) -> str:
    """Return text without line breaks and control characters."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, words: int = 1) -> str:
    """Return a Markdown table; the first ``words`` columns are set left, the others right."""
    from tabulate import tabulate

    align = ["left"] * words + ["right"] * (len(headers) - words)
    return str(tabulate(rows, headers, tablefmt="pipe", colalign=align, disable_numparse=True))


def result_text(result: RunResult) -> str:
    """Return a result for the terminal: which model, tables, coverage, and what the numbers are worth."""
    head = f"{model_line(result)} on {result.task.name} (version {result.task.version})"
    notes = (f"note: {one_line(note)}" for note in result.notes)
    return "\n".join([head, "", result_tables(result), "", coverage_line(result), *notes])


def result_tables(result: RunResult) -> str:
    """Return a result's tables for the terminal: the standard gallery, the clean one, the scale profile."""
    shown = [score for score in result.scores if is_shown(score.id)]
    parts: list[str] = []
    for title, scores in groupby(shown, key=lambda score: _title(gallery_of(score.id))):
        parts += [title] if title else []
        parts.append(_scores_table(result, list(scores)))
    return "\n\n".join(parts)


def _title(gallery: str) -> str:
    if gallery == CLEAN:
        return "Clean: without the clips whose videos the model declares it was trained on"
    return "Scale profile: galleries in which only one scale tells the candidates apart" if gallery else ""


def coverage_line(result: RunResult) -> str:
    """Return what was evaluated and what was not, in one line."""
    coverage = result.coverage
    line = f"{coverage.evaluated} of {coverage.asked} clip{'s' * (coverage.asked != 1)} evaluated"
    if coverage.reasons:
        counts = ", ".join(f"{len(ids)} {reason}" for reason, ids in coverage.reasons.items())
        line += f"; left out: {counts}"
    if coverage.masked:
        counts = ", ".join(f"{len(ids)} {reason}" for reason, ids in coverage.masked.items())
        line += f"; masked by the protocol: {counts}"
    if coverage.limited:
        line += f"; limited to {coverage.asked} of {result.dataset.clips} clips"
    return line + ("." if coverage.complete else "; kept off leaderboards.")


def model_line(result: RunResult) -> str:
    """Return which model it is: name, version, and its identity with long digests cut short."""
    identity = identity_line(result.model.identity)
    return f"{result.model.name} ({identity})" if identity else result.model.name


def identity_line(identity: Mapping[str, str]) -> str:
    """Return what pins a model or a network, long digests cut short."""
    return ", ".join(f"{name} {_cut(value)}" for name, value in identity.items())


def _cut(value: str) -> str:
    digest = re.fullmatch(r"(?:sha256:)?([0-9a-f]{32,})", value)
    return digest[1][:12] if digest else value


def score_cells(result: RunResult, scores: Sequence[Score]) -> tuple[list[str], list[list[str]]]:
    """Return scores beside the reference rows, as headings and cells: what is measured, then the model."""
    rows = [row for row in result.scale_rows if row.scores]
    by_chance = any(score.chance is not None for score in scores)
    headers = ["", result.model.name, "n", *["chance"] * by_chance, *(row.model for row in rows)]
    body = [
        [
            label(score),
            with_interval(score),
            str(score.n),
            *[number(score.chance, score.unit)] * by_chance,
            *(number(_value(row, score.id), score.unit) for row in rows),
        ]
        for score in scores
    ]
    return headers, body


def _scores_table(result: RunResult, scores: Sequence[Score]) -> str:
    headers, body = score_cells(result, scores)
    return table([one_line(header).replace("|", "¦") for header in headers], body)


def _value(row: ScaleRow, score_id: str) -> float | None:
    return next((score.value for score in row.scores if score.id == score_id), None)
