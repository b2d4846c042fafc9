r"""Where the true partner ranks, for both directions, from one matrix product.

For unit rows :math:`v_i, a_j` and scores :math:`s_{ij} = \langle v_i, a_j \rangle`, pair :math:`i` counts

.. math::
    \text{v2a:}\quad g_i = \#\{j : s_{ij} > s_{ii}\}, \quad t_i = \#\{j \ne i : s_{ij} = s_{ii}\} \\
    \text{a2v:}\quad g_i = \#\{j : s_{ji} > s_{ii}\}, \quad t_i = \#\{j \ne i : s_{ji} = s_{ii}\}

so that the true partner's rank is anywhere in :math:`g_i + 1 \dots g_i + t_i + 1`. Where siblings are to be
ignored, :math:`j` runs over the pairs that are not of :math:`i`'s group.

Two rules make :math:`t_i` mean what it says. A true pair's score is read from the tile it is compared in,
never computed a second time by other means. And identical embeddings are multiplied once: a matrix product
may give equal columns scores that differ in the last bit, depending on where in the matrix they stand, so the
product runs over the distinct rows of each side, and each counts as often as it occurs. A model that returns
the same vector for every clip therefore ties with everything, exactly, on any machine and with any tile size.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from avbench.metrics.embeddings import check_pairs, distinct_rows, unit_rows
from avbench.records import Direction

if TYPE_CHECKING:
    from torch import Tensor

TILE = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """Where the true candidate stands for each query of one direction.

    Attributes:
        better: ``(n,)`` int64: candidates that score strictly higher than the true one.
        tied: ``(n,)`` int64: other candidates with exactly its score.
        candidates: Size of the gallery, the true candidate included.
    """

    better: NDArray[np.int64]
    tied: NDArray[np.int64]
    candidates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRanks:
    """Both directions over the same pairs.

    Attributes:
        by_direction: ``a2v`` (audio queries) and ``v2a`` (video queries), in the order of the pairs.
        distinct_video: Different video embeddings; fewer than the pairs means that a model has collapsed,
        wholly
            or in part.
        distinct_audio: Different audio embeddings.
    """

    by_direction: Mapping[Direction, Ranks]
    distinct_video: int
    distinct_audio: int


class _Side:
    """One modality: its distinct rows, how often each occurs, and the pairs in order of their row."""

    def __init__(self, embeddings: NDArray[np.floating]) -> None:
        import torch

        rows = unit_rows(embeddings)
        first, row_of = distinct_rows(rows)
        self.distinct = len(first)
        self.rows = torch.from_numpy(rows if self.distinct == len(rows) else rows[first])
        self.row_of = torch.from_numpy(row_of)
        copies = torch.bincount(self.row_of)
        self.copies = copies.float()
        self.pairs = torch.argsort(self.row_of, stable=True)
        self.starts = torch.cat([copies.new_zeros(1), copies.cumsum(0)])
        self.better = torch.zeros(len(row_of), dtype=torch.float64)
        self.equal = torch.zeros(len(row_of), dtype=torch.float64)

    def queries(self, rows: range, tile: int) -> Iterator[tuple["Tensor", "Tensor | None"]]:
        """Yield the pairs that query with ``rows``, a tile at a time, and their rows if not one each."""
        start, stop = int(self.starts[rows.start]), int(self.starts[rows.stop])
        one_each = stop - start == len(rows)
        for begin in range(start, stop, tile):
            pairs = self.pairs[begin : min(begin + tile, stop)]
            yield pairs, None if one_each else self.row_of[pairs] - rows.start

    def ranks(self) -> Ranks:
        """Return the counts as they stand; a query's own partner is not tied with itself."""
        better = self.better.numpy().astype(np.int64)
        return Ranks(better=better, tied=self.equal.numpy().astype(np.int64) - 1, candidates=len(better))


class _Tiles:
    """The product of the distinct rows, in square tiles; every tile is compared in both directions."""

    def __init__(self, video: _Side, audio: _Side, tile: int, siblings: NDArray[np.int64]) -> None:
        import torch

        self.video, self.audio, self.tile = video, audio, tile
        self.siblings = torch.from_numpy(siblings)
        self.truth = torch.full((len(video.row_of),), torch.nan)
        shape = (min(tile, video.distinct), min(tile, audio.distinct))
        self.scores, self.mask = torch.empty(shape), torch.empty(shape)

    def count(self) -> None:
        """Visit the tiles that hold true pairs first: the others are compared with what those say."""
        holders = self._holders()
        counted = {key for key, pairs in holders.items() if self._read(key, pairs)}
        for row in range(0, self.video.distinct, self.tile):
            for column in range(0, self.audio.distinct, self.tile):
                if (row, column) not in counted:
                    scores = self._product(row, column)
                    if (row, column) in holders:
                        self._write(scores, row, column, holders[row, column])
                    self._compare(scores, row, column)

    def _holders(self) -> dict[tuple[int, int], "Tensor"]:
        """Group the pairs by the tile of their true score: the diagonal tiles, if nothing is duplicated."""
        import torch

        corners = torch.stack([self.video.row_of, self.audio.row_of], 1) // self.tile * self.tile
        tiles, tile_of = torch.unique(corners, dim=0, return_inverse=True)
        order = torch.argsort(tile_of, stable=True)
        groups = order.split(torch.bincount(tile_of).tolist())
        return {(row, column): pairs for (row, column), pairs in zip(tiles.tolist(), groups, strict=True)}

    def _read(self, key: tuple[int, int], pairs: "Tensor") -> bool:
        """Read the tile's true scores; if they are all it needs, count it, so it is computed only once."""
        row, column = key
        scores = self._product(row, column)
        self.truth[pairs] = scores[self.video.row_of[pairs] - row, self.audio.row_of[pairs] - column]
        complete = all(
            not self.truth[queries].isnan().any()
            for side, span in ((self.video, self._rows(row)), (self.audio, self._columns(column)))
            for queries, _ in side.queries(span, self.tile)
        )
        if complete:
            self._compare(scores, row, column)
        return complete

    def _write(self, scores: "Tensor", row: int, column: int, pairs: "Tensor") -> None:
        """Put the scores that were read back, so that a tile computed twice agrees with itself to the bit."""
        scores[self.video.row_of[pairs] - row, self.audio.row_of[pairs] - column] = self.truth[pairs]

    def _rows(self, start: int) -> range:
        return range(start, min(start + self.tile, self.video.distinct))

    def _columns(self, start: int) -> range:
        return range(start, min(start + self.tile, self.audio.distinct))

    def _product(self, row: int, column: int) -> "Tensor":
        import torch

        rows, columns = self._rows(row), self._columns(column)
        scores = self.scores[: len(rows), : len(columns)]
        left = self.video.rows[rows.start : rows.stop]
        return torch.mm(left, self.audio.rows[columns.start : columns.stop].T, out=scores)

    def _compare(self, scores: "Tensor", row: int, column: int) -> None:
        rows, columns = self._rows(row), self._columns(column)
        mask = self.mask[: len(rows), : len(columns)]
        self._count_side(self.video, rows, scores, mask, self.audio.copies[columns.start : columns.stop])
        self._count_side(self.audio, columns, scores.T, mask.T, self.video.copies[rows.start : rows.stop])
        if len(self.siblings):
            self._discount(scores, rows, columns)

    def _discount(self, scores: "Tensor", rows: range, columns: range) -> None:
        """Take the siblings in a tile out of the counts again, by the very scores they were counted with."""
        places = self.video.row_of[self.siblings[:, 0]], self.audio.row_of[self.siblings[:, 1]]
        spans = ((rows.start, rows.stop), (columns.start, columns.stop))
        within = [
            (place >= first) & (place < last) for place, (first, last) in zip(places, spans, strict=True)
        ]
        here = within[0] & within[1]
        found = scores[places[0][here] - rows.start, places[1][here] - columns.start]
        for side, query in zip((self.video, self.audio), self.siblings[here].T, strict=True):
            side.better.index_add_(0, query, -(found > self.truth[query]).double())
            side.equal.index_add_(0, query, -(found == self.truth[query]).double())

    def _count_side(
        self, side: _Side, rows: range, scores: "Tensor", mask: "Tensor", copies: "Tensor"
    ) -> None:
        """Add to each query's counts; ``scores`` and ``mask`` are ``(query row, candidate)``."""
        import torch

        for pairs, gather in side.queries(rows, self.tile):
            part = scores if gather is None else scores[gather]
            # Comparing into floats lets a matrix-vector product do the weighted count; exact below 2**24.
            into = mask if gather is None else torch.empty_like(part)
            truth = self.truth[pairs][:, None]
            side.better[pairs] += torch.gt(part, truth, out=into) @ copies
            side.equal[pairs] += torch.eq(part, truth, out=into) @ copies


def rank_pairs(
    video: NDArray[np.floating],
    audio: NDArray[np.floating],
    *,
    tile: int = TILE,
    ignoring: Sequence[str] | None = None,
) -> PairRanks:
    """Count, for every pair and both directions, the candidates that beat and that tie the true one.

    Beyond the inputs it holds their float32 unit rows and two tiles.

    Args:
        video: ``(n, dim)``, or ``(n, time, dim)`` for time-aligned tokens scored by their mean cosine.
        audio: The same shape; row ``i`` belongs to row ``i`` of ``video``.
        tile: Side of a tile of the product; changes speed and memory, not meaning.
        ignoring: ``(n,)``: the group of each pair; others of its group are no candidates of it. ``None``: all
            are.

    Raises:
        ModelError: The shapes do not fit, or a value is NaN or infinite.

    >>> video = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> ranks = rank_pairs(video, video[[0, 2, 1]]).by_direction["v2a"]
    >>> ranks.better.tolist(), ranks.tied.tolist()
    ([0, 1, 1], [0, 0, 1])
    """
    import torch

    check_pairs(video, audio)
    with torch.inference_mode():
        sides = _Side(video), _Side(audio)
        _Tiles(*sides, tile, _siblings(ignoring or ())).count()
    return PairRanks(
        by_direction={"v2a": sides[0].ranks(), "a2v": sides[1].ranks()},
        distinct_video=sides[0].distinct,
        distinct_audio=sides[1].distinct,
    )


def _siblings(groups: Sequence[str]) -> NDArray[np.int64]:
    """Return every two different pairs of one group, both ways round: ``(some, 2)``."""
    members: dict[str, list[int]] = {}
    for pair, group in enumerate(groups):
        members.setdefault(group, []).append(pair)
    twos = [two for each in members.values() for two in permutations(each, 2)]
    return np.array(twos, np.int64).reshape(-1, 2)
