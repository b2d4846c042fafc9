r"""Maximum mean discrepancy: KAD and KID. Unbiased, so it may be negative.

.. math::
    \mathrm{MMD}^2 = \frac{1}{n(n-1)} \sum_{i \ne j} k(x_i, x_j) + \frac{1}{m(m-1)} \sum_{i \ne j} k(y_i, y_j)
    - \frac{2}{nm} \sum_{i,j} k(x_i, y_j)

(Gretton et al., "A Kernel Two-Sample Test", JMLR 2012, equation 3). Kernels are summed in blocks.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from avbench.metrics.bias import Corrected, jackknife
from avbench.metrics.distances import lower_median_distance, row_slices, squared_distance_blocks
from avbench.metrics.embedding_sets import Values, check_result, checked_set, checked_sets, group_indices
from avbench.metrics.intervals import LEVEL

Kernel = Callable[[Values, Values], Iterator[tuple[slice, Values]]]

NAMES = ("the generated set", "the reference")
PERCENT = 100.0  # KAD is published times 100


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelInceptionDistance:
    """KID as published: over random subsets.

    Attributes:
        mean: Of the subsets' distances.
        std: Of them, with divisor ``subsets``; says how a subset strays, not how sure the mean is.
        subset_size: Rows of each set in a subset.
    """

    mean: float
    std: float
    subset_size: int


def gaussian(bandwidth: float) -> Kernel:
    r"""Return the kernel of KAD: :math:`\exp(-\|x - y\|^2 / (2 b^2 + 10^{-8}))`."""

    def blocks(rows: Values, others: Values) -> Iterator[tuple[slice, Values]]:
        for some, squares in squared_distance_blocks(rows, others):
            squares /= -(2 * bandwidth**2 + 1e-8)
            yield some, np.exp(squares, out=squares)

    return blocks


def polynomial(degree: int = 3, gamma: float | None = None, coef: float = 1.0) -> Kernel:
    r"""Return the kernel of KID: :math:`(\gamma \langle x, y \rangle + c)^p`; ``None`` means 1/dim."""

    def blocks(rows: Values, others: Values) -> Iterator[tuple[slice, Values]]:
        scale = 1 / rows.shape[1] if gamma is None else gamma
        for some in row_slices(len(rows), len(others)):
            yield some, (scale * (rows[some] @ others.T) + coef) ** degree

    return blocks


def squared_mmd(generated: ArrayLike, reference: ArrayLike, kernel: Kernel) -> float:
    """Return the unbiased squared maximum mean discrepancy of two sets ``(n, dim)`` and ``(m, dim)``.

    Raises:
        ValueError: A set has fewer than two rows or cannot be used, the dimensions differ, or it overflows.

    >>> round(squared_mmd([[1, 0], [0, 1], [1, 1]], [[1, 0], [2, 1], [0, 0]], polynomial()), 7)
    -2.4722222
    """
    rows, others = checked_sets(generated, reference, NAMES, least=2)
    within, across = _row_sums(rows, others, kernel)
    return _discrepancy(within, across, _mean_within(others, kernel), len(others))


def squared_mmd_jackknife(
    generated: ArrayLike,
    reference: ArrayLike,
    kernel: Kernel,
    groups: Sequence[str],
    *,
    level: float = LEVEL,
) -> Corrected:
    """Return the squared discrepancy with its jackknife interval over the recordings of the generated set.

    Exact leave-one-recording-out values, from the row sums of one pass; the reference is fixed.

    Args:
        generated: ``(n, dim)``.
        reference: ``(m, dim)``.
        kernel: :func:`gaussian` or :func:`polynomial`.
        groups: ``(n,)``: the recording of each generated row.
        level: Nominal coverage.

    Raises:
        ValueError: As :func:`squared_mmd`, or too few recordings.
    """
    rows, others = checked_sets(generated, reference, NAMES, least=2)
    count, group_of = group_indices(groups, len(rows))
    sizes = np.bincount(group_of, minlength=count)
    if count < 2 or len(rows) - sizes.max() < 2:
        raise ValueError("too few rows remain without one recording; at least 2 are needed")
    within, across = _row_sums(rows, others, kernel)
    own = np.array([_total_within(rows[group_of == group], kernel) for group in range(count)])
    sums = np.bincount(group_of, weights=within)
    left = len(rows) - sizes
    inside = (within.sum() - 2 * sums + own) / (left * (left - 1))
    between = (across.sum() - np.bincount(group_of, weights=across)) / (left * len(others))
    reference_mean = _mean_within(others, kernel)
    whole = _discrepancy(within, across, reference_mean, len(others))
    return jackknife(whole, inside + reference_mean - 2 * between, sizes, level=level)


def kernel_audio_distance(
    generated: ArrayLike,
    reference: ArrayLike,
    *,
    bandwidth_of: Literal["reference", "generated"] = "reference",
) -> float:
    """Return KAD: 100 times the squared discrepancy under a Gaussian kernel (Chung et al., 2025).

    Args:
        generated: ``(n, dim)``.
        reference: ``(m, dim)``.
        bandwidth_of: The set whose median distance is the bandwidth: ``reference`` as documented,
            ``generated`` as kadtk 1.1 computes it. Of an even number of distances it is the lower middle one,
            as there.

    Raises:
        ValueError: As :func:`squared_mmd`, or every row of the set that gives the bandwidth is the same.

    >>> one, other = [[0, 0], [1, 0], [0, 2], [3, 1]], [[1, 1], [2, 2], [4, 0], [1, 3]]
    >>> round(kernel_audio_distance(other, one), 7)
    -3.4610218
    """
    rows, others = checked_sets(generated, reference, NAMES, least=2)
    kernel = kad_kernel(others if bandwidth_of == "reference" else rows)
    return PERCENT * squared_mmd(rows, others, kernel)


def kad_kernel(rows: ArrayLike) -> Kernel:
    """Return the Gaussian kernel whose bandwidth is the median distance of two rows of ``(n, dim)``.

    Raises:
        ValueError: That distance is 0, or there are fewer than two rows.
    """
    bandwidth = lower_median_distance(checked_set(rows, "the set of the bandwidth", least=2))
    if bandwidth == 0:
        raise ValueError("half of the set is one row repeated: it gives no bandwidth")
    return gaussian(bandwidth)


def kernel_inception_distance(
    generated: ArrayLike,
    reference: ArrayLike,
    *,
    subsets: int = 100,
    subset_size: int = 1000,
    seed: int = 2020,
) -> KernelInceptionDistance:
    """Return KID over random subsets drawn without replacement (Bińkowski et al., ICLR 2018).

    Args:
        generated: ``(n, dim)``.
        reference: ``(m, dim)``.
        subsets: How many.
        subset_size: Rows of each set; falls to the size of the smaller set.
        seed: Of numpy's ``RandomState``, as in torch-fidelity and SpecVQGAN.

    Raises:
        ValueError: As :func:`squared_mmd`.
    """
    rows, others = checked_sets(generated, reference, NAMES, least=2)
    size = min(subset_size, len(rows), len(others))
    if size < 2 or subsets < 1:
        raise ValueError(f"{subsets} subsets of {size} rows have no distance")
    random = np.random.RandomState(seed)
    values = np.empty(subsets)
    for index in range(subsets):
        first = random.choice(len(rows), size, replace=False)
        second = random.choice(len(others), size, replace=False)
        values[index] = squared_mmd(rows[first], others[second], polynomial())
    return KernelInceptionDistance(mean=float(values.mean()), std=float(values.std()), subset_size=size)


def _discrepancy(within: Values, across: Values, reference_mean: float, m: int) -> float:
    n = len(within)
    value = within.sum() / (n * (n - 1)) + reference_mean - 2 * across.sum() / (n * m)
    return check_result(float(value), "the discrepancy")


def _row_sums(rows: Values, others: Values, kernel: Kernel) -> tuple[Values, Values]:
    """Return ``(n,)`` sums of the kernel over the other rows, and over all of ``others``."""
    within, across = np.empty(len(rows)), np.empty(len(rows))
    for some, block in kernel(rows, rows):
        block[_diagonal(some)] = 0.0
        within[some] = block.sum(1)
    for some, block in kernel(rows, others):
        across[some] = block.sum(1)
    return within, across


def _total_within(rows: Values, kernel: Kernel) -> float:
    if len(rows) < 2:
        return 0.0
    total = 0.0
    for some, block in kernel(rows, rows):
        block[_diagonal(some)] = 0.0
        total += float(block.sum())
    return total


def _mean_within(rows: Values, kernel: Kernel) -> float:
    return _total_within(rows, kernel) / (len(rows) * (len(rows) - 1))


def _diagonal(some: slice) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    return np.arange(some.stop - some.start), np.arange(some.start, some.stop)
