"""Two results on the same queries, or the same sounds, compared by paired resampling."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from avbench import archive
from avbench.boards.score_ids import gallery_of, is_shown, label
from avbench.boards.tables import number, one_line, table
from avbench.errors import DataError
from avbench.metrics import retrieval
from avbench.metrics.intervals import PairedTest, paired_bootstrap
from avbench.results import RunResult, Score
from avbench.tasks.generation_pairs import SoundRecord
from avbench.tasks.retrieval import STANDARD, QueryRank
from avbench.tasks.synchrony import OffsetRecord

Record = QueryRank | SoundRecord | OffsetRecord
RECORDS: Mapping[str, type[Record]] = {
    "retrieval": QueryRank,
    "generation": SoundRecord,
    "synchrony": OffsetRecord,
}


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What one query or sound gives to a score, which is a ratio of sums over all of them.

    Attributes:
        name: The same in both results.
        recording: What it is resampled with.
        numerator: Its part of the numerator: of a mean its value.
        denominator: Its part of the denominator: of a mean 1.
    """

    name: tuple[str, int]
    recording: str
    numerator: float
    denominator: float = 1.0


def compare_results(first: Path, second: Path, *, seed: int) -> list[Comparison]:
    """Compare what tables show of two results, query by query or sound by sound.

    Args:
        first: A result document, its records beside it.
        second: Another, of the same task on the same clips.
        seed: Of the resampling.

    Raises:
        DataError: One cannot be read, or they are not of the same task and clips.
    """
    one, other = archive.read(first), archive.read(second)
    _require_same(one, other)
    ours, theirs = records_beside(first, one), records_beside(second, other)
    return [
        Comparison(score=score, other=match.value, test=test)
        for score in one.scores
        if (match := other.score(score.id)) and (test := paired_test(score, ours, theirs, seed=seed))
    ]


def records_beside(path: Path, result: RunResult) -> tuple[Record, ...]:
    """Read the records beside a document; they are kept, as a board asks for them column after column.

    Raises:
        DataError: They cannot be read, or are not the ones the document was made with.
    """
    return _read(path, result.records_sha256, result.task.kind)


@lru_cache(maxsize=64)
def _read(path: Path, sha256: str, kind: str) -> tuple[Record, ...]:
    return archive.read_records(path, sha256, RECORDS[kind])


def paired_test(
    score: Score, ours: Sequence[Record], theirs: Sequence[Record], *, seed: int = 0
) -> PairedTest | None:
    """Test one score over what both results have of the same queries or sounds.

    Returns:
        ``None`` for a score that tables do not show, or that is not taken record by record, as a distance
        between sets is not.
    """
    if not is_shown(score.id):
        return None
    first, second = ({item.name: item for item in items(score.id, each)} for each in (ours, theirs))
    names = sorted(first.keys() & second.keys())
    if not names:
        return None
    parts = [
        np.array([(each[name].numerator, each[name].denominator) for name in names])
        for each in (first, second)
    ]
    return paired_bootstrap(parts[0], parts[1], [first[name].recording for name in names], seed=seed)


def items(score_id: str, records: Sequence[Record]) -> Iterator[Item]:
    """Yield what each record gives to a score; nothing for a score that is not taken record by record."""
    for record in records:
        if isinstance(record, QueryRank):
            yield from _query_items(score_id, record)
        elif isinstance(record, OffsetRecord):
            yield from _offset_items(score_id, record)
        else:
            yield from _sound_items(score_id, record)


def _query_items(score_id: str, query: QueryRank) -> Iterator[Item]:
    *_, direction, metric = score_id.split(".")
    if (query.gallery, query.direction) != (gallery_of(score_id) or STANDARD, direction):
        return
    name, _, cut = metric.partition("@")
    better, tied = np.array([query.better], np.int64), np.array([query.tied], np.int64)
    if name == "recall":
        value = retrieval.recall(better, tied, int(cut))
    elif name == "mrr":
        value = retrieval.reciprocal_rank(better, tied)
    else:
        return
    yield Item(name=(query.query, query.part), recording=query.recording, numerator=float(value[0]))


def _offset_items(score_id: str, found: OffsetRecord) -> Iterator[Item]:
    if score_id in found.values:
        yield Item(name=(found.clip, 0), recording=found.recording, numerator=found.values[score_id])


def _sound_items(score_id: str, sound: SoundRecord) -> Iterator[Item]:
    name = sound.clip, sound.sample
    metric, _, tolerance = score_id.partition("@")
    if score_id in sound.values:
        yield Item(name=name, recording=sound.recording, numerator=sound.values[score_id])
    elif metric == "onset.f1" and (counts := sound.onsets.get(tolerance)):
        yield Item(
            name=name,
            recording=sound.recording,
            numerator=2 * counts.hits,
            denominator=counts.detected + counts.true,
        )


def comparison_table(comparisons: Sequence[Comparison], names: tuple[str, str]) -> str:
    """Return comparisons as a Markdown table."""
    headers = ["", *(one_line(name).replace("|", "¦") for name in names), "difference", "p"]
    rows = [
        [
            label(each.score),
            number(each.score.value, each.score.unit),
            number(each.other, each.score.unit),
            f"{_signed(each.test.difference, each)} "
            f"[{_signed(each.test.interval.low, each)}, {_signed(each.test.interval.high, each)}]",
            f"{each.test.p_value:.3f}",
        ]
        for each in comparisons
    ]
    return table(headers, rows)


def _signed(difference: float, comparison: Comparison) -> str:
    return f"{100 * difference:+.1f}" if comparison.score.unit == "fraction" else f"{difference:+.3g}"


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
