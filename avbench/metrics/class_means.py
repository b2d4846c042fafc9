"""Means over classes of the mean within each: a class of few clips counts as much as one of many."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from avbench.metrics.intervals import LEVEL, RESAMPLES, group_counts, percentile_interval
from avbench.metrics.measurement import Interval

Values = NDArray[np.float64]


def bootstrap_class_means(
    values: NDArray[np.floating],
    groups: Sequence[str],
    classes: Sequence[Sequence[str]],
    *,
    seed: int,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> tuple[Values, list[Interval]]:
    r"""Return the mean over classes of the mean within each, and its interval, for each column.

    With :math:`Q_c` the queries of class :math:`c`; one of several classes counts in each,

    .. math:: \bar x = \frac{1}{C} \sum_c \frac{1}{|Q_c|} \sum_{i \in Q_c} x_i

    Recordings are resampled, not classes: a resample without any of a class is a mean over the others.

    Args:
        values: ``(n, metrics)``.
        groups: ``(n,)``: the recording of each query.
        classes: ``(n,)``: the classes of each query.
        seed: Of the resampling.
        resamples: How many.
        level: Nominal coverage.

    >>> means, _ = bootstrap_class_means(np.array([[1.0], [1.0], [0.0]]), "abc", ["x", "x", "y"], seed=0)
    >>> means.tolist()
    [0.5]
    """
    from scipy.sparse import csr_array

    names, group_of = np.unique(np.asarray(list(groups)), return_inverse=True)
    query = np.repeat(np.arange(len(classes)), [len(each) for each in classes])
    _, class_of = np.unique([name for each in classes for name in each], return_inverse=True)
    place = (group_of[query], class_of)
    columns = [*np.asarray(values, np.float64).T, np.ones(len(values))]
    sums = [csr_array((column[query], place), shape=(len(names), class_of.max() + 1)) for column in columns]

    def means(counts: NDArray[np.int32] | Values) -> Values:
        *totals, sizes = (counts @ each for each in sums)
        there = sizes > 0
        shares = [np.divide(each, sizes, out=np.zeros_like(each), where=there) for each in totals]
        return np.stack([each.sum(1) / there.sum(1) for each in shares], 1)

    drawn = np.concatenate([means(counts) for counts in group_counts(len(names), seed, resamples)])
    (whole,) = means(np.ones((1, len(names))))
    return whole, [percentile_interval(column, level, seed, len(names)) for column in drawn.T]
