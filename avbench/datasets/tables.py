"""Tables that are read row by row, in memory that does not grow with them, and any row again by its place."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
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
            return _names(csv.DictReader(_Lines(file), strict=True))

    def rows(self) -> Iterator[tuple[int, int, Cells]]:
        """Yield line number, place and cells of each row."""
        with self._path.open("rb") as file:
            lines = _Lines(file)
            reader = csv.DictReader(lines, restkey="", strict=True)
            reader.fieldnames = _names(reader)
            place = lines.place
            for cells in reader:
                yield reader.line_num, place, cells
                place = lines.place

    def at(self, places: Iterable[int]) -> Iterator[Cells]:
        """Yield the cells of the rows at these places."""
        names = self.columns()
        with self._path.open("rb") as file:
            for place in places:
                file.seek(place)
                yield next(csv.DictReader(_Lines(file), names, restkey="", strict=True))


def _names(reader: "csv.DictReader[str]") -> list[str]:
    return [name.strip() for name in reader.fieldnames or ()]


class _Lines(Iterator[str]):
    """The lines of a file, and how many bytes those that were taken have."""

    def __init__(self, file: BinaryIO) -> None:
        self.place = file.tell()
        self._lines = (line for chunk in file for line in chunk.splitlines(keepends=True))

    def __next__(self) -> str:
        line = next(self._lines)
        # Spreadsheets write a byte order mark, which would become part of the first column's name.
        text = line.decode("utf-8" if self.place else "utf-8-sig")
        self.place += len(line)
        return text


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
        self._group = lru_cache(KEPT_GROUPS)(self._file.read_row_group)

    def columns(self) -> list[str]:
        """Return the names of the columns."""
        return self._file.schema_arrow.names

    def rows(self) -> Iterator[tuple[int, int, Cells]]:
        """Yield line number, place and cells of each row."""
        place = 0
        for batch in self._file.iter_batches(BATCH_ROWS):
            for cells in batch.to_pylist():
                yield place + 2, place, cells
                place += 1

    def at(self, places: Iterable[int]) -> Iterator[Cells]:
        """Yield the cells of the rows at these places."""
        about = self._file.metadata
        for place in places:
            group = 0
            while place >= (rows := about.row_group(group).num_rows):
                place, group = place - rows, group + 1
            yield self._group(group).slice(place, 1).to_pylist()[0]
