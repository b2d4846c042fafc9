"""Two results on the same queries, compared by paired resampling."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avbench import archive
from avbench.errors import DataError
from avbench.metrics import retrieval
from avbench.metrics.intervals import PairedTest, paired_bootstrap
from avbench.results import RunResult, Score
from avbench.score_ids import gallery_of, is_shown, label
from avbench.tables import number, one_line, table
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
    ranks, others = read_pools(first, one.records_sha256), read_pools(second, other.records_sha256)
    return [
        Comparison(score=score, other=theirs.value, test=paired_test(score, ranks, others, seed=seed))
        for score in one.scores
        if is_compared(score) and (theirs := other.score(score.id))
    ]


@lru_cache(maxsize=64)
def read_pools(path: Path, sha256: str) -> Pools:
    """Read the queries beside a document, in an order that all results share.

    They are kept: a board asks for the same ones column after column.

    Args:
        path: The document.
        sha256: Its ``records_sha256``.

    Raises:
        DataError: They cannot be read, or are not the ones the document was made with.
    """
    pools: Pools = {}
    for query in sorted(archive.read_queries(path, sha256), key=lambda each: (each.part, each.query)):
        pools.setdefault((query.gallery, query.direction), []).append(query)
    return pools


def is_compared(score: Score) -> bool:
    """Return whether a score is a mean over queries that tables show."""
    return is_shown(score.id) and score.unit == "fraction"


def paired_test(score: Score, ours: Pools, theirs: Pools, *, seed: int = 0) -> PairedTest:
    """Test one score that is compared, over the same queries of two results."""
    pool = gallery_of(score.id) or STANDARD, score.id.split(".")[-2]
    first, second = (_values(score, pools[pool]) for pools in (ours, theirs))
    return paired_bootstrap(first, second, [query.recording for query in ours[pool]], seed=seed)


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


def _values(score: Score, queries: Sequence[QueryRank]) -> NDArray[np.float64]:
    better = np.array([query.better for query in queries], np.int64)
    tied = np.array([query.tied for query in queries], np.int64)
    metric, _, cut = score.id.rsplit(".", 1)[-1].partition("@")
    if metric == "recall":
        return retrieval.recall(better, tied, int(cut))
    return retrieval.reciprocal_rank(better, tied)
