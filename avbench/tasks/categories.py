"""Scoring retrieval by category: whatever shares a class with the query is right."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avbench.clips import Clip, Gallery
from avbench.errors import DataError
from avbench.metrics.categories import category_values, chance_values, tie_groups
from avbench.metrics.class_means import bootstrap_class_means
from avbench.metrics.embeddings import check_pairs, distinct_rows, unit_rows
from avbench.metrics.intervals import bootstrap_means, clopper_pearson
from avbench.metrics.measurement import Interval, Measurement
from avbench.records import Direction
from avbench.specs import CategoryProtocol

STANDARD, CLEAN = "standard", "clean"
CATEGORY = "category"
QUERIES_AT_ONCE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryQuery:
    """How one query fared.

    Attributes:
        direction: ``a2v`` or ``v2a``.
        gallery: The gallery's name.
        part: Which of the galleries of that name, counted from 0.
        query: The clip that asks.
        recording: What it is resampled with; no other clip of it is a candidate.
        classes: Its classes.
        right: Candidates that are right.
        candidates: All candidates.
        values: Its numbers by name: ``map``, ``hit@1`` …
    """

    direction: Direction
    gallery: str
    part: int
    query: str
    recording: str
    classes: tuple[str, ...]
    right: int
    candidates: int
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryOutcome:
    """Everything a category task says about a model.

    Attributes:
        measurements: In the order direction, metric.
        queries: One entry for each query and direction that has anything to find.
        galleries: Sizes of the galleries by name, clips that ask for nothing included.
        notes: How many queries have nothing to find.
    """

    measurements: tuple[Measurement, ...]
    queries: tuple[CategoryQuery, ...]
    galleries: Mapping[str, tuple[int, ...]]
    notes: tuple[str, ...]


def score_categories(
    protocol: CategoryProtocol,
    galleries: Sequence[Gallery],
    clips: Sequence[Clip],
    video: NDArray[np.floating],
    audio: NDArray[np.floating],
    seed: int,
) -> CategoryOutcome:
    """Rank the clips of the standard gallery by every clip of it, in both directions.

    Clips of the query's own recording, itself among them, are no candidates; a query of whose class nothing
    else is left asks nothing, and a note counts it.

    Args:
        protocol: Directions, cut-offs, and what is right.
        galleries: At least one; those named neither ``standard`` nor ``clean`` are passed over. What is
            measured in the latter is called so (``clean.category.a2v.map``).
        clips: ``(n,)``: the clips that have embeddings.
        video: ``(n, dim)`` or ``(n, time, dim)``.
        audio: The same shape.
        seed: Of the bootstrap.

    Raises:
        ModelError: The embeddings have unlike shapes, or hold NaN or infinite values.
        DataError: No clip has a class to be found by.
    """
    check_pairs(video, audio)
    _require_classes(protocol, clips)
    row_of = {clip.id: row for row, clip in enumerate(clips)}
    rows = {"v2a": unit_rows(video), "a2v": unit_rows(audio)}
    measurements: list[Measurement] = []
    queries: list[CategoryQuery] = []
    notes: list[str] = []
    for name, direction in product((STANDARD, CLEAN), protocol.directions):
        asking, asked = rows[direction], rows["a2v" if direction == "v2a" else "v2a"]
        pool = [
            query
            for part, ids in enumerate(gallery.clip_ids for gallery in galleries if gallery.name == name)
            for here in [[row_of[clip] for clip in ids if clip in row_of]]
            for query in _ask(
                protocol, direction, (name, part), [clips[row] for row in here], asking[here], asked[here]
            )
        ]
        prefix = "" if name == STANDARD else f"{name}."
        finding = [query for query in pool if query.right]
        if silent := len(pool) - len(finding):
            notes.append(
                f"{prefix}{direction}: {silent} of {len(pool)} queries have no other clip of their class."
            )
        queries += finding
        for each in _measure(direction, finding, protocol.cutoffs, seed) if finding else ():
            measurements.append(replace(each, id=f"{prefix}{each.id}"))
    sizes = _sizes(galleries, row_of)
    return CategoryOutcome(
        measurements=tuple(measurements), queries=tuple(queries), galleries=sizes, notes=tuple(notes)
    )


def _sizes(galleries: Sequence[Gallery], there: Container[str]) -> dict[str, tuple[int, ...]]:
    """Return how many clips of each gallery have embeddings, by name, where there are any."""
    counts = {
        name: tuple(sum(clip in there for clip in each.clip_ids) for each in galleries if each.name == name)
        for name in (STANDARD, CLEAN)
    }
    return {name: sizes for name, sizes in counts.items() if any(sizes)}


def _require_classes(protocol: CategoryProtocol, clips: Sequence[Clip]) -> None:
    named = tuple(dict.fromkeys((*protocol.heard, *protocol.seen)))
    if not any(named_classes(clip, named) for clip in clips):
        under = f" under its labels {', '.join(named)}" if named else ""
        raise DataError(
            f"None of the {len(clips)} clips has a class{under}.",
            hint="Give a list that says what is heard and seen in each: docs/datasets.md has them.",
        )


def named_classes(clip: Clip, labels: Sequence[str]) -> tuple[str, ...]:
    """Return the classes that some labels of a clip name; without labels to look at all of the clip's."""
    if not labels:
        return clip.classes
    return tuple(name for label in labels for name in clip.labels.get(label, "").splitlines())


def _ask(
    protocol: CategoryProtocol,
    direction: Direction,
    gallery: tuple[str, int],
    clips: Sequence[Clip],
    asking: NDArray[np.float32],
    asked: NDArray[np.float32],
) -> Iterator[CategoryQuery]:
    """Yield how each clip fares that asks for the others of its gallery, the n-th of a name."""
    labels = (protocol.heard, protocol.seen) if direction == "a2v" else (protocol.seen, protocol.heard)
    own, theirs = ([named_classes(clip, label) for clip in clips] for label in labels)
    shared = _shared_classes(own, theirs)
    _, recording = np.unique([clip.group for clip in clips], return_inverse=True)
    # Identical candidates are multiplied once, so that they tie to the bit.
    first, candidate_of = distinct_rows(asked)
    for start in range(0, len(clips), QUERIES_AT_ONCE):
        stop = min(start + QUERIES_AT_ONCE, len(clips))
        scores = (asking[start:stop] @ asked[first].T)[:, candidate_of]
        common = shared[start:stop].toarray()
        for query, row, agreed in zip(range(start, stop), scores, common, strict=True):
            others = recording != recording[query]
            needed = len(set(own[query])) if protocol.agreement == "all" else 1
            right = (agreed >= max(needed, 1))[others]
            values = category_values(tie_groups(row[others], right), protocol.cutoffs) if right.any() else {}
            yield CategoryQuery(
                direction=direction,
                gallery=gallery[0],
                part=gallery[1],
                query=clips[query].id,
                recording=clips[query].group,
                classes=own[query],
                right=int(right.sum()),
                candidates=int(others.sum()),
                values=values,
            )


def _shared_classes(own: Sequence[Sequence[str]], theirs: Sequence[Sequence[str]]) -> Any:
    """Return how many classes query and candidate share, ``(query, candidate)``, sparse."""
    from scipy.sparse import csr_array

    number = {name: place for place, name in enumerate(sorted({each for some in own for each in some}))}

    def indicator(classes: Sequence[Sequence[str]]) -> csr_array:
        places = [
            (row, number[name]) for row, some in enumerate(classes) for name in set(some) if name in number
        ]
        rows, columns = np.array(places, np.int64).reshape(-1, 2).T
        return csr_array(
            (np.ones(len(places), np.int32), (rows, columns)), (len(classes), max(len(number), 1))
        )

    return indicator(own) @ indicator(theirs).T.tocsr()


_chance = lru_cache(maxsize=None)(chance_values)


def _measure(
    direction: Direction, pool: Sequence[CategoryQuery], cutoffs: tuple[int, ...], seed: int
) -> Iterator[Measurement]:
    """Take every number over all queries, then over classes."""
    names = list(pool[0].values)
    values = np.array([[query.values[name] for name in names] for query in pool])
    chances = [_chance(query.candidates, query.right, cutoffs) for query in pool]
    chance = np.array([[each[name] for name in names] for each in chances])
    groups, classes = [query.recording for query in pool], [query.classes for query in pool]
    by_class, class_intervals = bootstrap_class_means(values, groups, classes, seed=seed)
    chance_by_class, _ = bootstrap_class_means(chance, groups, classes, seed=seed, resamples=1)
    plain = (values.mean(0), chance.mean(0), bootstrap_means(values, groups, seed=seed))
    for prefix, found, expected, intervals in (
        ("", *plain),
        ("macro-", by_class, chance_by_class, class_intervals),
    ):
        for column, name in enumerate(names):
            yield Measurement(
                id=f"{CATEGORY}.{direction}.{prefix}{name}",
                value=float(found[column]),
                n=len(pool),
                unit="fraction",
                higher_is_better=True,
                chance=float(expected[column]),
                interval=_interval(values[:, column], intervals[column], len(set(groups))),
            )


def _interval(values: NDArray[np.float64], resampled: Interval, recordings: int) -> Interval:
    """Return the interval by resampling; of a share that is 0 or 1 for every query the exact one."""
    if np.ptp(values) == 0 and values[0] in (0, 1):
        return clopper_pearson(recordings * int(values[0]), recordings)
    return resampled
