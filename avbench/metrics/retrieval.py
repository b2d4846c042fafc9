r"""Retrieval numbers from rank counts, each the expectation under random tie-breaking.

A query whose true candidate is beaten by :math:`g` others and tied with :math:`t` others has, with ties
broken at random, a rank uniform on :math:`g + 1 \dots g + t + 1`. Every number here is an expectation over
that, so it does not depend on the order of the candidates; with ``tied = 0`` it is the optimistic bound, with
``better + tied`` in place of ``better`` the pessimistic one (:func:`bounds`). After McSherry and Najork,
"Computing Information Retrieval Performance Measures Efficiently in the Presence of Tied Scores", ECIR 2008.

All functions take ``better`` and ``tied``, ``(n,)`` integers, and return float64.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Values = NDArray[np.float64]
PerQuery = Callable[[Counts, Counts], Values]


def recall(better: Counts, tied: Counts, k: int) -> Values:
    r"""Return each query's chance that its true candidate is among the first ``k``.

    .. math:: P(\text{rank} \le k) = \frac{\min(\max(k - g, 0),\, t + 1)}{t + 1}

    With one true candidate a query this is both the recall@k of the information-retrieval literature and the
    hit rate that clip_benchmark and torchmetrics compute.

    >>> recall(np.array([0, 0, 3]), np.array([0, 3, 0]), 1)
    array([1.  , 0.25, 0.  ])
    """
    return np.clip(k - better, 0, tied + 1) / (tied + 1)


def reciprocal_rank(better: Counts, tied: Counts) -> Values:
    r"""Return each query's expected 1/rank.

    .. math:: \frac{1}{t + 1} \sum_{r = g + 1}^{g + t + 1} \frac{1}{r} = \frac{H_{g + t + 1} - H_g}{t + 1}

    >>> reciprocal_rank(np.array([1, 0]), np.array([0, 1]))
    array([0.5 , 0.75])
    """
    last = better + tied + 1
    harmonic = np.concatenate([[0.0], np.cumsum(1.0 / np.arange(1, last.max(initial=0) + 1))])
    return (harmonic[last] - harmonic[better]) / (tied + 1)


def rank(better: Counts, tied: Counts) -> Values:
    r"""Return each query's expected rank, counted from 1: :math:`g + 1 + t / 2`.

    >>> rank(np.array([0, 2]), np.array([3, 0]))
    array([2.5, 3. ])
    """
    return better + 1 + tied / 2


def median_rank(ranks: Values) -> float:
    """Return the median of expected ranks, the mean of the middle two for an even number of queries.

    >>> median_rank(np.array([1.0, 2.0, 3.0, 6.0]))
    2.5
    """
    return float(np.median(ranks))


def median_rank_openclip(ranks: Values) -> float:
    """Return the median rank as open_clip and CAVP print it: floor of the median 0-based rank, plus 1.

    >>> median_rank_openclip(np.array([1.0, 2.0, 3.0, 6.0]))
    2.0
    """
    return float(np.floor(np.median(ranks - 1)) + 1)


def percentile(better: Counts, tied: Counts, *, candidates: int) -> Values:
    r"""Return each query's expected share of the other candidates that stand behind the true one.

    .. math:: 1 - \frac{g + t / 2}{N - 1}

    1 is the first place, 1/2 chance, whatever the size of the gallery: in any smaller one, drawn at random,
    its expectation is the same.

    >>> percentile(np.array([0, 3]), np.array([0, 4]), candidates=11)
    array([1. , 0.5])
    """
    return 1 - (better + tied / 2) / (candidates - 1)


def recall_in_smaller_gallery(better: Counts, tied: Counts, k: int, *, candidates: int, size: int) -> Values:
    r"""Return each query's chance of a hit among the first ``k`` of a smaller random gallery.

    The smaller gallery holds the true candidate and :math:`m - 1` of the other :math:`N - 1`, drawn without
    replacement. If the true candidate is beaten by :math:`x` in the full gallery, the number that beat it in
    the smaller one is hypergeometric; and a tie is broken in the full gallery first:

    .. math:: \frac{1}{t + 1} \sum_{x = g}^{g + t} P\big(\mathrm{Hypergeom}(N - 1, x, m - 1) \le k - 1\big)

    This makes numbers from galleries of different size comparable, exactly and without sampling.

    Args:
        better: Candidates above the true one.
        tied: Candidates level with it.
        k: The cut-off.
        candidates: :math:`N`, size of the full gallery.
        size: :math:`m`, size of the smaller one, at least 1 and at most ``candidates``.

    >>> recall_in_smaller_gallery(np.array([1]), np.array([0]), 1, candidates=3, size=2)
    array([0.5])
    """
    from scipy.stats import hypergeom

    if not 1 <= size <= candidates:
        raise ValueError(f"size {size} is outside 1 … {candidates}")
    hit = hypergeom.cdf(k - 1, candidates - 1, np.arange(candidates), size - 1)
    total = np.concatenate([[0.0], np.cumsum(hit)])
    return np.clip((total[better + tied + 1] - total[better]) / (tied + 1), 0.0, 1.0)


def bounds(per_query: PerQuery, better: Counts, tied: Counts) -> tuple[Values, Values]:
    """Return a per-query number with every tie broken for the model, and with every tie broken against it.

    >>> bounds(rank, np.array([1]), np.array([4]))
    (array([2.]), array([6.]))
    """
    none = np.zeros_like(tied)
    return per_query(better, none), per_query(better + tied, none)


def chance(per_query: PerQuery, candidates: int) -> float:
    """Return what a scorer that knows nothing expects from a gallery: everything ties with everything.

    So recall@k is k/N, the mean rank (N + 1)/2, and the reciprocal rank the N-th harmonic number over N.

    >>> chance(rank, 9)
    5.0
    """
    return float(per_query(np.zeros(1, np.int64), np.full(1, candidates - 1, np.int64))[0])
