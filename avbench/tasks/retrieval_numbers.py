"""The numbers of retrieval, from where the true candidate of every query stands."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from avbench.metrics import retrieval
from avbench.metrics.class_means import bootstrap_class_means
from avbench.metrics.intervals import (
    RESAMPLES,
    bootstrap_means,
    bootstrap_median,
    clopper_pearson,
)
from avbench.metrics.measurement import Interval, Measurement
from avbench.records import Direction
from avbench.specs import RetrievalProtocol

STANDARD = "standard"
ClassMeans = tuple[NDArray[np.float64], list[Interval]]


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
    if protocol.percentile and standard and smallest == largest > 1:
        share = partial(retrieval.percentile, candidates=largest)
        metrics.append(_Metric(id="percentile", unit="fraction", per_query=share))
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


def measure(protocol: RetrievalProtocol, pool: Sequence[QueryRank], seed: int) -> list[Measurement]:
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


def measure_by_class(
    protocol: RetrievalProtocol, pool: Sequence[QueryRank], classes: Mapping[str, Sequence[str]], seed: int
) -> list[Measurement]:
    """Measure recall and reciprocal rank of one direction class by class, and average over the classes."""
    better = np.array([query.better for query in pool], np.int64)
    tied = np.array([query.tied for query in pool], np.int64)
    metrics = [
        metric
        for metric in _metrics(protocol, pool)
        if metric.id == "mrr" or metric.id in {f"recall@{k}" for k in protocol.recall_at}
    ]
    groups, of_each = [query.recording for query in pool], [classes[query.query] for query in pool]

    def averaged(columns: Sequence[NDArray[np.float64]], resamples: int = 1) -> ClassMeans:
        return bootstrap_class_means(np.stack(columns, 1), groups, of_each, seed=seed, resamples=resamples)

    means, intervals = averaged([metric.per_query(better, tied) for metric in metrics], RESAMPLES)
    bounds = [retrieval.bounds(metric.per_query, better, tied) for metric in metrics]
    best, worst = (averaged([each[end] for each in bounds])[0] for end in (0, 1))
    sizes = [query.candidates for query in pool]
    chance, _ = averaged(
        [np.array([retrieval.chance(metric.per_query, size) for size in sizes]) for metric in metrics]
    )
    return [
        Measurement(
            id=f"{pool[0].direction}.macro-{metric.id}",
            value=float(means[column]),
            n=len(pool),
            unit=metric.unit,
            higher_is_better=True,
            optimistic=float(best[column]),
            pessimistic=float(worst[column]),
            chance=float(chance[column]),
            interval=intervals[column],
        )
        for column, metric in enumerate(metrics)
    ]


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
