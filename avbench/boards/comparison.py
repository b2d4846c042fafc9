"""Two results on the same queries, or the same sounds, compared by paired resampling."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from avbench import archive
from avbench.boards.score_ids import is_shown, label, place_of
from avbench.boards.tables import number, one_line, table
from avbench.errors import DataError
from avbench.metrics import retrieval
from avbench.metrics.intervals import PairedTest, paired_bootstrap
from avbench.results import RunResult, Score
from avbench.tasks.alignment import AlignmentRecord
from avbench.tasks.categories import CategoryQuery
from avbench.tasks.choices import ChoiceRecord
from avbench.tasks.generation_pairs import SoundRecord
from avbench.tasks.retrieval_numbers import STANDARD, QueryRank
from avbench.tasks.synchrony import OffsetRecord

ClipRecord = ChoiceRecord | OffsetRecord | AlignmentRecord
Record = QueryRank | CategoryQuery | SoundRecord | ClipRecord
RECORDS: Mapping[str, type[Record]] = {
    "retrieval": QueryRank,
    "category": CategoryQuery,
    "choice": ChoiceRecord,
    "generation": SoundRecord,
    "synchrony": OffsetRecord,
    "alignment": AlignmentRecord,
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

    Two results on one list need not have scored the same clips of it: they are then compared on those that
    both have, and :func:`shared` says how.

    Args:
        first: A result document, its records beside it.
        second: Another, of the same task, on the same clips or the same list.
        seed: Of the resampling.

    Raises:
        DataError: One cannot be read, or they are not of the same task and data.
    """
    one, other = archive.read(first), archive.read(second)
    _require_same(one, other)
    ours, theirs = records_beside(first, one), records_beside(second, other)
    if one.coverage.ids_sha256 != other.coverage.ids_sha256:
        return list(_on_shared(one, other, ours, theirs, seed))
    return [
        Comparison(score=score, other=match.value, test=test)
        for score in one.scores
        if (match := other.score(score.id)) and (test := paired_test(score, ours, theirs, seed=seed))
    ]


def shared(first: Path, second: Path) -> str:
    """Say on what two results are compared that did not score the same clips; ``""`` if they did."""
    one, other = archive.read(first), archive.read(second)
    if one.coverage.ids_sha256 == other.coverage.ids_sha256:
        return ""
    ours, theirs = (_clips(records_beside(path, each)) for path, each in ((first, one), (second, other)))
    ways = {
        "retrieval": "Each query was ranked in its own gallery: recall is the one expected in a gallery of "
        f"{len(ours & theirs)}, as if clips were missing at random. ",
        "category": "Each query was ranked in its own gallery, and those are not the same. ",
    }
    return (
        f"Compared on the {len(ours & theirs)} clips that both have, of {len(ours)} and {len(theirs)}. "
        f"{ways.get(_kind(one), '')}The values are not those of the documents."
    )


def _on_shared(
    one: RunResult, other: RunResult, ours: Sequence[Record], theirs: Sequence[Record], seed: int
) -> Iterator[Comparison]:
    """Yield the comparisons over what both have; every value is taken over that alone."""
    size = len(_clips(ours) & _clips(theirs))
    for score in one.scores:
        if not other.score(score.id) or not is_shown(score.id):
            continue
        found = [{item.name: item for item in items(score.id, each, size)} for each in (ours, theirs)]
        names = sorted(found[0].keys() & found[1].keys())
        if names:
            values = [
                sum(each[name].numerator for name in names) / sum(each[name].denominator for name in names)
                for each in found
            ]
            on_both = score.model_copy(
                update={"value": values[0], "low": None, "high": None, "n": len(names)}
            )
            yield Comparison(score=on_both, other=values[1], test=_tested(found, names, seed))


def _clips(records: Sequence[Record]) -> set[str]:
    return {
        record.query if isinstance(record, QueryRank | CategoryQuery) else record.clip for record in records
    }


def _kind(result: RunResult) -> str:
    """Return the kind of a result's records: a key of :data:`RECORDS`."""
    fields = result.task.protocol
    return "category" if "agreement" in fields else "choice" if "threshold" in fields else result.task.kind


def records_beside(path: Path, result: RunResult) -> tuple[Record, ...]:
    """Read the records beside a document; they are kept, as a board asks for them column after column.

    Raises:
        DataError: They cannot be read, or are not the ones the document was made with.
    """
    return _read(path, result.records_sha256, _kind(result))


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
    found = [{item.name: item for item in items(score.id, each)} for each in (ours, theirs)]
    names = sorted(found[0].keys() & found[1].keys())
    return _tested(found, names, seed) if names else None


def _tested(
    found: Sequence[Mapping[tuple[str, int], Item]], names: Sequence[tuple[str, int]], seed: int
) -> PairedTest:
    parts = [np.array([(each[name].numerator, each[name].denominator) for name in names]) for each in found]
    return paired_bootstrap(parts[0], parts[1], [found[0][name].recording for name in names], seed=seed)


def items(score_id: str, records: Sequence[Record], size: int | None = None) -> Iterator[Item]:
    """Yield what each record gives to a score; nothing for a score that is not taken record by record.

    Args:
        score_id: The score.
        records: Of one result.
        size: Candidates of the smaller gallery that a query's recall is to be the expectation in; a rank has
            none there.
    """
    for record in records:
        if isinstance(record, QueryRank):
            yield from _query_items(score_id, record, size)
        elif isinstance(record, CategoryQuery):
            yield from _category_items(score_id, record)
        elif isinstance(record, ClipRecord):
            yield from _clip_items(score_id, record)
        else:
            yield from _sound_items(score_id, record)


def _query_items(score_id: str, query: QueryRank, size: int | None) -> Iterator[Item]:
    *_, direction, metric = score_id.split(".")
    if (query.gallery, query.direction) != (place_of(score_id) or STANDARD, direction):
        return
    name, _, cut = metric.partition("@")
    better, tied = np.array([query.better], np.int64), np.array([query.tied], np.int64)
    smaller = size is not None and size < query.candidates
    if name == "recall" and smaller:
        value = retrieval.recall_in_smaller_gallery(
            better, tied, int(cut), candidates=query.candidates, size=size or 1
        )
    elif name == "recall":
        value = retrieval.recall(better, tied, int(cut))
    elif name == "percentile":
        value = retrieval.percentile(better, tied, candidates=query.candidates)
    elif name == "mrr" and size is None:
        value = retrieval.reciprocal_rank(better, tied)
    else:
        return
    yield Item(name=(query.query, query.part), recording=query.recording, numerator=float(value[0]))


def _clip_items(score_id: str, found: ClipRecord) -> Iterator[Item]:
    if score_id in found.values:
        yield Item(name=(found.clip, 0), recording=found.recording, numerator=found.values[score_id])


def _category_items(score_id: str, query: CategoryQuery) -> Iterator[Item]:
    *_, direction, metric = score_id.split(".")
    if query.direction == direction and metric in query.values:
        value = query.values[metric]
        yield Item(name=(query.query, query.part), recording=query.recording, numerator=value)


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
        "clips": one.coverage.ids_sha256 == other.coverage.ids_sha256 or _one_list(one, other),
    }
    different = next((what for what, equal in same.items() if not equal), None)
    if different:
        raise DataError(
            f"The two results are not of the same {different}.",
            hint="Compare results of one task on one dataset, with the same clips evaluated or of one list.",
        )


def _one_list(one: RunResult, other: RunResult) -> bool:
    """Say whether both ask for the clips of one list, so that a clip's id means the same in both."""
    listed = bool(one.dataset.list_name) and one.dataset.list_name == other.dataset.list_name
    return listed and not (one.coverage.found_only or other.coverage.found_only)
