"""Tables that are read row by row, in memory that does not grow with them, and any row again by its place."""

import csv
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, chain
from pathlib import Path
from typing import Any, BinaryIO, Protocol

Cells = Mapping[str, Any]
BATCH_ROWS = 4096
# Neighbouring rows are asked for together: the row group at hand, and the next one.
KEPT_GROUPS = 2


class Table(Protocol):
    """A table with named columns."""

    def columns(self) -> list[str]:
        """Return the names of the columns."""
        ...

    def rows(self) -> Iterator[tuple[int, int, Cells]]:
        """Yield line number (the heading is line 1), place, and cells by column."""
        ...

    def at(self, places: Iterable[int]) -> Iterator[Cells]:
        """Yield the cells of the rows at these places."""
        ...


class CsvTable:
    """A CSV file in UTF-8; a row's place is its first byte.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def columns(self) -> list[str]:
        """Return the names in the first line."""
        with self._path.open("rb") as file:
            return _names(csv.reader(_Lines(file), strict=True))

    def rows(self) -> Iterator[tuple[int, int, Cells]]:
        """Yield line number, place and cells of each row."""
        with self._path.open("rb") as file:
            lines = _Lines(file)
            reader = csv.reader(lines, strict=True)
            names, place = _names(reader), lines.place
            for row in reader:
                if row:
                    yield reader.line_num, place, _cells(names, row)
                place = lines.place

    def at(self, places: Iterable[int]) -> Iterator[Cells]:
        """Yield the cells of the rows at these places."""
        names = self.columns()
        with self._path.open("rb") as file:
            for place in places:
                file.seek(place)
                yield _cells(names, next(csv.reader(_Lines(file), strict=True)))


def _names(reader: Iterator[list[str]]) -> list[str]:
    return [name.strip() for name in next(reader, [])]


def _cells(names: Sequence[str], row: Sequence[str]) -> Cells:
    """Return a row by column, as :class:`csv.DictReader` does: what has no column stands under no name."""
    cells: dict[str, Any] = dict(zip(names, row, strict=False))
    if len(row) > len(names):
        cells[""] = row[len(names) :]
    elif len(row) < len(names):
        cells |= dict.fromkeys(names[len(row) :])
    return cells


class _Lines(Iterable[str]):
    """The lines of a file from where it stands, and where the next one begins."""

    def __init__(self, file: BinaryIO) -> None:
        self.place, self._file = file.tell(), file

    def __iter__(self) -> Iterator[str]:
        for chunk in self._file:
            for line in chunk.splitlines(keepends=True):
                # Spreadsheets write a byte order mark, which would become part of the first column's name.
                text = line.decode("utf-8" if self.place else "utf-8-sig")
                self.place += len(line)
                yield text


class ParquetTable:
    """A Parquet file; a row's place is its number.

    Args:
        path: The file.

    Raises:
        csv.Error: The file is damaged.
    """

    def __init__(self, path: Path) -> None:
        import pyarrow.parquet

        try:
            self._file = pyarrow.parquet.ParquetFile(path)
        except pyarrow.ArrowException as error:
            raise csv.Error(str(error)) from error
        about = self._file.metadata
        sizes = (about.row_group(group).num_rows for group in range(about.num_row_groups))
        self._ends = list(accumulate(sizes))
        self._group = lru_cache(KEPT_GROUPS)(self._file.read_row_group)

    def columns(self) -> list[str]:
        """Return the names of the columns."""
        return self._file.schema_arrow.names

    def rows(self) -> Iterator[tuple[int, int, Cells]]:
        """Yield line number, place and cells of each row."""
        place, names = 0, self.columns()
        # Group by group: a reader of several keeps what it has read of the file until it comes to the end.
        groups = range(self._file.num_row_groups)
        for batch in chain.from_iterable(
            self._file.iter_batches(BATCH_ROWS, row_groups=[group]) for group in groups
        ):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                yield place + 2, place, dict(zip(names, row, strict=True))
                place += 1

    def at(self, places: Iterable[int]) -> Iterator[Cells]:
        """Yield the cells of the rows at these places."""
        for place in places:
            group = bisect_right(self._ends, place)
            begin = self._ends[group - 1] if group else 0
            yield self._group(group).slice(place - begin, 1).to_pylist()[0]
