r"""How sure a number is that all pairs or clips make together: an area under a curve, a mean of two rates.

Such a number is no mean over queries; but it can be taken with every query counted :math:`w_i` times. So a
*statistic* is given weights ``(some, n)`` and returns ``(some,)`` values, NaN where the weights leave it
undefined. A resample of the recordings (:mod:`avbench.metrics.intervals`) is one row of weights.

.. math::
    A(w^+, w^-) = \frac{\sum_{ij} w^+_i w^-_j \big([x_i > x_j] + \tfrac12 [x_i = x_j]\big)}
    {\sum_i w^+_i \, \sum_j w^-_j}

is the area under the ROC curve of values :math:`x`, each weighing :math:`w^+` as one that should be high and
:math:`w^-` as one that should be low.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from avbench.metrics.embedding_sets import Values
from avbench.metrics.intervals import RESAMPLES, PairedTest, group_counts, paired_test

Statistic = Callable[[Values], Values]


def resampled_weights(groups: Sequence[str], *, seed: int) -> Iterator[Values]:
    """Yield ``(some, n)``: how often each resample of the groups ``(n,)`` counts each query.

    >>> [weights.sum(1).tolist() for weights in resampled_weights(["a", "b"], seed=0)][0][:2]
    [2.0, 2.0]
    """
    names, group_of = np.unique(np.asarray(groups), return_inverse=True)
    for counts in group_counts(len(names), seed, RESAMPLES):
        yield counts[:, group_of].astype(np.float64)


def resampled(statistic: Statistic, groups: Sequence[str], *, seed: int) -> Values:
    """Return a statistic of every resample in which it is defined."""
    drawn = np.concatenate([statistic(weights) for weights in resampled_weights(groups, seed=seed)])
    return drawn[np.isfinite(drawn)]


def paired(first: Statistic, second: Statistic, groups: Sequence[str], *, seed: int) -> PairedTest:
    """Compare a number of two models over the same pairs or clips, both resampled together.

    Raises:
        ValueError: The number is not defined, whatever is drawn.
    """
    whole = np.ones((1, len(groups)))
    difference = float((first(whole) - second(whole))[0])
    changes = resampled(lambda weights: first(weights) - second(weights), groups, seed=seed)
    if not np.isfinite(difference) or not len(changes):
        raise ValueError("the number is not defined for these pairs")
    return paired_test(difference, changes, seed=seed, groups=len(set(groups)))


def weighted_area(values: ArrayLike, high: Values, low: Values) -> Values:
    """Return the area under the ROC curve, ``(some,)``; NaN where all weights of one sort are 0.

    Args:
        values: ``(n,)``.
        high: ``(some, n)``: how much each counts as one that should have a high value.
        low: ``(some, n)``: as one that should have a low value.

    >>> true = np.array([[1.0, 1.0, 0.0, 0.0]])
    >>> weighted_area([3.0, 1.0, 1.0, 0.0], true, 1 - true).tolist()
    [0.875]
    """
    values = np.asarray(values, np.float64)
    order = np.argsort(values)
    ranked, high, low = values[order], high[:, order], low[:, order]
    upto = np.pad(low.cumsum(1), ((0, 0), (1, 0)))
    beaten = upto[:, np.searchsorted(ranked, ranked, "left")]
    with_ties = upto[:, np.searchsorted(ranked, ranked, "right")]
    with np.errstate(invalid="ignore", divide="ignore"):
        return (high * (beaten + with_ties)).sum(1) / (2 * high.sum(1) * low.sum(1))
