r"""Similarity of pairs in a shared space: CLAP score, and audio-video similarity.

.. math:: s_i = \frac1T \sum_t \frac{\langle a_{it}, b_{it} \rangle}{\|a_{it}\| \, \|b_{it}\|} \in [-1, 1]

A cosine, whatever scale a model gives its embeddings. Papers print the ImageBind score times 100.
"""

import numpy as np
from numpy.typing import ArrayLike

from avbench.metrics.embedding_sets import Values, check_finite


def cosine_similarities(first: ArrayLike, second: ArrayLike) -> Values:
    """Return the similarity of each pair, ``(n,)``; the metric is their mean.

    Args:
        first: ``(n, dim)``, or ``(n, time, dim)`` for time-aligned tokens, whose cosines are averaged.
        second: The same shape; row ``i`` belongs to row ``i`` of ``first``.

    Raises:
        ValueError: The shapes differ or are neither of the two, a value is NaN or infinite, or a vector is
            zero and so has no direction.

    >>> cosine_similarities([[3.0, 4.0]], [[6.0, 8.0]])
    array([1.])
    """
    one, other = np.asarray(first), np.asarray(second)
    for name, each in (("the first set", one), ("the second set", other)):
        if each.dtype.kind not in "iuf":
            raise ValueError(f"{name} holds {each.dtype}, not real numbers")
    if one.shape != other.shape or one.ndim not in (2, 3) or 0 in one.shape:
        raise ValueError(
            f"embeddings of shape {one.shape} and {other.shape} are not pairs (n, dim) or (n, time, dim)"
        )
    unit = [_unit(each, name) for each, name in ((one, "the first set"), (other, "the second set"))]
    cosines = (unit[0] * unit[1]).sum(-1)
    return np.clip(cosines if cosines.ndim == 1 else cosines.mean(1), -1.0, 1.0)


def _unit(given: np.ndarray, name: str) -> Values:
    check_finite(given, name)
    rows = given.astype(np.float64)
    largest = np.abs(rows).max(-1, keepdims=True)
    zero = (largest == 0).reshape(len(rows), -1).any(1)
    if zero.any():
        raise ValueError(f"{name} holds a vector of zeros in row {int(np.argmax(zero))}: it has no direction")
    rows /= largest  # first, so that no square overflows or vanishes
    return rows / np.sqrt(np.square(rows).sum(-1, keepdims=True))
