"""Scoring forced choices: pairs of clips and embeddings in, accuracy by what differs and curves out."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avbench.clips import Gallery
from avbench.errors import DataError
from avbench.metrics import retrieval
from avbench.metrics.intervals import bootstrap_means, clopper_pearson
from avbench.metrics.measurement import Measurement
from avbench.metrics.psychometric import CHANCE, Curve
from avbench.metrics.ranks import rank_pairs
from avbench.records import Direction
from avbench.specs import ChoiceProtocol
from avbench.tasks.retrieval_numbers import STANDARD

PREFIX, POINT, THRESHOLD = "choice.", "@", ".threshold"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceRecord:
    """How one pair fared.

    Attributes:
        clip: The pair's second clip, which names it.
        other: Its first.
        recording: What it is resampled with.
        right: By direction, whether the first and the second clip found their own: 1, 0, or ½ for a tie.
        values: What the pair gives to each number that is a mean over pairs, by score id.
    """

    clip: str
    other: str
    recording: str
    right: Mapping[Direction, tuple[float, ...]]
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceOutcome:
    """Everything forced choices say about a model.

    Attributes:
        measurements: In the order of the galleries, the mean of a series before its points; then thresholds.
        queries: One entry for each pair.
        galleries: Sizes of the galleries scored, by name.
        notes: Pairs that cannot be asked, and thresholds that are not there.
    """

    measurements: tuple[Measurement, ...]
    queries: tuple[ChoiceRecord, ...]
    galleries: Mapping[str, tuple[int, ...]]
    notes: tuple[str, ...]


def score_choices(
    protocol: ChoiceProtocol,
    galleries: Sequence[Gallery],
    clip_ids: Sequence[str],
    groups: Sequence[str],
    video: NDArray[np.floating],
    audio: NDArray[np.floating],
    seed: int,
) -> ChoiceOutcome:
    """Have each clip of each pair choose between the two, in every direction.

    A pair with a clip that has no embedding is left out, and a note counts it.

    Args:
        protocol: Directions, and the level of thresholds.
        galleries: Of two clips each; ``standard`` is passed over.
        clip_ids: ``(n,)``: the clips that have embeddings.
        groups: ``(n,)``: the recording each clip counts under.
        video: ``(n, dim)`` or ``(n, time, dim)``.
        audio: The same shape.
        seed: Of the bootstrap.

    Raises:
        DataError: A gallery is no pair, or its name holds a shift that is none.
        ModelError: The embeddings have unlike shapes, or hold NaN or infinite values.
    """
    row_of = {clip: row for row, clip in enumerate(clip_ids)}
    pairs = [gallery for gallery in galleries if gallery.name != STANDARD]
    for gallery in pairs:
        check_pair(gallery)
    whole = [gallery for gallery in pairs if row_of.keys() >= set(gallery.clip_ids)]
    records: list[ChoiceRecord] = []
    for gallery in whole:
        here = [row_of[clip] for clip in gallery.clip_ids]
        records.append(_ask(protocol, gallery, groups[here[1]], video[here], audio[here]))
    names = dict.fromkeys(name for record in records for name in record.values)
    curves = _curves(names, records)
    thresholds = {series: _threshold(curve, series, protocol, seed) for series, curve in curves.items()}
    sizes: dict[str, tuple[int, ...]] = {}
    for gallery in whole:
        sizes[gallery.name] = (*sizes.get(gallery.name, ()), len(gallery.clip_ids))
    return ChoiceOutcome(
        measurements=(
            *(_accuracy(name, records, seed) for name in names),
            *(each for each in thresholds.values() if each),
        ),
        queries=tuple(records),
        galleries=sizes,
        notes=(
            *_lost(len(pairs), len(whole)),
            *(_unreached(curves[each], each, protocol) for each, found in thresholds.items() if not found),
        ),
    )


def check_pair(gallery: Gallery) -> None:
    """Refuse a gallery that is no pair, or whose name holds a shift that is none.

    Raises:
        DataError: It is one.
    """
    count = len(set(gallery.clip_ids))
    problem = (
        f"has {count} clip{'s' * (count != 1)}; a choice is between two"
        if not count == len(gallery.clip_ids) == 2
        else "has no shift in seconds after the @ of its name"
        if POINT in gallery.name and not 0 < _shift(gallery.name) < math.inf
        else ""
    )
    if problem:
        raise DataError(
            f"The gallery {gallery.name!r} {problem}.",
            hint="Look at the plugin that brings the dataset, or give the task another protocol.",
        )


def _shift(name: str) -> float:
    """Return the shift at the end of a name, in seconds; 0 where there is none."""
    try:
        return float(name.partition(POINT)[2])
    except ValueError:
        return 0.0


def _ask(
    protocol: ChoiceProtocol,
    gallery: Gallery,
    recording: str,
    video: NDArray[np.floating],
    audio: NDArray[np.floating],
) -> ChoiceRecord:
    ranks = rank_pairs(video, audio).by_direction
    right: dict[Direction, tuple[float, ...]] = {
        each: tuple(retrieval.recall(ranks[each].better, ranks[each].tied, 1).tolist())
        for each in protocol.directions
    }
    # A point of a series counts for the mean of the series, too.
    names = dict.fromkeys((gallery.name.partition(POINT)[0], gallery.name))
    share = float(np.mean([*right.values()]))
    return ChoiceRecord(
        clip=gallery.clip_ids[1],
        other=gallery.clip_ids[0],
        recording=recording,
        right=right,
        values={f"{PREFIX}{name}": share for name in names},
    )


def _accuracy(name: str, records: Sequence[ChoiceRecord], seed: int) -> Measurement:
    some = [record for record in records if name in record.values]
    values = np.array([record.values[name] for record in some])
    groups = [record.recording for record in some]
    count = len(set(groups))
    whole = np.ptp(values) == 0 and values[0] in (0, 1)
    return Measurement(
        id=name,
        value=float(values.mean()),
        n=len(some),
        unit="fraction",
        higher_is_better=True,
        chance=CHANCE,
        interval=clopper_pearson(count * int(values[0]), count)
        if whole
        else bootstrap_means(values[:, np.newaxis], groups, seed=seed)[0],
    )


def _curves(names: Iterable[str], records: Sequence[ChoiceRecord]) -> dict[str, Curve]:
    """Return the curve of every series, by the id of its mean."""
    series = dict.fromkeys(name.partition(POINT)[0] for name in names if POINT in name)
    curves: dict[str, Curve] = {}
    for one in series:
        points = sorted((name for name in names if name.startswith(f"{one}{POINT}")), key=_shift)
        shares = [[record.values.get(name, np.nan) for name in points] for record in records]
        there = [row for row, values in enumerate(shares) if not np.isnan(values).all()]
        curves[one] = Curve.of(
            [_shift(name) for name in points],
            [shares[row] for row in there],
            [records[row].recording for row in there],
        )
    return curves


def _threshold(curve: Curve, series: str, protocol: ChoiceProtocol, seed: int) -> Measurement | None:
    value = curve.threshold(protocol.threshold)
    if value is None:
        return None
    return Measurement(
        id=f"{series}{THRESHOLD}",
        value=value,
        n=len(curve.shares),
        unit="s",
        higher_is_better=False,
        interval=curve.interval(protocol.threshold, seed=seed),
    )


def _unreached(curve: Curve, series: str, protocol: ChoiceProtocol) -> str:
    return (
        f"{series}{THRESHOLD} is absent: no shift up to {curve.shifts[-1]:g} s is told apart in "
        f"{protocol.threshold:.0%} of choices."
    )


def _lost(pairs: int, whole: int) -> list[str]:
    if whole == pairs:
        return []
    return [f"{pairs - whole} of {pairs} pairs are not asked: a clip of theirs is left out."]
