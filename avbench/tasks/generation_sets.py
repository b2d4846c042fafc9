"""Numbers of generation that are taken over sets of sounds: distances, kernels, neighbours, inception score.

What a set is too small for is not measured, and a note says so: no number stands for "could not".
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from avbench.metrics.bias import Corrected
from avbench.metrics.classifier_scores import inception_interval, inception_score
from avbench.metrics.embedding_sets import Values
from avbench.metrics.frechet import Moments, frechet_distance, moments
from avbench.metrics.frechet_intervals import (
    EXTRAPOLATED_BLOCKS,
    extrapolation_interval,
    frechet_bootstrap,
    frechet_extrapolation,
    frechet_jackknife,
    frechet_without,
)
from avbench.metrics.intervals import RESAMPLES, bootstrap_means
from avbench.metrics.kernel_distances import (
    PERCENT,
    Kernel,
    kad_kernel,
    kernel_inception_distance,
    polynomial,
    squared_mmd,
    squared_mmd_jackknife,
)
from avbench.metrics.measurement import Interval, Measurement
from avbench.metrics.neighbourhoods import neighbourhoods
from avbench.tasks.features import ClipSounds, Pool, heard_through, made_pool, true_pool

T = TypeVar("T")

# Above this dimension a resample costs an eigenvalue problem of seconds: fewer are drawn.
LARGE_DIM, LARGE_RESAMPLES, LARGE_BLOCKS = 512, 200, 10
KID_SUBSET = 1000


@dataclass(slots=True, kw_only=True)
class Tries:
    """Measurements that may fail: what cannot be measured becomes a note.

    Attributes:
        notes: What could not be measured, and why.
    """

    notes: list[str] = field(default_factory=list)

    def measured(self, make: Callable[[], Measurement], id: str) -> Iterator[Measurement]:
        """Yield a measurement, or nothing and a note."""
        try:
            yield make()
        except ValueError as error:
            self.notes.append(f"{id} is not measured: {error}.")

    def interval(self, make: Callable[[], T]) -> T | None:
        """Return an interval, or what one is made of; ``None`` where there are too few recordings for one."""
        try:
            return make()
        except ValueError:
            return None


def distance_measurements(
    clips: Sequence[ClipSounds],
    embedder: str,
    prefix: str,
    tries: Tries,
    *,
    seed: int,
    reference: Moments | None = None,
) -> Iterator[Measurement]:
    """Measure how far what was made is from the truth, as a set, seen through one embedder.

    Args:
        clips: Those that it heard nothing in are left out.
        embedder: Its name.
        prefix: What the field calls its Fréchet distance: ``fad`` or ``fd``.
        tries: Told what cannot be measured.
        seed: Of the intervals.
        reference: Moments of other sounds, to measure the distance from them as well.
    """
    clips = heard_through(clips, embedder)
    if not clips:
        return
    made, truth = made_pool(clips, embedder), true_pool(clips, embedder)
    without = tries.interval(lambda: frechet_without(made.rows, made.recordings, moments(truth.rows)))
    sets = _Sets(made=made, truth=truth, seed=seed, tries=tries, without=without)
    for id, make in (
        (f"{prefix}.{embedder}", sets.frechet),
        (f"{prefix}-population.{embedder}", sets.frechet_population),
        (f"{prefix}-inf.{embedder}", sets.frechet_inf),
        (f"kad.{embedder}", sets.kad),
        (f"kid.{embedder}", sets.kid),
    ):
        for each in tries.measured(make, id):
            yield replace(each, id=id)
    if reference is not None:
        id = f"{prefix}-reference.{embedder}"
        for each in tries.measured(lambda: sets.frechet_from(reference), id):
            yield replace(each, id=id)
    yield from _neighbour_measurements(made, truth, embedder, tries, seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sets:
    """The distances of one made set from one true one; ids are given where they are listed."""

    made: Pool
    truth: Pool
    seed: int
    tries: Tries
    without: Values | None

    def frechet(self) -> Measurement:
        found = self.frechet_from(moments(self.truth.rows))
        return replace(found, without=() if self.without is None else tuple(self.without.tolist()))

    def frechet_from(self, reference: Moments) -> Measurement:
        resamples = RESAMPLES if reference.dim <= LARGE_DIM else LARGE_RESAMPLES
        return self._distance(
            frechet_distance(moments(self.made.rows), reference),
            lambda: frechet_bootstrap(
                self.made.rows, self.made.recordings, reference, seed=self.seed, resamples=resamples
            ),
        )

    def frechet_population(self) -> Measurement:
        reference = moments(self.truth.rows)
        return self._corrected(
            frechet_jackknife(self.made.rows, self.made.recordings, reference, without=self.without)
        )

    def frechet_inf(self) -> Measurement:
        reference = moments(self.truth.rows)
        blocks = EXTRAPOLATED_BLOCKS if reference.dim <= LARGE_DIM else LARGE_BLOCKS
        return self._distance(
            frechet_extrapolation(self.made.rows, reference, seed=self.seed).value,
            lambda: extrapolation_interval(
                self.made.rows, self.made.recordings, reference, seed=self.seed, blocks=blocks
            ),
        )

    def kad(self) -> Measurement:
        kernel = kad_kernel(self.truth.rows)
        value = PERCENT * squared_mmd(self.made.rows, self.truth.rows, kernel)
        return self._distance(value, lambda: self._discrepancy_interval(kernel, PERCENT))

    def kid(self) -> Measurement:
        size = min(KID_SUBSET, len(self.made.rows), len(self.truth.rows))
        if size < KID_SUBSET:
            raise ValueError(f"its subsets have {KID_SUBSET} rows, and there are {size}")
        return self._distance(
            kernel_inception_distance(self.made.rows, self.truth.rows).mean,
            lambda: self._discrepancy_interval(polynomial(), 1.0),
        )

    def _discrepancy_interval(self, kernel: Kernel, scale: float) -> Interval:
        found = squared_mmd_jackknife(self.made.rows, self.truth.rows, kernel, self.made.recordings)
        return replace(found.interval, low=scale * found.interval.low, high=scale * found.interval.high)

    def _distance(self, value: float, interval: Callable[[], Interval]) -> Measurement:
        found = self.tries.interval(interval)
        return _measurement("", value, len(self.made.rows), "distance", found, higher=False)

    def _corrected(self, found: Corrected) -> Measurement:
        return _measurement("", found.value, len(self.made.rows), "distance", found.interval, higher=False)


def _neighbour_measurements(
    made: Pool, truth: Pool, embedder: str, tries: Tries, seed: int
) -> Iterator[Measurement]:
    try:
        found = neighbourhoods(made.rows, truth.rows)
    except ValueError as error:
        tries.notes.append(
            f"precision, recall, density and coverage of {embedder} are not measured: {error}."
        )
        return
    for name, values, pool in (
        ("precision", found.precision, made),
        ("diversity-recall", found.recall, truth),
        ("density", found.density, made),
        ("coverage", found.coverage, truth),
    ):
        (interval,) = bootstrap_means(values[:, None], pool.recordings, seed=seed)
        unit = "ratio" if name == "density" else "fraction"
        yield _measurement(
            f"{name}.{embedder}", float(values.mean()), len(values), unit, interval, higher=True
        )


def inception_measurements(
    clips: Sequence[ClipSounds], classifier: str, tries: Tries, *, seed: int
) -> Iterator[Measurement]:
    """Measure how sure and how varied a classifier's answers to what was made are."""
    clips = heard_through(clips, classifier)
    if not clips:
        return
    logits = np.stack([each.logits[classifier] for clip in clips for each in clip.made])
    recordings = [clip.recording for clip in clips for _ in clip.made]

    def measure() -> Measurement:
        value = inception_score(logits).mean
        interval = tries.interval(lambda: inception_interval(logits, recordings, seed=seed))
        return _measurement(f"is.{classifier}", value, len(logits), "classes", interval, higher=True)

    yield from tries.measured(measure, f"is.{classifier}")


def _measurement(
    id: str, value: float, n: int, unit: str, interval: Interval | None, *, higher: bool
) -> Measurement:
    return Measurement(id=id, value=value, n=n, unit=unit, higher_is_better=higher, interval=interval)
