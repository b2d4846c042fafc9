"""Two results on the same queries, compared by paired resampling."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avbench import archive
from avbench.errors import DataError
from avbench.metrics import retrieval
from avbench.metrics.intervals import PairedTest, paired_bootstrap
from avbench.results import RunResult, Score
from avbench.tables import is_shown, label, number, one_line, table
from avbench.tasks.retrieval import STANDARD, QueryRank

Pools = dict[tuple[str, str], list[QueryRank]]
"""Queries by gallery name and direction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One score of two models.

    Attributes:
        score: As the first result has it.
        other: Its value in the second result.
        test: Difference of the first minus the second, its interval and p-value.
    """

    score: Score
    other: float
    test: PairedTest


def compare_results(first: Path, second: Path, *, seed: int) -> list[Comparison]:
    """Compare recall and reciprocal ranks of two results, gallery by gallery and direction by direction.

    Args:
        first: A result document, the ranks of its queries beside it.
        second: Another, of the same task on the same clips.
        seed: Of the resampling.

    Raises:
        DataError: One cannot be read, or they are not of the same task and clips.
    """
    one, other = archive.read(first), archive.read(second)
    _require_same(one, other)
    ranks, others = (_by_pool(archive.read_queries(path)) for path in (first, second))
    return [
        Comparison(score=score, other=theirs.value, test=_test(score, ranks, others, seed))
        for score in one.scores
        if _is_compared(score) and (theirs := other.score(score.id))
    ]


def paired_test(score: Score, first: Path, second: Path, *, seed: int = 0) -> PairedTest | None:
    """Test one score of two results; ``None`` where it is not one of ranks, or their ranks cannot be read."""
    if not _is_compared(score):
        return None
    try:
        ranks, others = (_by_pool(archive.read_queries(path)) for path in (first, second))
    except DataError:
        return None
    return _test(score, ranks, others, seed)


def comparison_table(comparisons: Sequence[Comparison], names: tuple[str, str]) -> str:
    """Return comparisons as a Markdown table."""
    headers = ["", *(one_line(name).replace("|", "¦") for name in names), "difference", "p"]
    rows = [
        [
            label(each.score),
            number(each.score.value, each.score.unit),
            number(each.other, each.score.unit),
            f"{100 * each.test.difference:+.1f} "
            f"[{100 * each.test.interval.low:+.1f}, {100 * each.test.interval.high:+.1f}]",
            f"{each.test.p_value:.3f}",
        ]
        for each in comparisons
    ]
    return table(headers, rows)


def _require_same(one: RunResult, other: RunResult) -> None:
    same = {
        "task": one.task.digest == other.task.digest,
        "data": one.dataset.revision == other.dataset.revision,
        "clips": one.coverage.ids_sha256 == other.coverage.ids_sha256,
    }
    different = next((what for what, equal in same.items() if not equal), None)
    if different:
        raise DataError(
            f"The two results are not of the same {different}.",
            hint="Compare results of one task on one dataset, with the same clips evaluated.",
        )


def _by_pool(queries: Sequence[QueryRank]) -> Pools:
    """Return queries by gallery name and direction, in an order that both results share."""
    pools: Pools = {}
    for query in sorted(queries, key=lambda each: (each.part, each.query)):
        pools.setdefault((query.gallery, query.direction), []).append(query)
    return pools


def _pool_of(score: Score) -> tuple[str, str]:
    *gallery, direction, _ = score.id.split(".")
    return (gallery[0] if gallery else STANDARD, direction)


def _is_compared(score: Score) -> bool:
    return is_shown(score.id) and score.unit == "fraction"


def _test(score: Score, ours: Pools, theirs: Pools, seed: int) -> PairedTest:
    pools = ours[_pool_of(score)], theirs[_pool_of(score)]
    first, second = (_values(score, pool) for pool in pools)
    return paired_bootstrap(first, second, [query.recording for query in pools[0]], seed=seed)


def _values(score: Score, queries: Sequence[QueryRank]) -> NDArray[np.float64]:
    better = np.array([query.better for query in queries], np.int64)
    tied = np.array([query.tied for query in queries], np.int64)
    metric, _, cut = score.id.rsplit(".", 1)[-1].partition("@")
    if metric == "recall":
        return retrieval.recall(better, tied, int(cut))
    return retrieval.reciprocal_rank(better, tied)
