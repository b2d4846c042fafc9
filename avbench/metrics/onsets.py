r"""Onsets where the truth is known: a detected one is a hit if it belongs to a true one, one to one.

Within a tolerance, the largest number of one-to-one pairs is found exactly: all windows have the same width,
so taking both lists in order of time and pairing the earliest that fit is optimal (the bipartite graph is a
proper interval graph; Hopcroft and Karp's algorithm gives the same number). With hits :math:`h`, detected
:math:`d` and true :math:`t`, summed over clips,

.. math:: P = \frac{h}{d}, \qquad R = \frac{h}{t}, \qquad F_1 = \frac{2h}{d + t}

and with detections ordered by strength, of which the first :math:`j` have :math:`P_j` and :math:`R_j`,

.. math:: \mathrm{AP} = \sum_j (R_j - R_{j-1}) P_j

over distinct strengths, so equal ones have no order. Sums over clips, not means of clips: a clip without
onsets then needs no value of its own. (CondFoleyGen and MMAudio average over files, and let one detection
count more than once.) Times are compared to the microsecond, and a distance equal to the tolerance is a hit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from avbench.metrics.embedding_sets import Values, group_indices
from avbench.metrics.intervals import LEVEL, RESAMPLES, bootstrap_ratios, group_counts, percentile_interval
from avbench.metrics.measurement import Interval

TOLERANCES = (0.05, 0.1, 0.2, 0.3)
MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OnsetCounts:
    """What was found of one clip's onsets.

    Attributes:
        hits: Pairs.
        detected: Onsets of the generated sound.
        true: Onsets of the truth.
    """

    hits: int
    detected: int
    true: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OnsetScores:
    """Onset numbers over all clips, fractions.

    Attributes:
        precision: ``None`` if nothing was detected in any clip.
        recall: Of the true onsets.
        f1: Their harmonic mean; 0 if nothing was detected.
        precision_interval: Over recordings; ``None`` where there is no precision.
        recall_interval: Over recordings.
        f1_interval: Over recordings.
    """

    precision: float | None
    recall: float
    f1: float
    precision_interval: Interval | None
    recall_interval: Interval
    f1_interval: Interval


def matched(detected: ArrayLike, true: ArrayLike, tolerance: float) -> OnsetCounts:
    """Pair detected and true onsets of one clip, one to one, as many as possible.

    Args:
        detected: Times in seconds, ``(d,)``, in any order; may be empty.
        true: Times in seconds, ``(t,)``.
        tolerance: Largest distance of a pair, in seconds.

    Raises:
        ValueError: A time is NaN or infinite, the shape is another, or the tolerance is not positive.

    >>> matched([0.5, 1.0], [0.52, 1.5], 0.1)
    OnsetCounts(hits=1, detected=2, true=2)
    """
    window = _window(tolerance)
    found, wanted = _ticks(detected, "the detected onsets"), _ticks(true, "the true onsets")
    return OnsetCounts(hits=_pairs(found, wanted, window), detected=len(found), true=len(wanted))


def onset_scores(
    clips: Sequence[OnsetCounts],
    groups: Sequence[str],
    *,
    seed: int,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> OnsetScores:
    """Return precision, recall and F1 over clips, each with its bootstrap interval.

    Args:
        clips: Counts of each clip at one tolerance.
        groups: ``(n,)``: the recording of each clip.
        seed: Of the resampling.
        resamples: How many.
        level: Nominal coverage.

    Raises:
        ValueError: No clip has a true onset, or groups and clips differ in number.

    >>> scores = onset_scores([OnsetCounts(hits=1, detected=2, true=2)], ["a"], seed=0)
    >>> scores.precision, scores.recall, scores.f1
    (0.5, 0.5, 0.5)
    """
    group_indices(groups, len(clips))
    counts = np.array([(each.hits, each.detected, each.true) for each in clips], np.float64).reshape(-1, 3)
    hits, detected, true = counts.T
    if not true.sum():
        raise ValueError("no clip has a true onset: there is nothing to find")
    given = {"seed": seed, "resamples": resamples}
    found = detected.sum() > 0
    return OnsetScores(
        precision=float(hits.sum() / detected.sum()) if found else None,
        recall=float(hits.sum() / true.sum()),
        f1=float(2 * hits.sum() / (detected.sum() + true.sum())),
        precision_interval=bootstrap_ratios(hits, detected, groups, **given, level=level) if found else None,
        recall_interval=bootstrap_ratios(hits, true, groups, **given, level=level),
        f1_interval=bootstrap_ratios(2 * hits, detected + true, groups, **given, level=level),
    )


def average_precision(
    detected: Sequence[ArrayLike], strengths: Sequence[ArrayLike], true: Sequence[ArrayLike], tolerance: float
) -> float:
    """Return the average precision of detections with strengths, over all clips together.

    Args:
        detected: Of each clip, times in seconds ``(d,)``.
        strengths: Of each clip, ``(d,)``: comparable from clip to clip.
        true: Of each clip, times in seconds ``(t,)``.
        tolerance: Largest distance of a pair, in seconds.

    Raises:
        ValueError: No clip has a true onset, lists differ in length, or a value is NaN or infinite.

    >>> average_precision([[0.0, 1.0, 2.0]], [[3.0, 2.0, 1.0]], [[0.0, 2.0]], 0.1)
    0.8333333333333333
    """
    found = _Detections.of(detected, strengths, true, tolerance)
    return float(found.precision(np.ones((1, found.clips)))[0])


def average_precision_interval(
    detected: Sequence[ArrayLike],
    strengths: Sequence[ArrayLike],
    true: Sequence[ArrayLike],
    tolerance: float,
    groups: Sequence[str],
    *,
    seed: int,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> Interval:
    """Return the percentile interval of :func:`average_precision` over recordings.

    Args:
        detected: As there.
        strengths: As there.
        true: As there; a resample without a true onset is left out.
        tolerance: As there.
        groups: ``(n,)``: the recording of each clip.
        seed: Of the resampling.
        resamples: How many.
        level: Nominal coverage.

    Raises:
        ValueError: As :func:`average_precision`, or groups and clips differ in number.
    """
    found = _Detections.of(detected, strengths, true, tolerance)
    count, group_of = group_indices(groups, found.clips)
    drawn = [found.precision(counts[:, group_of]) for counts in group_counts(count, seed, resamples)]
    values = np.concatenate(drawn)
    return percentile_interval(values[np.isfinite(values)], level, seed, count)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Detections:
    """The detections of some clips, the strongest first.

    Attributes:
        clip: ``(g,)``: which clip each group of equally strong detections is of.
        taken: ``(g,)``: how many they are.
        hits: ``(g,)``: pairs that they add.
        starts: Where each strength begins.
        true: ``(clip,)`` true onsets.
    """

    clip: NDArray[np.intp]
    taken: Values
    hits: Values
    starts: NDArray[np.intp]
    true: Values

    @classmethod
    def of(
        cls,
        detected: Sequence[ArrayLike],
        strengths: Sequence[ArrayLike],
        true: Sequence[ArrayLike],
        tolerance: float,
    ) -> "_Detections":
        window = _window(tolerance)
        gained: list[tuple[float, int, int, int]] = []
        totals: list[int] = []
        for clip, (times, heights, wanted_times) in enumerate(zip(detected, strengths, true, strict=True)):
            found, wanted = _ticks(times, "the detected onsets"), _ticks(wanted_times, "the true onsets")
            strength = np.asarray(heights, np.float64)
            if strength.shape != found.shape or not np.isfinite(strength).all():
                raise ValueError("every detected onset needs one finite strength")
            totals.append(len(wanted))
            gained += [(*gain, clip) for gain in _gains(found, strength, wanted, window)]
        if not sum(totals):
            raise ValueError("no clip has a true onset: there is nothing to find")
        table = np.array(gained, np.float64).reshape(-1, 4)
        strength, taken, hits, clips = table[np.argsort(-table[:, 0], kind="stable")].T
        return cls(
            clip=clips.astype(np.intp),
            taken=taken,
            hits=hits,
            starts=np.flatnonzero(np.diff(strength, prepend=np.inf)),
            true=np.array(totals, np.float64),
        )

    @property
    def clips(self) -> int:
        return len(self.true)

    def precision(self, weights: NDArray[Any]) -> Values:
        """Return the average precision with clip ``i`` taken ``weights[:, i]`` times, ``(some,)``."""
        if not len(self.starts):
            return np.zeros(len(weights))
        drawn = weights[:, self.clip]
        taken, hits = (np.add.reduceat(each * drawn, self.starts, axis=1) for each in (self.taken, self.hits))
        with np.errstate(invalid="ignore"):  # a resample may hold no true onset, and begin with no detection
            precise = np.cumsum(hits, 1) / np.maximum(np.cumsum(taken, 1), 1)
            return (hits * precise).sum(1) / (weights @ self.true)


def _gains(
    found: NDArray[np.int64], strength: Values, wanted: NDArray[np.int64], window: int
) -> Iterator[tuple[float, int, int]]:
    """Yield each strength of a clip, how many detections have it, and the hits that they add."""
    before = 0
    for level in np.unique(strength)[::-1]:
        hits = _pairs(found[strength >= level], wanted, window)
        yield float(level), int((strength == level).sum()), hits - before
        before = hits


def _pairs(found: NDArray[np.int64], wanted: NDArray[np.int64], window: int) -> int:
    ours, theirs = np.sort(found).tolist(), np.sort(wanted).tolist()
    hits = i = j = 0
    while i < len(ours) and j < len(theirs):
        if abs(ours[i] - theirs[j]) <= window:
            hits, i, j = hits + 1, i + 1, j + 1
        elif ours[i] < theirs[j]:
            i += 1
        else:
            j += 1
    return hits


def _window(tolerance: float) -> int:
    if not 0 < tolerance < np.inf:
        raise ValueError(f"a tolerance of {tolerance} s is not positive")
    return round(tolerance * MICROSECONDS)


def _ticks(times: ArrayLike, name: str) -> NDArray[np.int64]:
    given = np.asarray(times, np.float64)
    if given.ndim != 1 or not np.isfinite(given).all():
        raise ValueError(f"{name} are not a list of finite times in seconds")
    return np.round(given * MICROSECONDS).astype(np.int64)
