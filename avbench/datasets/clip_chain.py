"""Clips of several lists, one list after the other, without making any before it is asked for."""

from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from typing import overload

import numpy as np

from avbench.clips import Clip


class ClipChain(Sequence[Clip]):
    """The clips of several lists.

    Args:
        parts: The lists.
    """

    def __init__(self, parts: Sequence[Sequence[Clip]]) -> None:
        self._parts = parts
        self._ends = np.fromiter(accumulate(map(len, parts)), np.int64, len(parts))

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def __iter__(self) -> Iterator[Clip]:
        return chain.from_iterable(self._parts)

    @overload
    def __getitem__(self, index: int) -> Clip: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Clip]: ...
    def __getitem__(self, index: int | slice) -> Clip | Sequence[Clip]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        place = index % len(self)
        part = int(np.searchsorted(self._ends, place, side="right"))
        return self._parts[part][place - (int(self._ends[part - 1]) if part else 0)]
