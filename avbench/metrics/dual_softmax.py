r"""Ranks after dual softmax: every score is weighted by how much its candidate prefers the query.

For scores :math:`s_{ij}` of query :math:`i` and candidate :math:`j`, with the softmax over the *queries*,

.. math:: t_{ij} = s_{ij} \, \frac{e^{\beta s_{ij}}}{\sum_{i'} e^{\beta s_{i'j}}}

as PE-AV's evaluation applies it, with :math:`\beta = 10`; after Cheng et al., "Improving Video-Text Retrieval
by Multi-Stream Corpus Alignment and Dual Softmax Loss", 2021. What a query finds then depends on all other
queries, which no search has: numbers after it have names of their own and are comparable to nothing else.
Computed in float64 from the float32 products of distinct rows, so that identical candidates tie.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avbench.metrics.embeddings import check_pairs, distinct_rows, unit_rows
from avbench.metrics.ranks import PairRanks, Ranks

ROWS_AT_ONCE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """One modality: its distinct rows ``(distinct, dim)``, each pair's, and how often each occurs."""

    rows: NDArray[np.float32]
    row_of: NDArray[np.int64]
    copies: NDArray[np.float64]

    @classmethod
    def of(cls, embeddings: NDArray[np.floating]) -> "_Side":
        rows = unit_rows(embeddings)
        first, row_of = distinct_rows(rows)
        return cls(rows=rows[first], row_of=row_of, copies=np.bincount(row_of).astype(np.float64))


def rank_by_dual_softmax(
    video: NDArray[np.floating], audio: NDArray[np.floating], *, scale: float
) -> PairRanks:
    """Count, for every pair and both directions, the candidates that beat and that tie the true one.

    Args:
        video: ``(n, dim)``, or ``(n, time, dim)`` for time-aligned tokens.
        audio: The same shape; row ``i`` belongs to row ``i`` of ``video``.
        scale: The inverse temperature.

    Raises:
        ModelError: The shapes do not fit, or a value is NaN or infinite.

    >>> video = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> rank_by_dual_softmax(video, video, scale=10).by_direction["a2v"].better.tolist()
    [0, 0]
    """
    check_pairs(video, audio)
    seen, heard = _Side.of(video), _Side.of(audio)
    return PairRanks(
        by_direction={"v2a": _ranks(seen, heard, scale), "a2v": _ranks(heard, seen, scale)},
        distinct_video=len(seen.rows),
        distinct_audio=len(heard.rows),
    )


def _ranks(asking: _Side, asked: _Side, scale: float) -> Ranks:
    blocks = range(0, len(asking.rows), ROWS_AT_ONCE)
    total = np.zeros(len(asked.rows))
    for start in blocks:
        rows = slice(start, start + ROWS_AT_ONCE)
        total += asking.copies[rows] @ _preference(_scores(asking, asked, rows), scale)
    better, tied = np.zeros((2, len(asking.row_of)), np.int64)
    for start in blocks:
        rows = slice(start, start + ROWS_AT_ONCE)
        scores = _scores(asking, asked, rows)
        weighted = scores * _preference(scores, scale) / total
        for query in np.flatnonzero((asking.row_of >= start) & (asking.row_of < start + ROWS_AT_ONCE)):
            row = weighted[asking.row_of[query] - start]
            truth = row[asked.row_of[query]]
            better[query] = asked.copies[row > truth].sum()
            tied[query] = asked.copies[row == truth].sum() - 1
    return Ranks(better=better, tied=tied, candidates=len(better))


def _scores(asking: _Side, asked: _Side, rows: slice) -> NDArray[np.float64]:
    return (asking.rows[rows] @ asked.rows.T).astype(np.float64)


def _preference(scores: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    # No cosine exceeds 1: less 1 in the exponent keeps it finite and cancels in the quotient.
    return np.exp(scale * (scores - 1))
