r"""How sure a Fréchet distance is, and what it would be with more clips.

The reference is fixed; the recordings of the generated set are what could have been others. With the
reference's factor :math:`B`, rows are projected once, :math:`y = B x / \sqrt{m - 1}`. A resample of weights
:math:`w` then needs only the eigenvalues of a symmetric matrix, of the smaller of ``rank`` and the number of
rows drawn:

.. math:: \operatorname{tr} (S_w S_2)^{1/2} = \sum_i \sqrt{\lambda_i}, \qquad
          \lambda = \operatorname{eig} \frac1{n - 1} \sum_i w_i (y_i - \bar y)(y_i - \bar y)^\top

That loses half the digits of the smallest singular values, which a resample has no use for.

A distance falls with the number of rows as :math:`\theta + c / n`. Three numbers say more than one: the
distance with its interval at this ``n`` (:func:`frechet_bootstrap`), that of the population
(:func:`frechet_jackknife`), and the extrapolation the field calls FAD-inf (:func:`frechet_extrapolation`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from avbench.metrics.bias import Corrected, jackknife, recentred_interval
from avbench.metrics.embedding_sets import Values, checked_set, group_indices
from avbench.metrics.frechet import Moments
from avbench.metrics.intervals import LEVEL, RESAMPLES, group_counts
from avbench.metrics.measurement import Interval

BLOCKS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Extrapolation:
    """A line through distances at several numbers of rows.

    Attributes:
        value: Where it meets 1/n = 0.
        slope: By 1/n: the ``c`` of the bias.
        r2: Share of the variance that the line explains.
        sizes: Numbers of rows the distance was taken at.
    """

    value: float
    slope: float
    r2: float
    sizes: tuple[int, ...]


class WeightedFrechet:
    """Distances of reweighted rows from a fixed reference.

    Args:
        generated: ``(n, dim)``.
        reference: Of the same dimension, from at least two rows.

    Raises:
        ValueError: A set cannot be used.

    >>> from avbench.metrics.frechet import moments
    >>> weighted = WeightedFrechet([[0.0], [2.0], [9.0]], moments([[1.0], [5.0]]))
    >>> round(weighted.distance(np.array([1.0, 1.0, 0.0])), 9)
    6.0
    """

    def __init__(self, generated: ArrayLike, reference: Moments) -> None:
        rows = checked_set(generated, "the generated set", least=2)
        if rows.shape[1] != reference.dim:
            raise ValueError(
                f"the generated set has dimension {rows.shape[1]}, the reference {reference.dim}"
            )
        if reference.n < 2:
            raise ValueError("the reference has 1 row; at least 2 are needed")
        self._rows = rows - reference.mean
        self._squares = np.einsum("ij,ij->i", self._rows, self._rows)
        self._projected = self._rows @ reference.factor.T / (reference.n - 1) ** 0.5
        self._trace = reference.trace

    def distance(self, weights: Values) -> float:
        """Return the distance with row ``i`` taken ``weights[i]`` times, ``(n,)``; two or more in all."""
        total = float(weights.sum())
        mean = weights @ self._rows / total
        drawn = np.flatnonzero(weights)
        projected = self._projected[drawn] - weights @ self._projected / total
        projected *= np.sqrt(weights[drawn] / (total - 1))[:, None]
        small = (
            projected.T @ projected if projected.shape[0] > projected.shape[1] else projected @ projected.T
        )
        shared = float(np.sqrt(np.maximum(np.linalg.eigvalsh(small), 0.0)).sum())
        shift = float(mean @ mean)
        spread = (float(weights @ self._squares) - total * shift) / (total - 1)
        return max(shift + spread + self._trace - 2 * shared, 0.0)


def frechet_bootstrap(
    generated: ArrayLike,
    groups: Sequence[str],
    reference: Moments,
    *,
    seed: int,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> Interval:
    """Return the recentred bootstrap interval of the distance at this number of rows.

    Args:
        generated: ``(n, dim)``.
        groups: ``(n,)``: the recording of each row.
        reference: Moments of the reference, fixed.
        seed: Of the resampling.
        resamples: How many.
        level: Nominal coverage.

    Raises:
        ValueError: A set cannot be used, or there are fewer than two recordings.
    """
    weighted = WeightedFrechet(generated, reference)
    count, group_of = group_indices(groups, len(np.asarray(generated)), least=2)
    values = [
        weighted.distance(drawn[group_of].astype(np.float64))
        for counts in group_counts(count, seed, resamples)
        for drawn in counts
        if drawn[group_of].sum() > 1
    ]
    whole = weighted.distance(np.ones(len(group_of)))
    return recentred_interval(whole, np.array(values), groups=count, seed=seed, level=level, least=0.0)


def frechet_jackknife(
    generated: ArrayLike,
    groups: Sequence[str],
    reference: Moments,
    *,
    seed: int,
    blocks: int = BLOCKS,
    level: float = LEVEL,
) -> Corrected:
    """Return the distance of the population, free of the bias of order 1/n, with its jackknife interval.

    Arguments and errors as :func:`frechet_bootstrap`; recordings are dealt into ``blocks`` at random. With
    few rows for the dimension the value may be below zero, as any unbiased estimate of a small distance may.
    """
    weighted = WeightedFrechet(generated, reference)
    count, group_of = group_indices(groups, len(np.asarray(generated)), least=2)
    dealt = np.arange(count) % min(blocks, count)
    block_of = np.random.default_rng(seed).permutation(dealt)[group_of]
    sizes = np.bincount(block_of)
    if len(block_of) - sizes.max() < 2:
        raise ValueError("too few rows remain without one recording; at least 2 are needed")
    without = [weighted.distance((block_of != block).astype(np.float64)) for block in range(len(sizes))]
    whole = weighted.distance(np.ones(len(block_of)))
    return jackknife(whole, np.array(without), sizes, seed=seed, level=level)


def frechet_extrapolation(
    generated: ArrayLike,
    reference: Moments,
    *,
    seed: int,
    smallest: int = 500,
    steps: int = 25,
    replace: bool = False,
) -> Extrapolation:
    r"""Return FAD-inf: a least-squares line of distance on 1/n, met with 1/n = 0.

    Distances are taken at ``steps`` numbers of rows from ``smallest`` to all, evenly spaced, over rows drawn
    at random (Chong and Forsyth, "Effectively Unbiased FID and Inception Score", CVPR 2020; Gui et al.,
    "Adapting Fréchet Audio Distance for Generative Music Evaluation", ICASSP 2024).

    Args:
        generated: ``(n, dim)`` with ``n > smallest``.
        reference: Moments of the reference, fixed.
        seed: Of the draws.
        smallest: Fewest rows of a draw.
        steps: Numbers of rows.
        replace: Draw with replacement, as fadtk 1.1 does. Such draws stray about the *set* and not about the
            population, so the line meets 1/n = 0 near the plain distance: the bias stays. Ours is without.

    Raises:
        ValueError: A set cannot be used, or it has no more than ``smallest`` rows.
    """
    weighted = WeightedFrechet(generated, reference)
    n = len(np.asarray(generated))
    if steps < 2 or smallest < 2 or n <= smallest:
        raise ValueError(f"{n} rows cannot be extrapolated from {smallest} in {steps} steps")
    sizes = np.linspace(smallest, n, steps).astype(int)
    rng = np.random.default_rng(seed)
    values = np.array(
        [
            weighted.distance(
                np.bincount(rng.choice(n, size, replace=replace), minlength=n).astype(np.float64)
            )
            for size in sizes
        ]
    )
    slope, value = np.polyfit(1 / sizes, values, 1)
    strayed = np.square(values - (slope / sizes + value)).sum()
    spread = np.square(values - values.mean()).sum()
    r2 = 1 - float(strayed / spread) if spread > 0 else 1.0
    return Extrapolation(value=float(value), slope=float(slope), r2=r2, sizes=tuple(sizes.tolist()))
