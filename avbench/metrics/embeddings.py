"""Embeddings on the unit sphere: checked, normalised, identical ones found."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from avbench.errors import ModelError

ROWS_AT_ONCE = 256


def check_pairs(video: NDArray[np.floating], audio: NDArray[np.floating]) -> None:
    """Refuse embeddings that cannot be compared pair by pair.

    Args:
        video: ``(n, dim)`` or ``(n, time, dim)``.
        audio: The same shape; row ``i`` belongs to row ``i`` of ``video``.

    Raises:
        ModelError: The shapes differ or are neither of the two, or a value is NaN or infinite.
    """
    if video.shape != audio.shape or video.ndim not in (2, 3) or 0 in video.shape:
        raise ModelError(
            f"Video embeddings have shape {video.shape} and audio embeddings {audio.shape}.",
            hint="Return (batch, dim) or (batch, time, dim) from both, with the same time and dim.",
        )
    for side, rows in (("video", video), ("audio", audio)):
        for start in range(0, len(rows), ROWS_AT_ONCE):
            part = rows[start : start + ROWS_AT_ONCE]
            finite = np.isfinite(part).reshape(len(part), -1).all(1)
            if not finite.all():
                row = start + int(np.argmin(finite))
                raise ModelError(
                    f"The {side} embedding in row {row} holds NaN or an infinite value.",
                    hint="Look for a division by zero or an overflow in the model; NaN is never ranked.",
                )


def unit_rows(embeddings: NDArray[np.floating]) -> NDArray[np.float32]:
    r"""Scale every embedding to length 1, so that a dot product is a cosine.

    Time-aligned tokens are scaled one by one, then by the root of their number, and laid end to end:

    .. math::
        \frac{1}{T} \sum_t \cos(v_t, a_t)
        = \Big\langle \frac{\hat v}{\sqrt T}, \frac{\hat a}{\sqrt T} \Big\rangle

    A vector of zeros has no direction: it stays zero, and its cosine with anything is 0. The length is taken
    in float64 after division by the largest component, so nothing overflows, and parallel vectors of
    different length become the same float32 vector.

    Args:
        embeddings: ``(n, dim)``, or ``(n, time, dim)`` for time-aligned tokens; finite.

    Returns:
        ``(n, dim)`` or ``(n, time · dim)``.

    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([[0.6, 0.8],
           [0. , 0. ]], dtype=float32)
    """
    n = len(embeddings)
    unit = np.empty(embeddings.shape, np.float32)
    scale = 1.0 if embeddings.ndim == 2 else embeddings.shape[1] ** -0.5
    for start in range(0, n, ROWS_AT_ONCE):
        part = embeddings[start : start + ROWS_AT_ONCE].astype(np.float64)
        largest = np.abs(part).max(-1, keepdims=True)
        part /= np.where(largest > 0, largest, 1.0)
        length = np.sqrt(np.square(part).sum(-1, keepdims=True))
        part *= scale / np.where(length > 0, length, 1.0)
        unit[start : start + ROWS_AT_ONCE] = part
    unit += 0.0  # −0 becomes +0: the two are equal as numbers, and must be equal as bytes
    return unit.reshape(n, -1)


def distinct_rows(rows: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find identical rows.

    Args:
        rows: ``(n, dim)``.

    Returns:
        ``first`` ``(distinct,)``: where each distinct row appears first, ascending; and ``row_of`` ``(n,)``:
        the distinct row each row equals.

    >>> first, row_of = distinct_rows(np.array([[1, 2], [3, 4], [1, 2]], np.float32))
    >>> first.tolist(), row_of.tolist()
    ([0, 1], [0, 1, 0])
    """
    seen: dict[bytes, int] = {}
    row_of = np.empty(len(rows), np.int64)
    first: list[int] = []
    for index, row in enumerate(np.ascontiguousarray(rows)):
        # A digest in place of the row itself: 32 bytes a row, whatever the dimension.
        key = hashlib.sha256(row.data).digest()
        if key not in seen:
            seen[key] = len(first)
            first.append(index)
        row_of[index] = seen[key]
    return np.array(first, np.int64), row_of
