r"""Fréchet distance between two sets of embeddings, without a matrix square root.

Both sets are described by a Gaussian, with covariances that divide by :math:`n - 1` (Dowson and Landau,
"The Fréchet Distance between Multivariate Normal Distributions", 1982):

.. math:: d^2 = \|\mu_1 - \mu_2\|^2 + \operatorname{tr} S_1 + \operatorname{tr} S_2
          - 2 \operatorname{tr} (S_1 S_2)^{1/2}

For any factors with :math:`A^\top A = (n - 1) S_1` and :math:`B^\top B = (m - 1) S_2`, the singular values of
:math:`A B^\top` are the roots of the eigenvalues of :math:`A^\top\! A\, B^\top\! B`, so the last trace is a
nuclear norm:

.. math:: \operatorname{tr} (S_1 S_2)^{1/2} = \frac{\|A B^\top\|_*}{\sqrt{(n - 1)(m - 1)}}

The centred rows are such a factor, and so is the triangle of their QR decomposition. No covariance is
inverted and none is needed, so a set with fewer rows than dimensions needs no small number added to a
diagonal. Where it costs no digit, the triangle is taken by the quicker Cholesky decomposition of
:math:`A^\top A` (:func:`_triangle`).

Factors merge: for parts with :math:`n_1, n_2` rows, the whole has the factor

.. math:: \Big[F_1;\; F_2;\; \sqrt{\tfrac{n_1 n_2}{n_1 + n_2}}\, (\mu_2 - \mu_1)\Big]

which a QR decomposition brings back to at most ``dim`` rows. A set may so be streamed and its parts merged in
any order; a part may be a single row.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from avbench.metrics.embedding_sets import Values, check_result, checked_as_given, checked_set

ROWS_AT_ONCE = PENDING_ROWS = 1024
LARGE, WELL_CONDITIONED = 512, 1e-8
LEAST_LENGTH = 1e-140  # the square of a smaller one loses digits


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moments:
    """Mean and spread of a set of embeddings: all that a Fréchet distance needs of it.

    Attributes:
        n: Rows in the set.
        mean: ``(dim,)``.
        factor: ``(rank, dim)`` with ``factor.T @ factor`` the sum of outer products of the centred rows;
            at most ``dim`` rows.
    """

    n: int
    mean: Values
    factor: Values

    @property
    def dim(self) -> int:
        """Dimension of the embeddings."""
        return len(self.mean)

    @property
    def trace(self) -> float:
        """Trace of the covariance, with :math:`n - 1`."""
        return float(np.square(self.factor).sum()) / max(self.n - 1, 1)

    def covariance(self) -> Values:
        """Return the covariance ``(dim, dim)``, with :math:`n - 1`, for cross-checks."""
        return self.factor.T @ self.factor / max(self.n - 1, 1)


def moments(rows: ArrayLike) -> Moments:
    """Return the moments of one set ``(n, dim)``.

    Raises:
        ValueError: The shape is another, there is no row, or a value is NaN or infinite.

    >>> moments([[0.0], [2.0]]).covariance()
    array([[2.]])
    """
    given = checked_as_given(rows, "the set")
    mean = given.mean(0, dtype=np.float64)
    return Moments(n=len(given), mean=mean, factor=_factor(given, mean))


def merged(parts: Iterable[Moments]) -> Moments:
    """Return the moments of several disjoint sets together: exact, whatever the order.

    Raises:
        ValueError: There is none, or the dimensions differ.

    >>> whole = merged([moments([[0.0]]), moments([[2.0], [4.0]])])
    >>> whole.n, whole.mean.item(), round(whole.trace, 9)
    (3, 2.0, 4.0)
    """
    sets = list(parts)
    if not sets:
        raise ValueError("there is nothing to merge")
    if len({each.dim for each in sets}) > 1:
        raise ValueError(f"sets of dimension {' and '.join(str(each.dim) for each in sets)} cannot be merged")
    n = sum(each.n for each in sets)
    mean = sum((each.mean * (each.n / n) for each in sets), np.zeros(sets[0].dim))
    # Each part spreads about its own mean, and the means of the parts about that of the whole.
    between = [np.sqrt(each.n) * (each.mean - mean)[None] for each in sets]
    factors = np.concatenate([*(each.factor for each in sets), *between])
    return Moments(n=n, mean=mean, factor=_factor(factors, np.zeros_like(mean)))


@dataclass(slots=True, kw_only=True)
class MomentsStream:
    """Moments of rows that arrive batch by batch, in memory for a few times ``dim`` rows.

    >>> stream = MomentsStream()
    >>> for batch in np.arange(12.0).reshape(3, 2, 2):
    ...     stream.add(batch)
    >>> stream.moments().mean
    array([5., 6.])
    """

    _done: list[Moments] = field(default_factory=list)
    _pending: list[Values] = field(default_factory=list)

    def add(self, rows: ArrayLike) -> None:
        """Add rows ``(n, dim)``; none at all is allowed.

        Raises:
            ValueError: The shape is another or the dimension changed, or a value is NaN or infinite.
        """
        checked = checked_set(rows, "the batch", least=0)
        for known in (*(each.dim for each in self._done), *(each.shape[1] for each in self._pending)):
            if known != checked.shape[1]:
                raise ValueError(f"the batch has dimension {checked.shape[1]}; those before it had {known}")
        self._pending.append(checked)
        if sum(map(len, self._pending)) >= max(PENDING_ROWS, 2 * checked.shape[1]):
            self._fold()

    def moments(self) -> Moments:
        """Return the moments of everything added so far.

        Raises:
            ValueError: Nothing was added.
        """
        self._fold()
        return merged(self._done)

    def _fold(self) -> None:
        rows = np.concatenate(self._pending) if self._pending else np.empty((0, 0))
        self._pending.clear()
        if len(rows):
            self._done[:] = [merged([*self._done, moments(rows)])]


def frechet_distance(first: Moments, second: Moments) -> float:
    """Return the squared Fréchet distance of two sets; never negative, and symmetric.

    A distance is comparable only at the same ``n``: it falls by about c/n as a set grows
    (:mod:`avbench.metrics.frechet_intervals`).

    Args:
        first: Moments of the generated set.
        second: Moments of the reference.

    Raises:
        ValueError: The dimensions differ, a set has fewer than two rows, or the value overflows.

    >>> frechet_distance(moments([[0.0], [2.0]]), moments([[1.0], [5.0]]))
    6.0
    """
    if first.dim != second.dim:
        raise ValueError(f"the first set has dimension {first.dim}, the second {second.dim}")
    for name, each in (("first", first), ("second", second)):
        if each.n < 2:
            raise ValueError(f"the {name} set has 1 row; a covariance needs at least 2")
    with np.errstate(over="ignore", invalid="ignore"):
        apart = float(np.square(first.mean - second.mean).sum()) + first.trace + second.trace
        product = first.factor @ second.factor.T
    check_result(apart, "the distance")
    shared = _nuclear_norm(product) if product.size else 0.0
    scale = float(first.n - 1) ** 0.5 * float(second.n - 1) ** 0.5
    # By the triangle inequality the exact value is at least 0: below it there is rounding alone.
    return max(apart - 2 * shared / scale, 0.0)


def _nuclear_norm(product: Values) -> float:
    """Return the sum of the singular values.

    Of a large matrix the eigenvalues of its Gram matrix are quicker, and as exact where the smallest is not
    below :data:`WELL_CONDITIONED` of the largest; else the singular values themselves are taken.
    """
    if min(product.shape) >= LARGE and (largest := float(np.abs(product).max())) > 0:
        scaled = product / largest
        gram = scaled @ scaled.T if scaled.shape[0] <= scaled.shape[1] else scaled.T @ scaled
        eigenvalues = np.linalg.eigvalsh(gram)
        if eigenvalues[0] > WELL_CONDITIONED * eigenvalues[-1]:
            return largest * float(np.sqrt(eigenvalues).sum())
    return float(np.linalg.svd(product, compute_uv=False).sum())


def _factor(rows: NDArray[Any], mean: Values) -> Values:
    """Return a factor of the scatter of ``rows`` ``(n, dim)`` about ``mean``, of at most ``dim`` rows."""
    n, dim = rows.shape
    if n > dim >= LARGE and (triangle := _triangle(rows, mean)) is not None:
        return triangle
    centred = np.asarray(rows - mean, np.float64)
    return centred if n <= dim else np.asarray(np.linalg.qr(centred, mode="r"), np.float64)


def _triangle(rows: NDArray[Any], mean: Values) -> Values | None:
    """Return a triangle for :func:`_factor` by Cholesky, a third of the work; ``None`` if it loses digits.

    The error of a product of columns is relative to their lengths, so columns are scaled to length 1, but for
    constant ones. Then the smallest eigenvalue of their correlations must not be below about
    :data:`WELL_CONDITIONED` of the largest.
    """
    from scipy.linalg import get_lapack_funcs

    scatter = _scatter(rows, mean)
    lengths = np.sqrt(np.diagonal(scatter))
    short = lengths < LEAST_LENGTH
    if not np.isfinite(lengths).all() or (rows[:, short] != rows[0, short]).any():
        return None
    lengths[short] = 1.0
    scatter /= lengths
    scatter /= lengths[:, None]
    scatter[short, short], lengths[short] = 1.0, 0.0
    decompose, condition = get_lapack_funcs(("potrf", "pocon"), (scatter,))
    triangle, failed = decompose(scatter, lower=0, clean=1)
    if failed:
        return None
    above = np.abs(scatter)  # below the diagonal there are zeros, in place of the same again
    reciprocal, _ = condition(triangle, (above.sum(0) + above.sum(1) - 1).max())
    return np.ascontiguousarray(triangle * lengths) if reciprocal > WELL_CONDITIONED else None


def _scatter(rows: NDArray[Any], mean: Values) -> Values:
    """Return the upper triangle ``(dim, dim)`` of the scatter about ``mean``, zeros below."""
    from scipy.linalg import get_blas_funcs

    scatter = np.zeros((len(mean), len(mean)), order="F")
    (add_products,) = get_blas_funcs(("syrk",), (scatter,))
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, len(rows), ROWS_AT_ONCE):
            some = np.asarray(rows[start : start + ROWS_AT_ONCE] - mean, np.float64)
            scatter = add_products(1.0, some.T, beta=1.0, c=scatter, overwrite_c=1)
    return scatter
