"""Sets of embeddings as the metrics of generation take them: checked once, at the door."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]


def checked_set(rows: ArrayLike, name: str, *, least: int = 1) -> Values:
    """Return a copy of ``rows`` ``(n, dim)`` in float64; takes and raises what :func:`checked_as_given` does.

    >>> checked_set([[1, 2]], "the reference")
    array([[1., 2.]])
    """
    return checked_as_given(rows, name, least=least).astype(np.float64)


def checked_as_given(rows: ArrayLike, name: str, *, least: int = 1) -> NDArray[Any]:
    """Return ``rows`` ``(n, dim)`` in the precision they have, and no copy of them where they are an array.

    Args:
        rows: One embedding, or one vector of logits, a row.
        name: What the set is called in messages.
        least: Fewest rows the metric is defined for.

    Raises:
        ValueError: The shape is another, a value is NaN, infinite or no number, or there are too few rows.

    >>> checked_as_given([[1, 2]], "the reference", least=2)
    Traceback (most recent call last):
    ValueError: the reference has 1 row; at least 2 are needed
    """
    given = np.asarray(rows)
    if given.dtype.kind not in "iuf":
        raise ValueError(f"{name} holds {given.dtype}, not real numbers")
    if given.ndim != 2 or given.shape[1] == 0:
        raise ValueError(f"{name} has shape {given.shape}, not (n, dim)")
    if len(given) < least:
        rows_given = f"{len(given)} row{'' if len(given) == 1 else 's'}"
        raise ValueError(f"{name} has {rows_given}; at least {least} are needed")
    check_finite(given, name)
    return given


def checked_sets(
    first: ArrayLike, second: ArrayLike, names: tuple[str, str], *, least: int = 1
) -> tuple[Values, Values]:
    """Return two sets ``(n, dim)`` and ``(m, dim)`` in float64; raises as :func:`checked_set`.

    Raises:
        ValueError: Also when the dimensions differ.
    """
    one, other = checked_set(first, names[0], least=least), checked_set(second, names[1], least=least)
    if one.shape[1] != other.shape[1]:
        raise ValueError(f"{names[0]} has dimension {one.shape[1]}, {names[1]} has {other.shape[1]}")
    return one, other


def checked_pairs(first: ArrayLike, second: ArrayLike, names: tuple[str, str]) -> tuple[Values, Values]:
    """Return two sets ``(n, dim)`` whose rows belong together one by one; raises as :func:`checked_sets`.

    Raises:
        ValueError: Also when the numbers of rows differ.
    """
    one, other = checked_sets(first, second, names)
    if len(one) != len(other):
        raise ValueError(
            f"{names[0]} has {len(one)} rows, {names[1]} has {len(other)}: they are compared in pairs"
        )
    return one, other


def check_finite(values: NDArray[np.generic], name: str) -> None:
    """Refuse NaN and infinite values.

    Raises:
        ValueError: There is one; the message names the first row that holds it.
    """
    finite = np.isfinite(values).all(axis=tuple(range(1, values.ndim)))
    if not finite.all():
        raise ValueError(f"{name} holds NaN or an infinite value in row {int(np.argmin(finite))}")


def check_result(value: float, name: str) -> float:
    """Return a finite ``value``.

    Raises:
        ValueError: It overflowed.
    """
    if not np.isfinite(value):
        raise ValueError(f"{name} overflows: the embeddings are too large for float64 arithmetic")
    return float(value)


def group_indices(groups: Sequence[str], n: int, *, least: int = 1) -> tuple[int, NDArray[np.intp]]:
    """Return how many groups there are, and ``(n,)`` the group of each row, numbered by sorted name.

    Args:
        groups: ``(n,)``: the recording of each row.
        n: Rows there are.
        least: Fewest groups an interval is defined for.

    Raises:
        ValueError: The numbers differ, or there are too few groups.

    >>> group_indices(["b", "a", "b"], 3)
    (2, array([1, 0, 1]))
    """
    if len(groups) != n:
        raise ValueError(f"{len(groups)} groups are named for {n} rows")
    names, group_of = np.unique(np.asarray(groups), return_inverse=True)
    if len(names) < least:
        raise ValueError(f"an interval needs at least {least} recordings")
    return len(names), group_of.reshape(-1)
