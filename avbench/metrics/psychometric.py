r"""A psychometric curve: how often two things so far apart are told apart, and how far apart they must be.

Of shares :math:`y_1 \dots y_m` of right choices at shifts :math:`d_1 < \dots < d_m`, the **monotone fit** is
the nearest curve that never falls (isotonic regression with every shift counted alike, in its max-min form)
and is nowhere below chance:

.. math::
    \hat y_i = \max\Big(\tfrac12,\; \max_{j \le i}\, \min_{k \ge i}\, \frac{y_j + \dots + y_k}{k - j + 1}\Big)

The **threshold** is the shift at which the fit first reaches a level :math:`\ell`: between two shifts along a
straight line over :math:`\log d`; below the smallest along one over :math:`d` from :math:`\tfrac12` at
:math:`d = 0`, where both are the same and nobody can choose. A fit that never reaches the level has none.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from avbench.metrics.embedding_sets import Values
from avbench.metrics.intervals import LEVEL, RESAMPLES, expanded_tail, group_counts, percentile_interval
from avbench.metrics.measurement import Interval

CHANCE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """Right choices over how far two things are apart.

    Attributes:
        shifts: Ascending, above 0.
        shares: ``(pair, shift)``: right choices of a pair at the shift it has, NaN at all others.
        groups: ``(pair,)``: the recording of each pair.

    Raises:
        ValueError: The shapes do not fit, a shift has no pair, or the shifts do not ascend from above 0.
    """

    shifts: Sequence[float]
    shares: Values
    groups: Sequence[str]

    def __post_init__(self) -> None:
        if self.shares.shape != (len(self.groups), len(self.shifts)) or not len(self.shifts):
            raise ValueError(
                f"shares of shape {self.shares.shape} do not fit {len(self.groups)} pairs "
                f"and {len(self.shifts)} shifts"
            )
        if np.isnan(self.shares).all(0).any():
            raise ValueError("a shift has no pair")
        if not (np.diff([0.0, *self.shifts]) > 0).all():
            raise ValueError("shifts ascend from above 0")

    @classmethod
    def of(cls, shifts: Sequence[float], shares: ArrayLike, groups: Sequence[str]) -> "Curve":
        """Return one from anything that is an array of numbers."""
        return cls(shifts=shifts, shares=np.asarray(shares, np.float64), groups=groups)

    @property
    def means(self) -> Values:
        """Share of right choices at each shift, ``(shift,)``."""
        return np.nanmean(self.shares, axis=0)

    def threshold(self, level: float) -> float | None:
        """Return where the monotone fit reaches a level, in the unit of the shifts, if it does."""
        return crossing(self.shifts, monotone(self.means).tolist(), level)

    def interval(self, level: float, *, seed: int) -> Interval | None:
        """Return the interval of the threshold, recordings resampled.

        A resample whose fit never reaches the level counts as above all shifts. Where so many do that the
        upper end lies among them, or all resamples are alike, there is no interval.
        """
        names, group_of = np.unique(np.asarray(self.groups), return_inverse=True)
        there = ~np.isnan(self.shares)
        sums, sizes = (np.zeros((len(names), len(self.shifts))) for _ in range(2))
        np.add.at(sums, group_of, np.nan_to_num(self.shares))
        np.add.at(sizes, group_of, there)
        drawn = np.concatenate(
            [
                np.stack([counts @ sums, counts @ sizes])
                for counts in group_counts(len(names), seed, RESAMPLES)
            ],
            axis=1,
        )
        whole = drawn[:, (drawn[1] > 0).all(1)]
        found = [crossing(self.shifts, fit, level) for fit in monotone(whole[0] / whole[1]).tolist()]
        thresholds = np.array([math.inf if each is None else each for each in found])
        beyond = 1 - expanded_tail(LEVEL, len(names))
        if len(set(found)) < 2 or math.isinf(np.quantile(thresholds, beyond, method="higher")):
            return None
        return percentile_interval(thresholds, LEVEL, seed, len(names))


def monotone(shares: Values) -> Values:
    """Return the monotone fit to shares of right choices, ``(…, shift)``, in the order of the shifts.

    >>> monotone(np.array([0.4, 0.75, 0.5, 0.875])).tolist()
    [0.5, 0.625, 0.625, 0.875]
    """
    count = shares.shape[-1]

    def lowest(first: int, place: int) -> Values:
        means = [shares[..., first : last + 1].mean(-1) for last in range(place, count)]
        return np.min(means, axis=0)

    fit = [np.max([lowest(first, place) for first in range(place + 1)], axis=0) for place in range(count)]
    return np.maximum(np.stack(fit, -1), CHANCE)


def crossing(shifts: Sequence[float], fit: Sequence[float], level: float) -> float | None:
    """Return the shift at which a monotone fit reaches ``level``; ``None`` where it never does.

    Args:
        shifts: Ascending, above 0.
        fit: Share of right choices at each, never falling, at least one half.
        level: Above one half.

    >>> crossing([0.04, 0.16], [0.5, 1.0], 0.75), crossing([0.04], [1.0], 0.75)
    (0.08, 0.02)
    >>> crossing([0.04, 0.16], [0.5, 0.7], 0.75) is None
    True
    """
    first = next((place for place, share in enumerate(fit) if share >= level), None)
    if first is None:
        return None
    low = fit[first - 1] if first else CHANCE
    part = (level - low) / (fit[first] - low)
    if not first:
        return part * shifts[0]
    return round(shifts[first - 1] * (shifts[first] / shifts[first - 1]) ** part, 9)
