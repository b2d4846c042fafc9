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

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from avbench.metrics.bias import BLOCKS, Corrected, blocks_of, jackknife, recentred_interval
from avbench.metrics.embedding_sets import Values, checked_set, group_indices
from avbench.metrics.frechet import Moments
from avbench.metrics.intervals import LEVEL, RESAMPLES, group_counts
from avbench.metrics.measurement import Interval

# A line takes a distance at each of its steps for every block.
EXTRAPOLATED_BLOCKS = 20


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
        return self._of_moments(mean, float(weights @ self._squares), total, small)

    def distances_without(self, weights: Values, block_of: NDArray[np.intp], blocks: int) -> Values:
        """Return the distance without each block of rows, ``(blocks,)``, in one pass over the rows.

        Args:
            weights: ``(n,)``: how often each row is taken.
            block_of: ``(n,)``: the block of each row.
            blocks: How many there are; without any of them two rows or more are left.
        """
        projected = self._projected - self._projected.mean(0)  # or what is far off would cost digits
        parts: list[tuple[Any, ...]] = []
        for block in range(blocks):
            own = np.flatnonzero((block_of == block) & (weights > 0))
            w, rows = weights[own], projected[own]
            shared = (rows * w[:, None]).T @ rows
            parts.append((w.sum(), w @ self._rows[own], w @ self._squares[own], w @ rows, shared))
        whole = [sum(each) for each in zip(*parts, strict=True)]
        return np.array(
            [self._of_sums(*(one - other for one, other in zip(whole, part, strict=True))) for part in parts]
        )

    def _of_sums(
        self, total: float, rows: Values, squares: float, projected: Values, shared: Values
    ) -> float:
        mean = rows / total
        small = (shared - np.outer(projected, projected) / total) / (total - 1)
        return self._of_moments(mean, squares, total, small)

    def _of_moments(self, mean: Values, squares: float, total: float, small: Values) -> float:
        shared = float(np.sqrt(np.maximum(np.linalg.eigvalsh(small), 0.0)).sum())
        shift = float(mean @ mean)
        spread = (squares - total * shift) / (total - 1)
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


def frechet_without(
    generated: ArrayLike, groups: Sequence[str], reference: Moments, *, blocks: int = BLOCKS
) -> Values:
    """Return the distance without each of the :func:`blocks_of` recordings; arguments as the bootstrap's."""
    weighted = WeightedFrechet(generated, reference)
    group_indices(groups, len(np.asarray(generated)), least=2)
    block_of = blocks_of(groups, blocks)
    sizes = np.bincount(block_of)
    if len(block_of) - sizes.max() < 2:
        raise ValueError("too few rows remain without one recording; at least 2 are needed")
    return np.array(
        [weighted.distance((block_of != block).astype(np.float64)) for block in range(len(sizes))]
    )


def frechet_jackknife(
    generated: ArrayLike,
    groups: Sequence[str],
    reference: Moments,
    *,
    blocks: int = BLOCKS,
    level: float = LEVEL,
    without: Values | None = None,
) -> Corrected:
    """Return the distance of the population, free of the bias of order 1/n, with its jackknife interval.

    Arguments and errors as :func:`frechet_bootstrap`; ``without`` is :func:`frechet_without`, if it is known.
    With few rows for the dimension the value may be below zero, as any unbiased estimate of a small distance
    may.
    """
    if without is None:
        without = frechet_without(generated, groups, reference, blocks=blocks)
    whole = WeightedFrechet(generated, reference).distance(np.ones(len(groups)))
    return jackknife(whole, without, np.bincount(blocks_of(groups, blocks)), level=level)


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
    draws = _draws(len(np.asarray(generated)), smallest, steps, seed, replace=replace)
    sizes = np.array([int(weights.sum()) for weights in draws])
    values = np.array([weighted.distance(weights) for weights in draws])
    slope, value = np.polyfit(1 / sizes, values, 1)
    strayed = np.square(values - (slope / sizes + value)).sum()
    spread = np.square(values - values.mean()).sum()
    r2 = 1 - float(strayed / spread) if spread > 0 else 1.0
    return Extrapolation(value=float(value), slope=float(slope), r2=r2, sizes=tuple(sizes.tolist()))


def extrapolation_interval(
    generated: ArrayLike,
    groups: Sequence[str],
    reference: Moments,
    *,
    seed: int,
    smallest: int = 500,
    steps: int = 25,
    blocks: int = EXTRAPOLATED_BLOCKS,
    level: float = LEVEL,
) -> Interval:
    """Return the delete-block jackknife interval about :func:`frechet_extrapolation`, over recordings.

    From every draw, which stays as it was, the rows of one block are taken out; the line is fitted anew. The
    correction of a jackknife is left out: the line is what takes the bias away.

    Args:
        generated: As there.
        groups: ``(n,)``: the recording of each row.
        reference: As there.
        seed: As there; recordings are dealt into blocks with it too.
        smallest: As there.
        steps: As there.
        blocks: At most so many.
        level: Nominal coverage.

    Raises:
        ValueError: As there, or there are fewer than two recordings, or one has nearly all rows of a draw.
    """
    value = frechet_extrapolation(generated, reference, seed=seed, smallest=smallest, steps=steps).value
    weighted = WeightedFrechet(generated, reference)
    count, group_of = group_indices(groups, len(np.asarray(generated)), least=2)
    dealt = _dealt(count, blocks, seed)
    block_of, number = dealt[group_of], int(dealt.max()) + 1
    sizes, distances = np.empty((steps, number)), np.empty((steps, number))
    for step, weights in enumerate(_draws(len(block_of), smallest, steps, seed, replace=False)):
        sizes[step] = weights.sum() - np.bincount(block_of, weights=weights, minlength=number)
        if sizes[step].min() < 2:
            raise ValueError("too few rows remain without one recording; at least 2 are needed")
        distances[step] = weighted.distances_without(weights, block_of, number)
    without = np.array(
        [np.polyfit(1 / sizes[:, block], distances[:, block], 1)[1] for block in range(number)]
    )
    found = jackknife(value, without, np.bincount(block_of), seed=seed, level=level)
    shift = value - found.value
    low, high = found.interval.low + shift, found.interval.high + shift
    return dataclasses.replace(found.interval, low=low, high=high)


def _dealt(count: int, blocks: int, seed: int) -> NDArray[np.intp]:
    """Return the block of each recording, ``(count,)``."""
    return np.random.default_rng(seed).permutation(np.arange(count) % min(blocks, count))


def _draws(n: int, smallest: int, steps: int, seed: int, *, replace: bool) -> list[Values]:
    """Return how often each of ``n`` rows is taken, for each number of rows from ``smallest`` to all."""
    if steps < 2 or smallest < 2 or n <= smallest:
        raise ValueError(f"{n} rows cannot be extrapolated from {smallest} in {steps} steps")
    rng = np.random.default_rng(seed)
    return [
        np.bincount(rng.choice(n, size, replace=replace), minlength=n).astype(np.float64)
        for size in np.linspace(smallest, n, steps).astype(int)
    ]
