"""Two results on the same queries, or the same sounds, compared by paired resampling."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from avbench.boards.items import Item, Record, items, name_of
from avbench.boards.kept_records import kind_of, records_beside
from avbench.boards.score_ids import is_shown, label
from avbench.boards.tables import number, one_line, table
from avbench.errors import DataError
from avbench.metrics.alignment import weighted_auroc, weighted_balanced
from avbench.metrics.bias import blocks_of, paired_jackknife
from avbench.metrics.embedding_sets import Values
from avbench.metrics.intervals import PairedTest, paired_bootstrap
from avbench.metrics.weighting import paired
from avbench.results import archive
from avbench.results.document import RunResult, Score
from avbench.tasks.alignment import AlignmentRecord
from avbench.tasks.categories import CategoryQuery
from avbench.tasks.generation_pairs import SoundRecord
from avbench.tasks.retrieval_numbers import QueryRank

TOGETHER = {"align.balanced": weighted_balanced, "align.auroc": weighted_auroc}
"""Scores that all pairs of a result make together."""
MACHINE = ("torch", "device", "threads")


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
class Paired:
    """A score over what two results both have.

    Attributes:
        values: Of the first and of the second.
        n: Over how many queries, sounds or pairs.
        test: Of their difference.
    """

    values: tuple[float, float]
    n: int
    test: PairedTest


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
        for score, match in _in_both(one, other)
        if (test := paired_test(score, match, ours, theirs, seed=seed))
    ]


def shared(first: Path, second: Path) -> str:
    """Say what of two results is not compared, and on which clips the rest is; ``""`` if all is, on all."""
    one, other = archive.read(first), archive.read(second)
    unlike = ", ".join(sorted(_seen_otherwise(one, other)))
    said = (
        f"Not compared: what was seen through {unlike}, of other weights or versions in each."
        if unlike
        else ""
    )
    if one.coverage.ids_sha256 == other.coverage.ids_sha256:
        return said
    ours, theirs = (_clips(records_beside(path, each)) for path, each in ((first, one), (second, other)))
    ways = {
        "retrieval": "Each query was ranked in its own gallery: recall is the one expected in a gallery of "
        f"{len(ours & theirs)}, as if clips were missing at random. ",
        "category": "Each query was ranked in its own gallery, and those are not the same. ",
    }
    return (
        f"Compared on the {len(ours & theirs)} clips that both have, of {len(ours)} and {len(theirs)}. "
        f"{ways.get(kind_of(one), '')}The values are not those of the documents. {said}"
    ).rstrip()


def _in_both(one: RunResult, other: RunResult) -> Iterator[tuple[Score, Score]]:
    """Yield the scores that tables show and both results have, seen through the same network."""
    unlike = _seen_otherwise(one, other)
    for score in one.scores:
        match = other.score(score.id)
        if match and is_shown(score.id) and score.id.rpartition(".")[2] not in unlike:
            yield score, match


def _seen_otherwise(one: RunResult, other: RunResult) -> set[str]:
    """Return the networks and judges that both name and that are not the same, whatever they ran on."""
    first, second = (
        {
            name: each.items() - {(key, each.get(key)) for key in MACHINE}
            for name, each in result.networks.items()
        }
        for result in (one, other)
    )
    both = first.keys() & second.keys()
    return {name.removeprefix("judge ") for name in both if first[name] != second[name]}


def _on_shared(
    one: RunResult, other: RunResult, ours: Sequence[Record], theirs: Sequence[Record], seed: int
) -> Iterator[Comparison]:
    """Yield the comparisons over what both have; every value is taken over that alone."""
    size = len(_clips(ours) & _clips(theirs))
    for score, _ in _in_both(one, other):
        if found := _paired(score.id, ours, theirs, seed, size):
            both = {"value": found.values[0], "low": None, "high": None, "n": found.n}
            yield Comparison(score=score.model_copy(update=both), other=found.values[1], test=found.test)


def _clips(records: Sequence[Record]) -> set[str]:
    return {
        record.query if isinstance(record, QueryRank | CategoryQuery) else record.clip for record in records
    }


def paired_test(
    score: Score, other: Score, ours: Sequence[Record], theirs: Sequence[Record], *, seed: int = 0
) -> PairedTest | None:
    """Test one score over what both results have of the same queries or sounds.

    Args:
        score: As the first result has it.
        other: As the second has it.
        ours: Records of the first.
        theirs: Those of the second.
        seed: Of the resampling, where there is any.

    Returns:
        ``None`` for a score that tables do not show, or that records do not make, as most distances between
        sets are not.
    """
    if not is_shown(score.id):
        return None
    if found := _paired(score.id, ours, theirs, seed):
        return found.test
    return _between_sets(score, other, ours, theirs)


def _between_sets(
    score: Score, other: Score, ours: Sequence[Record], theirs: Sequence[Record]
) -> PairedTest | None:
    """Compare distances between sets by what they are without each block of recordings.

    Nothing unless both are over the same sounds: a distance depends on which and how many they are.
    """
    first, second = (
        {
            (sound.clip, sound.sample, sound.recording): sound.without[score.id]
            for sound in each
            if isinstance(sound, SoundRecord) and score.id in sound.without
        }
        for each in (ours, theirs)
    )
    if not first or first.keys() != second.keys():
        return None
    names = sorted(first)
    _, places, sizes = np.unique(
        blocks_of([recording for *_, recording in names]), return_index=True, return_counts=True
    )
    without = np.array([first[names[place]] - second[names[place]] for place in places])
    return paired_jackknife(score.value - other.value, without, sizes)


def _paired(
    score_id: str, ours: Sequence[Record], theirs: Sequence[Record], seed: int, size: int | None = None
) -> Paired | None:
    if score_id in TOGETHER:
        return _together(score_id, ours, theirs, seed)
    found = [{item.name: item for item in items(score_id, each, size)} for each in (ours, theirs)]
    names = sorted(found[0].keys() & found[1].keys())
    if not names:
        return None
    first, second = (_parts([each[name] for name in names]) for each in found)
    test = paired_bootstrap(first, second, [found[0][name].recording for name in names], seed=seed)
    return Paired(values=(_ratio(first), _ratio(second)), n=len(names), test=test)


def _parts(found: Sequence[Item]) -> Values:
    return np.array([(item.numerator, item.denominator) for item in found], np.float64)


def _ratio(parts: Values) -> float:
    return float(parts[:, 0].sum() / parts[:, 1].sum())


def _together(score_id: str, ours: Sequence[Record], theirs: Sequence[Record], seed: int) -> Paired | None:
    """Compare what all pairs make together; nothing where they are all of one sort."""
    found = [
        {name_of(pair): pair for pair in each if isinstance(pair, AlignmentRecord)} for each in (ours, theirs)
    ]
    names = sorted(found[0].keys() & found[1].keys())
    pairs = [found[0][name] for name in names]
    true = [pair.kind == "true" for pair in pairs]
    if all(true) or not any(true):
        return None
    first, second = (
        partial(TOGETHER[score_id], [each[name].logit for name in names], true) for each in found
    )
    values = tuple(float(each(np.ones((1, len(names))))[0]) for each in (first, second))
    test = paired(first, second, [pair.recording for pair in pairs], seed=seed)
    return Paired(values=(values[0], values[1]), n=len(names), test=test)


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
            f"{each.test.p_value:.3f}" if each.test.p_value >= 0.0005 else "< 0.001",
        ]
        for each in comparisons
    ]
    return table(headers, rows)


def _signed(value: float, comparison: Comparison) -> str:
    size = number(abs(value), comparison.score.unit, beside=abs(comparison.test.difference))
    return f"{'-' if value < 0 else '+'}{size}"


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
