r"""Euclidean distances between sets of embeddings, in blocks of rows, never a whole square.

.. math:: \|x - y\|^2 = \|x\|^2 + \|y\|^2 - 2 \langle x, y \rangle

taken after the mean of the second set is subtracted from both, so that a common offset does not cancel
digits.
"""

from collections.abc import Iterator

import numpy as np

from avbench.metrics.embedding_sets import Values

ENTRIES_AT_ONCE = 2**23
BINS = 4096


def squared_distance_blocks(rows: Values, others: Values) -> Iterator[tuple[slice, Values]]:
    """Yield a slice of ``rows`` ``(n, dim)`` and its squared distances ``(some, m)`` from all ``others``.

    >>> for some, squares in squared_distance_blocks(np.array([[0.0], [1.0]]), np.array([[3.0]])):
    ...     print(some, squares.tolist())
    slice(0, 2, None) [[9.0], [4.0]]
    """
    middle = others.mean(0)
    centred, against = rows - middle, others - middle
    lengths = np.einsum("ij,ij->i", against, against)
    for some in row_slices(len(rows), len(others)):
        part = centred[some]
        squares = part @ against.T
        squares *= -2
        squares += lengths
        squares += np.einsum("ij,ij->i", part, part)[:, None]
        yield some, np.maximum(squares, 0.0, out=squares)


def row_slices(n: int, m: int) -> Iterator[slice]:
    """Yield slices of ``n`` rows whose products with ``m`` others fit in memory together."""
    step = max(ENTRIES_AT_ONCE // max(m, 1), 1)
    return (slice(start, min(start + step, n)) for start in range(0, n, step))


def neighbour_radii(rows: Values, k: int) -> Values:
    """Return ``(n,)``: the distance of each row from its ``k``-th nearest other row.

    Args:
        rows: ``(n, dim)`` with ``n > k``.
        k: Which neighbour, from 1; a row is no neighbour of itself.

    >>> neighbour_radii(np.array([[0.0], [1.0], [3.0]]), 1)
    array([1., 1., 2.])
    """
    radii = np.empty(len(rows))
    for some, squares in squared_distance_blocks(rows, rows):
        squares[np.arange(len(squares)), np.arange(some.start, some.stop)] = np.inf
        radii[some] = np.sqrt(np.partition(squares, k - 1, axis=1)[:, k - 1])
    return radii


def lower_median_distance(rows: Values) -> float:
    """Return the median distance of two different rows, exactly; the lower middle one if they are even.

    The squares are counted into bins, then the bin of the median alone is looked at again, so that no more
    than a block of them is ever kept.

    Args:
        rows: ``(n, dim)`` with ``n >= 2``.

    >>> lower_median_distance(np.array([[0.0], [1.0], [3.0]]))
    2.0
    """
    remaining = len(rows) * (len(rows) - 1) // 2
    wanted = (remaining - 1) // 2
    low, high = 0.0, max(float(each.max(initial=0.0)) for each in _pairs(rows))
    while remaining > ENTRIES_AT_ONCE:
        edges = np.linspace(low, high, BINS + 1)
        if not np.all(np.diff(edges) > 0):
            return low**0.5  # what remains is equal up to rounding
        counts = sum(
            (np.histogram(each, BINS, (low, high))[0] for each in _pairs(rows)), np.zeros(BINS, np.int64)
        )
        upto = np.cumsum(counts)
        middle = int(np.searchsorted(upto, wanted, side="right"))
        wanted -= int(upto[middle] - counts[middle])
        remaining = int(counts[middle])
        low, high = float(edges[middle]), float(edges[middle + 1])
    kept = [each[(each >= low) & (each <= high)] for each in _pairs(rows)]
    return float(np.sort(np.concatenate(kept))[wanted]) ** 0.5


def _pairs(rows: Values) -> Iterator[Values]:
    """Yield the squared distances of all pairs of different rows, each pair once."""
    for some in row_slices(len(rows), len(rows)):
        for part, squares in squared_distance_blocks(rows[some], rows[some.start :]):
            # Against the rows of the slice itself a triangle, against all after it everything.
            yield squares[:, : len(rows[some])][
                np.triu_indices(len(squares), part.start + 1, len(rows[some]))
            ]
            yield squares[:, len(rows[some]) :].ravel()
