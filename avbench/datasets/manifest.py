"""A list of clips in a table, CSV or Parquet, as a dataset."""

import csv
import hashlib
import math
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, overload

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, model_validator

from avbench.clips import Clip
from avbench.datasets.cliplist import ClipList, data_root, leaves, reject_unknown
from avbench.datasets.row_register import NotedPlaces, RowRegister
from avbench.datasets.tables import CsvTable, ParquetTable, Table
from avbench.errors import DataError
from avbench.records import DatasetRequest

SHOWN = 5
FILES = ("manifest.csv", "manifest.parquet")


class Row(BaseModel):
    """One line of a manifest.

    Attributes:
        id: The clip's name, unique in the manifest.
        path: The media file, relative to the data root and inside it.
        start: Where the clip begins, in seconds of presentation time.
        end: Where it ends, in seconds; empty for the end of the file.
        source: The recording it was cut from, over which intervals are bootstrapped; empty for its own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    id: Annotated[str, Field(min_length=1)]
    path: Annotated[str, Field(min_length=1)]
    start: Annotated[FiniteFloat, Field(ge=0)] = 0.0
    end: FiniteFloat | None = None
    source: str = ""

    @model_validator(mode="after")
    def _ends_after_start(self) -> "Row":
        if self.end is not None and self.end <= self.start:
            raise ValueError(f"end {self.end:g} is not after start {self.start:g}")
        return self


FIELDS = frozenset(Row.model_fields)
NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
LATEST = sys.float_info.max


def open_manifest(request: DatasetRequest) -> ClipList:
    """Read the clips that a table lists.

    The first line names the columns: ``id`` and ``path`` are needed, ``start``, ``end`` and ``source`` are
    understood (:class:`Row`), every other column becomes a label of the clip. Paths are relative to
    ``--data-root`` and may not leave it. A row that cannot be used is left out and named by its line.

    Args:
        request: ``args["manifest"]`` is the table, relative to the data root or absolute; without it
            ``manifest.csv`` or ``manifest.parquet`` in the root.

    Returns:
        The clips in the table's order. The revision is the digest of the table's bytes.

    Raises:
        UsageError: No root was given, or an unknown argument.
        DataError: There is no table, it cannot be read, lacks a column, or has no row that can be used.
    """
    reject_unknown(request.args, ["manifest"], "manifest")
    root = data_root(request, "manifest")
    path = _path(root, request.args.get("manifest"))
    listed = _listed(root, path, request.cache)
    clips = ManifestClips(root, listed.table, listed.places)
    bad = "; ".join(f"line {line}: {why}" for line, why in sorted(listed.bad)[:SHOWN])
    more = f"; and {listed.unusable - SHOWN} more" if listed.unusable > SHOWN else ""
    if not clips:
        raise DataError(
            f"The manifest {path} has no row that can be used{': ' if bad else ''}{bad}{more}.",
            hint="Give each clip one row with an id and a path below the data root.",
        )
    rows = "1 row" if listed.unusable == 1 else f"{listed.unusable} rows"
    notes = (f"{rows} of the manifest left out: {bad}{more}.",) if bad else ()
    with path.open("rb") as file:
        revision = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()[:16]}"
    return ClipList(name="manifest", revision=revision, clips=clips, notes=notes, distinct=True)


class ManifestClips(Sequence[Clip]):
    """The clips of a manifest, of which memory holds none: a row is read when its clip is asked for.

    Args:
        root: The data root.
        table: The manifest.
        places: Where the rows of clips are.
        which: Numbers of those that are meant; by default all.
    """

    def __init__(self, root: Path, table: Table, places: NotedPlaces, which: range | None = None) -> None:
        self._root, self._table, self._places = root, table, places
        self._which = range(len(places)) if which is None else which

    def __len__(self) -> int:
        return len(self._which)

    def __iter__(self) -> Iterator[Clip]:
        return self._at(self._which)

    @overload
    def __getitem__(self, index: int) -> Clip: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Clip]: ...
    def __getitem__(self, index: int | slice) -> Clip | Sequence[Clip]:
        if isinstance(index, slice):
            return ManifestClips(self._root, self._table, self._places, self._which[index])
        return next(self._at([self._which[index]]))

    def _at(self, numbers: Iterable[int]) -> Iterator[Clip]:
        places = (self._places[number] for number in numbers)
        return (_clip(self._root, cells) for cells in self._table.at(places))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """What one pass over a manifest found.

    Attributes:
        table: The manifest.
        places: Where the rows of clips are.
        unusable: How many rows are left out.
        bad: Lines of the first of them, and what is wrong.
    """

    table: Table
    places: NotedPlaces
    unusable: int
    bad: Sequence[tuple[int, str]]


def _listed(root: Path, path: Path, cache: Path) -> _Listed:
    """Read a manifest once, and leave out what is no clip; what is noted of its rows lies in the cache."""
    try:
        table = ParquetTable(path) if path.suffix.lower() == ".parquet" else CsvTable(path)
        _check_columns(path, table.columns())
        register, unusable = RowRegister(cache), 0
        bad: list[tuple[int, str]] = []
        for line, place, cells in table.rows():
            try:
                name = cells["id"] if _plain(root, cells) else _clip(root, cells).id
            except (ValidationError, ValueError) as error:
                unusable += 1
                bad += [(line, _reason(error))] if unusable <= SHOWN else []
                continue
            register.add(name, line, place)
        distinct = register.distinct(SHOWN)
        again = table.at(place for _, place in distinct.first)
        for (line, _), cells in zip(distinct.first, again, strict=True):
            bad.append((line, f"the id {_clip(root, cells).id!r} is used above"))
        unusable += distinct.repeated
        return _Listed(table=table, places=distinct.places, unusable=unusable, bad=bad)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"The manifest {path} cannot be read: {error}.", hint="Give a CSV file in UTF-8, or Parquet."
        ) from error


def _path(root: Path, given: str | None) -> Path:
    candidates = [root / given] if given else [root / name for name in FILES]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise DataError(
        f"There is no manifest {' or '.join(map(str, candidates))}.",
        hint="Name the table by --dataset-args manifest=FILE (CSV or Parquet).",
    )


def _check_columns(path: Path, columns: list[str]) -> None:
    missing = [name for name in ("id", "path") if name not in columns]
    if missing:
        raise DataError(
            f"The manifest {path} has no column {' and no column '.join(missing)}; "
            f"it has: {', '.join(columns) or 'none'}.",
            hint="Its first line must name the columns: id,path and, if wanted, start,end,source and labels.",
        )
    repeated = {name for name in columns if columns.count(name) > 1}
    if repeated:
        raise DataError(
            f"The manifest {path} has several columns named {sorted(repeated)[0]!r}.",
            hint="Give every column a name of its own.",
        )


def _clip(root: Path, cells: Mapping[str, Any]) -> Clip:
    if "" in cells:
        raise ValueError("there are more cells than columns")
    filled = {name: cell for name, cell in cells.items() if cell is not None and cell != ""}
    row = Row.model_validate({name: cell for name, cell in filled.items() if name in FIELDS})
    path = root / row.path
    if "\0" in row.path or _outside(root, str(path)):
        raise ValueError(f"the path {row.path!r} leaves the data root")
    labels = {name: str(cell) for name, cell in filled.items() if name not in FIELDS}
    return Clip(id=row.id, path=path, start=row.start, end=row.end, source=row.source, labels=labels)


def _plain(root: Path, cells: Mapping[str, Any]) -> bool:
    """Say whether a row is certainly that of a clip: quickly seen of most, and of all others left open."""
    name, path, source = cells["id"], cells["path"], cells.get("source")
    return (
        _trimmed(name)
        and _trimmed(path)
        and (source is None or type(source) is str)
        and "" not in cells
        and 0 <= _seconds(cells.get("start"), 0.0) < _seconds(cells.get("end"), LATEST) <= LATEST
        and not (path[0] == "/" or ".." in path or "\0" in path)
        and not _outside(root, f"{root}/{path}")
    )


def _trimmed(cell: object) -> bool:
    return type(cell) is str and cell != "" and cell == cell.strip()


def _seconds(cell: object, default: float) -> float:
    """Return a number as it stands in a table: NaN, which compares with nothing, for any but the plainest."""
    if cell is None or cell == "":
        return default
    if isinstance(cell, str) and NUMBER.fullmatch(cell):
        return float(cell)
    return cell if type(cell) is float else math.nan


def _outside(root: Path, path: str) -> bool:
    # Of most files the folder is known, and following its links anew would take most of the time.
    folder, name = os.path.split(path)
    plain = name != ".." and not os.path.islink(path)  # noqa: PTH114 - half the time of pathlib's
    return _folder_leaves(root, folder) if plain else leaves(root, Path(path))


@lru_cache(maxsize=4096)
def _folder_leaves(root: Path, folder: str) -> bool:
    return leaves(root, Path(folder))


def _reason(error: ValidationError | ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"].removeprefix("Value error, ")
