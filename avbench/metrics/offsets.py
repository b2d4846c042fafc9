r"""How late the sound is, estimated from a score for every candidate: errors, confusion, forced choice.

Clip :math:`i` was shifted by :math:`\delta_i`, one of the grid :math:`g_1 < \dots < g_K`, and has a score
for each. Its estimates are all candidates with the highest score; a value is the mean over them, which is its
expectation when ties are broken at random. With :math:`e = g - \delta_i`, step :math:`h` and reach :math:`R`,

.. math::
    \text{top-1} &= P(e = 0), \qquad \text{within one} = P(|e| \le h), \qquad
    \text{accuracy@}\tau = P(|e| \le \tau) \\
    A &= \frac1R \int_0^R P(|e| \le \tau)\, d\tau = \overline{\max(0,\, 1 - |e| / R)}, \qquad
    A' = \frac{A - A_0}{1 - A_0}

where :math:`A_0` is :math:`A` of a uniform guess over the grid, exactly, from the true offsets. Chance of
every number is that of such a guess: the same formula with all K candidates tied.

**Forced choice** at distance :math:`d`: how often the true offset outscores the candidate :math:`d` away, the
mean over both sides where the grid has both; a tie counts half.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from avbench.metrics.embedding_sets import Values

# Offsets are decimal fractions of a second: sums of them are compared to a nanosecond.
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trials:
    """What is known of some clips.

    Attributes:
        grid: ``(candidate,)``, ascending, evenly spaced, in seconds.
        offsets: ``(clip,)``: the true ones, each on the grid.
        scores: ``(clip, candidate)``, finite; the likelier the higher.

    Raises:
        ValueError: The shapes do not fit, a score is NaN or infinite, or a true offset is not on the grid.
    """

    grid: Values
    offsets: Values
    scores: Values

    def __post_init__(self) -> None:
        if self.scores.shape != (len(self.offsets), len(self.grid)) or not len(self.offsets):
            raise ValueError(
                f"scores of shape {self.scores.shape} do not fit {len(self.offsets)} clips "
                f"and {len(self.grid)} candidates"
            )
        if not np.isfinite(self.scores).all():
            raise ValueError("a score is NaN or infinite")
        if not np.isclose(self.grid[:, None], self.offsets, rtol=0, atol=ROUNDING).any(0).all():
            raise ValueError("a true offset is not on the grid")

    @classmethod
    def of(cls, grid: ArrayLike, offsets: ArrayLike, scores: ArrayLike) -> "Trials":
        """Return them from anything that is an array of numbers."""
        return cls(
            grid=np.asarray(grid, np.float64),
            offsets=np.asarray(offsets, np.float64),
            scores=np.asarray(scores, np.float64),
        )

    def guessed(self) -> "Trials":
        """Return the same clips with all candidates tied: a uniform guess."""
        return Trials(grid=self.grid, offsets=self.offsets, scores=np.zeros_like(self.scores))

    @property
    def truth(self) -> NDArray[np.intp]:
        """Place of each true offset on the grid, ``(clip,)``."""
        return np.abs(self.grid[:, None] - self.offsets).argmin(0)

    @property
    def estimates(self) -> NDArray[np.bool_]:
        """Which candidates have the highest score, ``(clip, candidate)``."""
        return self.scores == self.scores.max(1, keepdims=True)

    @property
    def errors(self) -> Values:
        """:math:`|e|` of every candidate, in seconds, ``(clip, candidate)``."""
        return np.abs(self.grid - self.offsets[:, None])

    @property
    def step(self) -> float:
        """Between neighbours of the grid, in seconds."""
        return float(self.grid[1] - self.grid[0])

    def expected(self, values: ArrayLike) -> Values:
        """Return the mean of ``values`` ``(clip, candidate)`` over each clip's estimates, ``(clip,)``."""
        estimates = self.estimates
        return (np.asarray(values) * estimates).sum(1) / estimates.sum(1)


def resolved(tolerances: Sequence[float], step: float) -> list[float]:
    """Return the tolerances that a grid tells from top-1: those of a step or more.

    >>> resolved((0.04, 0.1, 0.2), 0.2)
    [0.2]
    """
    return [each for each in tolerances if each >= step - ROUNDING]


def within(trials: Trials, tolerance: float) -> Values:
    """Return the chance that a clip's estimate is off by at most ``tolerance`` seconds, ``(clip,)``.

    >>> tied = Trials.of([-0.2, 0.0, 0.2], [0.2], [[0.0, 1.0, 1.0]])
    >>> within(tied, 0.0).tolist(), within(tied, 0.2).tolist()
    ([0.5], [1.0])
    """
    return trials.expected(trials.errors <= tolerance + ROUNDING)


def absolute_error(trials: Trials) -> Values:
    """Return the expected error in seconds, ``(clip,)``.

    A uniform guess over 21 offsets of ±2 s at clips that are in sync is off by 22/21 s:

    >>> float(absolute_error(Trials.of(np.arange(-10, 11) / 5, [0.0], np.zeros((1, 21))))[0].round(3))
    1.048
    """
    return trials.expected(trials.errors)


def pooled_errors(trials: Trials) -> Values:
    """Return each clip's errors over its estimates, every clip as many values, ``(clip, value)``, in seconds.

    Their median is that of the error under random tie-breaking. Past 840 values a clip they are as even as
    can be.

    >>> pooled_errors(Trials.of([0.0, 1.0], [0.0, 1.0], [[1.0, 1.0], [0.0, 2.0]])).tolist()
    [[0.0, 1.0], [0.0, 0.0]]
    """
    counts = trials.estimates.sum(1)
    values = min(math.lcm(*np.unique(counts).tolist()), 840)
    shares = (np.arange(values) * counts[:, None]) // values
    ordered = np.sort(np.where(trials.estimates, trials.errors, np.inf), axis=1)
    return np.take_along_axis(ordered, shares, axis=1)


def tolerance_area(trials: Trials) -> Values:
    """Return the area under the tolerance curve up to the reach of the grid, ``(clip,)``, in [0, 1]."""
    return trials.expected(np.maximum(0.0, 1.0 - trials.errors / float(trials.grid[-1])))


def forced_choice(trials: Trials) -> dict[float, Values]:
    """Return how often the true offset outscores one some distance away.

    Returns:
        By distance in seconds, from a step to the length of the grid, ``(clip,)`` in [0, 1]; NaN for a clip
        whose grid ends before that distance on both sides.
    """
    count, clips = len(trials.grid), np.arange(len(trials.offsets))
    own = trials.scores[clips, trials.truth]
    curve: dict[float, Values] = {}
    for steps in range(1, count):
        sides = np.full((2, len(clips)), np.nan)
        for side, place in zip(sides, (trials.truth - steps, trials.truth + steps), strict=True):
            there = (place >= 0) & (place < count)
            other = trials.scores[clips[there], place[there]]
            side[there] = (own[there] > other) + 0.5 * (own[there] == other)
        known = np.isfinite(sides)
        total = np.where(known, sides, 0.0).sum(0)
        curve[round(steps * trials.step, 9)] = np.divide(
            total, known.sum(0), out=np.full(len(clips), np.nan), where=known.any(0)
        )
    return curve


def confusion(trials: Trials) -> Values:
    """Return how often each true offset (row) is taken for each candidate (column), ties split evenly.

    Returns:
        ``(candidate, candidate)``, summing to the number of clips.

    >>> confusion(Trials.of([0.0, 1.0], [0.0, 1.0], [[1.0, 1.0], [0.0, 2.0]])).tolist()
    [[0.5, 0.5], [0.0, 1.0]]
    """
    estimates = trials.estimates
    matrix = np.zeros((len(trials.grid),) * 2)
    np.add.at(matrix, trials.truth, estimates / estimates.sum(1, keepdims=True))
    return matrix


def tolerance_curve(trials: Trials) -> tuple[Values, Values]:
    """Return tolerances in seconds, from 0 to the reach by steps, and the share of clips within each."""
    steps = round(float(trials.grid[-1]) / trials.step)
    tolerances = np.arange(steps + 1, dtype=np.float64) * trials.step
    return tolerances, np.array([within(trials, each).mean() for each in tolerances], np.float64)
