"""What each record of a result gives to a score, so that two results can be compared record by record."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from avbench.boards.score_ids import place_of
from avbench.metrics import retrieval
from avbench.tasks.alignment import AlignmentRecord
from avbench.tasks.categories import CategoryQuery
from avbench.tasks.choices import ChoiceRecord
from avbench.tasks.generation_pairs import SoundRecord
from avbench.tasks.retrieval_numbers import STANDARD, QueryRank
from avbench.tasks.synchrony import OffsetRecord

ClipRecord = ChoiceRecord | OffsetRecord | AlignmentRecord
Record = QueryRank | CategoryQuery | SoundRecord | ClipRecord


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
        yield Item(name=(name_of(found), 0), recording=found.recording, numerator=found.values[score_id])


def name_of(found: ClipRecord) -> str:
    """Return what makes two records be of the same trial: the clip, of a pair the sound that goes with it."""
    return f"{found.clip} with {found.sound}" if isinstance(found, AlignmentRecord) else found.clip


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
