r"""Fidelity and diversity by nearest neighbours: precision, recall, density, coverage.

With :math:`r_k(\cdot)` the distance of a row from its ``k``-th nearest other row of its own set:

.. math::
    \mathrm{precision} &= \frac1n \sum_j \big[\exists i: \|x_j - y_i\| < r_k(y_i)\big] \qquad
    \mathrm{recall} = \frac1m \sum_i \big[\exists j: \|y_i - x_j\| < r_k(x_j)\big] \\
    \mathrm{density} &= \frac1{kn} \sum_j \sum_i \big[\|x_j - y_i\| < r_k(y_i)\big] \qquad
    \mathrm{coverage} = \frac1m \sum_i \big[\min_j \|y_i - x_j\| < r_k(y_i)\big]

for generated :math:`x_j` and reference :math:`y_i` (Kynkäänniemi et al., NeurIPS 2019; Naeem et al.,
"Reliable Fidelity and Diversity Metrics for Generative Models", ICML 2020). Inequalities are strict, as in
the package prdc.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from avbench.metrics.distances import neighbour_radii, squared_distance_blocks
from avbench.metrics.embedding_sets import Values, checked_sets

NEIGHBOURS = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Neighbourhoods:
    """The four numbers row by row; each number is the mean of its rows.

    Attributes:
        precision: ``(n,)``, 0 or 1 for each generated row.
        density: ``(n,)``, in [0, m / k]; its mean may exceed 1.
        recall: ``(m,)``, 0 or 1 for each reference row.
        coverage: ``(m,)``, 0 or 1 for each reference row.
    """

    precision: Values
    density: Values
    recall: Values
    coverage: Values


def neighbourhoods(generated: ArrayLike, reference: ArrayLike, *, k: int = NEIGHBOURS) -> Neighbourhoods:
    """Return precision, density, recall and coverage row by row, in memory for a block of distances.

    The rows can be resampled (:func:`avbench.metrics.intervals.bootstrap_means`): precision and density by
    the recordings of the generated set, recall and coverage by those of the reference.

    Args:
        generated: ``(n, dim)``.
        reference: ``(m, dim)``.
        k: Neighbours: 5 in the paper on density and coverage, 3 in that on precision and recall.

    Raises:
        ValueError: A set has ``k`` rows or fewer or cannot be used, or the dimensions differ.

    >>> near = neighbourhoods([[0.0], [0.5], [9.0]], [[0.0], [1.0], [2.0]], k=1)
    >>> near.precision, near.coverage
    (array([1., 1., 0.]), array([1., 1., 0.]))
    """
    if k < 1:
        raise ValueError(f"{k} neighbours make no neighbourhood; at least 1 is needed")
    names = ("the generated set", "the reference")
    rows, others = checked_sets(generated, reference, names, least=k + 1)
    own, theirs = np.square(neighbour_radii(rows, k)), np.square(neighbour_radii(others, k))
    holding = np.zeros(len(rows))
    recalled = np.zeros(len(others), bool)
    nearest = np.full(len(others), np.inf)
    for some, squares in squared_distance_blocks(rows, others):
        holding[some] = (squares < theirs).sum(1)
        recalled |= (squares < own[some, None]).any(0)
        nearest = np.minimum(nearest, squares.min(0))
    return Neighbourhoods(
        precision=(holding > 0).astype(np.float64),
        density=holding / k,
        recall=recalled.astype(np.float64),
        coverage=(nearest < theirs).astype(np.float64),
    )
