"""The rows of a table, noted on disk: where each lies, and which of them has an id that an earlier one has.

Memory does not grow with the rows. While they are told apart each takes 41 bytes of disk, afterwards 8. The
files have no names, so nothing is left of them when the process ends, however it ends.
"""

import hashlib
import os
import struct
import tempfile
import weakref
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from avbench.store import cannot_write

# Rows whose ids are compared at a time; of more rows, ids are compared share by share, a pass for each.
MOST = 2**19
BLOCK_ROWS = 2**15
_PLACE = struct.Struct("<q")
_ROW = struct.Struct("<qq")

Ids = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]


class NotedPlaces:
    """Where rows lie, by their number.

    Args:
        file: Holds the places, eight bytes each; it is closed when nobody asks any more.
        count: How many there are.
    """

    def __init__(self, file: IO[bytes], count: int) -> None:
        self._file, self._count = file, count
        weakref.finalize(self, file.close)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> int:
        content = os.pread(self._file.fileno(), _PLACE.size, number * _PLACE.size)
        return int(_PLACE.unpack(content)[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Distinct:
    """What is left when no id stands twice.

    Attributes:
        places: Where the rows lie, in order.
        repeated: How many rows have an id that an earlier row has.
        first: Line and place of the first of these.
    """

    places: NotedPlaces
    repeated: int
    first: Sequence[tuple[int, int]]


class RowRegister:
    """Takes note of rows, then says which have an id of their own.

    Two ids are held to be the same when 128 bits of BLAKE2b over them are. Every method raises
    ``StorageError`` when the disk is full or the folder cannot be written.

    Args:
        folder: Where the notes are; made if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._count = folder, 0
        with self._writing():
            folder.mkdir(parents=True, exist_ok=True)
            self._ids, self._rows = _unnamed(folder), _unnamed(folder)
        for file in (self._ids, self._rows):
            weakref.finalize(self, file.close)

    def add(self, name: str, line: int, place: int) -> None:
        """Take note of the next row: its id, the line it is on, and where it is found again."""
        try:
            self._ids.write(hashlib.blake2b(name.encode(), digest_size=16).digest())
            self._rows.write(_ROW.pack(line, place))
        except OSError as error:
            raise cannot_write(self._folder, error) from error
        self._count += 1

    def distinct(self, shown: int) -> Distinct:
        """Leave out the rows whose id an earlier row has, and name the first few of them."""
        first: list[tuple[int, int]] = []
        with self._writing(), _unnamed(self._folder) as struck:
            self._strike(struck)
            places, kept = _unnamed(self._folder), 0
            for rows, again in zip(_blocks(self._rows, "<i8", 2), _blocks(struck, "?", 1), strict=True):
                first += [(line, place) for line, place in rows[again[:, 0]][: shown - len(first)].tolist()]
                kept += places.write(rows[~again[:, 0], 1].tobytes()) // _PLACE.size
            places.flush()
        return Distinct(places=NotedPlaces(places, kept), repeated=self._count - kept, first=tuple(first))

    def _strike(self, struck: IO[bytes]) -> None:
        """Write a byte for each row: whether an earlier one has its id."""
        struck.truncate(self._count)
        shares = -(-2 * self._count // MOST)
        for share in range(shares):
            for number in self._repeated(share, shares):
                os.pwrite(struck.fileno(), b"\1", number)

    def _repeated(self, share: int, shares: int) -> Iterator[int]:
        """Yield the numbers of the rows with one share of the ids that have the id of an earlier row."""
        known, begin = (np.empty((0, 2), np.uint64), np.empty(0, np.int64)), 0
        waiting: list[tuple[Ids, Numbers]] = []
        for ids in _blocks(self._ids, "<u8", 2):
            mine = np.flatnonzero(ids[:, 0] % shares == share)
            waiting.append((ids[mine], begin + mine))
            begin += len(ids)
            if begin == self._count or sum(len(each) for each, _ in waiting) >= MOST:
                known, repeated = _told_apart([known, *waiting])
                waiting.clear()
                yield from repeated.tolist()

    @contextmanager
    def _writing(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            raise cannot_write(self._folder, error) from error


def _unnamed(folder: Path) -> IO[bytes]:
    return tempfile.TemporaryFile(dir=folder, buffering=2**20)


def _blocks(file: IO[bytes], kind: str, columns: int) -> Iterator[npt.NDArray[Any]]:
    """Yield a file from its beginning as arrays ``(row, column)``."""
    file.seek(0)
    while content := file.read(BLOCK_ROWS * columns * np.dtype(kind).itemsize):
        yield np.frombuffer(content, kind).reshape(-1, columns)


def _told_apart(seen: Sequence[tuple[Ids, Numbers]]) -> tuple[tuple[Ids, Numbers], Numbers]:
    """Return ids, each once with the number of its first row, and the numbers of all other rows."""
    ids, numbers = np.concatenate([ids for ids, _ in seen]), np.concatenate([each for _, each in seen])
    order = np.lexsort((numbers, ids[:, 1], ids[:, 0]))
    ids, numbers = ids[order], numbers[order]
    again = np.zeros(len(ids), np.bool_)
    again[1:] = (ids[1:] == ids[:-1]).all(1)
    return (ids[~again], numbers[~again]), np.sort(numbers[again])
