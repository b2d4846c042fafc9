"""Scoring a retrieval task: galleries and embeddings in, measurements and per-query ranks out."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from avbench.clips import Gallery
from avbench.metrics import retrieval
from avbench.metrics.intervals import bootstrap_means, bootstrap_median, clopper_pearson
from avbench.metrics.measurement import Interval, Measurement
from avbench.metrics.ranks import rank_pairs
from avbench.records import Direction
from avbench.specs import RetrievalProtocol

STANDARD = "standard"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryRank:
    """Where the true candidate of one query stands.

    Attributes:
        direction: ``a2v`` or ``v2a``.
        gallery: The gallery's name.
        part: Which of the galleries of that name, counted from 0.
        query: The clip that asks; its other stream is the true candidate.
        recording: What the query is resampled with: clips of one recording are not independent.
        better: Candidates that score strictly higher.
        tied: Other candidates with exactly the same score.
        candidates: Size of the gallery.
    """

    direction: Direction
    gallery: str
    part: int
    query: str
    recording: str
    better: int
    tied: int
    candidates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalOutcome:
    """Everything a retrieval task says about a model.

    Attributes:
        measurements: In the order gallery name, direction, metric.
        queries: One entry for each query, direction and gallery.
        notes: Galleries left out and collapsed embeddings, a sentence each.
    """

    measurements: tuple[Measurement, ...]
    queries: tuple[QueryRank, ...]
    notes: tuple[str, ...]


def score_retrieval(
    protocol: RetrievalProtocol,
    galleries: Sequence[Gallery],
    clip_ids: Sequence[str],
    groups: Sequence[str],
    video: NDArray[np.floating],
    audio: NDArray[np.floating],
    seed: int,
) -> RetrievalOutcome:
    """Rank every clip of every gallery against that gallery, in both directions.

    Galleries that share a name are pooled: each query is ranked in its own gallery, and the numbers are taken
    over all queries of that name. Clips without embeddings are left out of the galleries; a gallery with
    fewer than two candidates left ranks nothing, and a note says so.

    Args:
        protocol: Directions, cut-offs of recall and fixed gallery sizes.
        galleries: At least one; ``standard`` gives ids without a prefix.
        clip_ids: ``(n,)``: the clips that have embeddings.
        groups: ``(n,)``: the recording each clip counts under (:attr:`avbench.clips.Clip.group`).
        video: ``(n, dim)`` or ``(n, time, dim)``.
        audio: The same shape.
        seed: Of the bootstrap; kept with every interval.

    Raises:
        ModelError: The embeddings have unlike shapes, or hold NaN or infinite values.
    """
    row_of = {clip: row for row, clip in enumerate(clip_ids)}
    names = sorted({gallery.name for gallery in galleries}, key=lambda name: (name != STANDARD, name))
    measurements: list[Measurement] = []
    queries: list[QueryRank] = []
    notes: list[str] = []
    left_out: list[str] = []
    for name in names:
        parts = [_left(gallery, row_of) for gallery in galleries if gallery.name == name]
        short = sum(len(part) < 2 for part in parts)
        left_out += [f"{name} ({short} of {len(parts)})"] if short else []
        ranked = [
            query
            for number, clips in enumerate(parts)
            if len(clips) >= 2
            for query in _rank_part(protocol, name, number, clips, row_of, groups, video, audio, notes)
        ]
        queries += ranked
        if len({query.recording for query in ranked}) == 1:
            notes.append(f"All queries of {name} come from one recording: its intervals have no width.")
        for direction in protocol.directions:
            pool = [query for query in ranked if query.direction == direction]
            if pool:
                measurements += _measure(protocol, pool, seed)
    if left_out:
        notes.append(f"Galleries with fewer than two clips left rank nothing: {', '.join(left_out)}.")
    return RetrievalOutcome(measurements=tuple(measurements), queries=tuple(queries), notes=tuple(notes))


def _left(gallery: Gallery, row_of: Mapping[str, int]) -> list[str]:
    return [clip for clip in gallery.clip_ids if clip in row_of]


def _rank_part(
    protocol: RetrievalProtocol,
    name: str,
    part: int,
    clips: Sequence[str],
    row_of: Mapping[str, int],
    groups: Sequence[str],
    video: NDArray[np.floating],
    audio: NDArray[np.floating],
    notes: list[str],
) -> list[QueryRank]:
    """Rank the clips of one gallery among each other; a collapse in the standard one is noted."""
    rows = [row_of[clip] for clip in clips]
    pairs = rank_pairs(video[rows], audio[rows])
    if name == STANDARD:
        notes += _collapse("video", pairs.distinct_video, len(clips))
        notes += _collapse("audio", pairs.distinct_audio, len(clips))
    return [
        QueryRank(
            direction=direction,
            gallery=name,
            part=part,
            query=clip,
            recording=groups[row_of[clip]],
            better=int(better),
            tied=int(tied),
            candidates=ranks.candidates,
        )
        for direction in protocol.directions
        for ranks in [pairs.by_direction[direction]]
        for clip, better, tied in zip(clips, ranks.better, ranks.tied, strict=True)
    ]


def _collapse(side: str, distinct: int, clips: int) -> list[str]:
    if distinct == clips:
        return []
    return [f"Only {distinct} of {clips} {side} embeddings are distinct; identical ones tie."]


def _mean(values: NDArray[np.float64]) -> float:
    # A correctly rounded sum does not depend on the order of the queries.
    return math.fsum(values) / len(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Metric:
    """How one number comes from per-query values; a fraction is better high, a rank low."""

    id: str
    unit: Literal["fraction", "rank"]
    per_query: retrieval.PerQuery
    summarise: Callable[[NDArray[np.float64]], float] = _mean


def _metrics(protocol: RetrievalProtocol, pool: Sequence[QueryRank]) -> list[_Metric]:
    """List what is measured, and no recall that every model has in full."""
    smallest, largest = (pick(query.candidates for query in pool) for pick in (min, max))
    standard = pool[0].gallery == STANDARD
    cuts = [k for k in protocol.recall_at if k < smallest]
    metrics = [
        _Metric(id=f"recall@{k}", unit="fraction", per_query=partial(retrieval.recall, k=k)) for k in cuts
    ]
    if standard and smallest == largest:
        metrics += [
            _Metric(id=f"recall@{k}of{size}", unit="fraction", per_query=_smaller(k, largest, size))
            for size in protocol.gallery_sizes
            for k in cuts
            if k < size < largest
        ]
    return [
        *metrics,
        _Metric(id="mrr", unit="fraction", per_query=retrieval.reciprocal_rank),
        _Metric(id="meanr", unit="rank", per_query=retrieval.rank),
        _Metric(id="medr", unit="rank", per_query=retrieval.rank, summarise=retrieval.median_rank),
        _Metric(
            id="medr_openclip",
            unit="rank",
            per_query=retrieval.rank,
            summarise=retrieval.median_rank_openclip,
        ),
    ]


def _smaller(k: int, candidates: int, size: int) -> retrieval.PerQuery:
    return partial(retrieval.recall_in_smaller_gallery, k=k, candidates=candidates, size=size)


def _measure(protocol: RetrievalProtocol, pool: Sequence[QueryRank], seed: int) -> list[Measurement]:
    """Measure one gallery name in one direction."""
    groups = [query.recording for query in pool]
    gallery, direction = pool[0].gallery, pool[0].direction
    prefix = f"{direction}." if gallery == STANDARD else f"{gallery}.{direction}."
    better = np.array([query.better for query in pool], np.int64)
    tied = np.array([query.tied for query in pool], np.int64)
    sizes, size_of = np.unique([query.candidates for query in pool], return_inverse=True)
    metrics = _metrics(protocol, pool)
    values = [metric.per_query(better, tied) for metric in metrics]
    measurements: list[Measurement] = []
    for metric, value, interval in zip(
        metrics, values, _intervals(metrics, values, groups, seed), strict=True
    ):
        best, worst = retrieval.bounds(metric.per_query, better, tied)
        chance = np.array([retrieval.chance(metric.per_query, int(size)) for size in sizes])[size_of]
        measurements.append(
            Measurement(
                id=prefix + metric.id,
                value=metric.summarise(value),
                n=len(pool),
                unit=metric.unit,
                higher_is_better=metric.unit == "fraction",
                optimistic=metric.summarise(best),
                pessimistic=metric.summarise(worst),
                chance=metric.summarise(chance),
                interval=interval,
            )
        )
    return measurements


def _intervals(
    metrics: Sequence[_Metric], values: Sequence[NDArray[np.float64]], groups: Sequence[str], seed: int
) -> list[Interval]:
    """Bootstrap over recordings; a share that is 0 or 1 for every query has an exact interval instead."""
    recordings = len(set(groups))
    intervals = bootstrap_means(np.stack(values, 1), groups, seed=seed)
    for index, (metric, value) in enumerate(zip(metrics, values, strict=True)):
        if metric.summarise is not _mean:
            median = bootstrap_median(value, groups, seed=seed)
            ends = np.array([median.low]), np.array([median.high])
            low, high = (metric.summarise(end) for end in ends)
            intervals[index] = replace(median, low=low, high=high)
        elif metric.unit == "fraction" and np.ptp(value) == 0 and value[0] in (0, 1):
            intervals[index] = clopper_pearson(recordings * int(value[0]), recordings)
    return intervals
