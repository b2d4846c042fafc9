"""A list of clips in a table, CSV or Parquet, as a dataset."""

import csv
import hashlib
import os
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, overload

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, model_validator

from avbench.clips import Clip
from avbench.datasets.cliplist import ClipList, data_root, leaves, reject_unknown
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
    listed = _listed(root, path)
    clips = ManifestClips(root, listed.table, np.frombuffer(listed.places, np.int64))
    bad = "; ".join(each for _, each in sorted(listed.bad)[:SHOWN])
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
    return ClipList(name="manifest", revision=revision, clips=clips, notes=notes)


class ManifestClips(Sequence[Clip]):
    """The clips of a manifest: of each memory holds the place of its row, which is read when it is asked for.

    Args:
        root: The data root.
        table: The manifest.
        places: ``(clip,)``, int64: where their rows are.
    """

    def __init__(self, root: Path, table: Table, places: NDArray[np.int64]) -> None:
        self._root, self._table, self._places = root, table, places

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Clip]:
        return self._at(self._places)

    @overload
    def __getitem__(self, index: int) -> Clip: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Clip]: ...
    def __getitem__(self, index: int | slice) -> Clip | Sequence[Clip]:
        if isinstance(index, slice):
            return ManifestClips(self._root, self._table, self._places[index])
        return next(self._at(self._places[[index]]))

    def _at(self, places: NDArray[np.int64]) -> Iterator[Clip]:
        return (_clip(self._root, cells) for cells in self._table.at(map(int, places)))


@dataclass(slots=True)
class _Listed:
    """What one pass over a manifest found.

    Attributes:
        table: The manifest.
        places: Where the rows of clips are.
        unusable: How many rows are left out.
        bad: Lines of the first of them, and what is wrong.
    """

    table: Table
    places: "array[int]"
    unusable: int = 0
    bad: list[tuple[int, str]] = field(default_factory=list)

    def leave_out(self, line: int, why: str, shown: int) -> None:
        self.unusable += 1
        if shown < SHOWN:
            self.bad.append((line, f"line {line}: {why}"))


def _listed(root: Path, path: Path) -> _Listed:
    """Read a manifest once; of each row its place, its line and a hash of its id are kept."""
    try:
        table = ParquetTable(path) if path.suffix.lower() == ".parquet" else CsvTable(path)
        _check_columns(path, table.columns())
        listed, lines, hashes = _Listed(table, array("q")), array("q"), array("q")
        for line, place, cells in table.rows():
            try:
                clip = _clip(root, cells)
            except (ValidationError, ValueError) as error:
                listed.leave_out(line, _reason(error), listed.unusable)
                continue
            listed.places.append(place)
            lines.append(line)
            hashes.append(hash(clip.id))
        _leave_out_repeated(listed, lines, np.frombuffer(hashes, np.int64))
        return listed
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"The manifest {path} cannot be read: {error}.", hint="Give a CSV file in UTF-8, or Parquet."
        ) from error


def _leave_out_repeated(listed: _Listed, lines: "array[int]", hashes: NDArray[np.int64]) -> None:
    """Leave out the rows whose id an earlier row has; ids of one hash are read again and compared."""
    order = np.argsort(hashes, kind="stable")
    follows = np.flatnonzero(hashes[order[1:]] == hashes[order[:-1]]) + 1
    repeated: list[int] = []
    for run in np.split(follows, np.flatnonzero(np.diff(follows) > 1) + 1) if len(follows) else ():
        numbers = order[run[0] - 1 : run[-1] + 1]
        known: set[str] = set()
        cells = listed.table.at(listed.places[number] for number in numbers)
        for number, each in zip(map(int, numbers), cells, strict=True):
            name = str(each["id"]).strip()
            repeated += [number] if name in known else []
            known.add(name)
    for shown, number in enumerate(sorted(repeated)):
        (each,) = listed.table.at([listed.places[number]])
        listed.leave_out(lines[number], f"the id {str(each['id']).strip()!r} is used above", shown)
    if repeated:
        kept = np.delete(np.frombuffer(listed.places, np.int64), repeated)
        listed.places = array("q", kept.tobytes())


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
    if "\0" in row.path or _outside(root, path):
        raise ValueError(f"the path {row.path!r} leaves the data root")
    labels = {name: str(cell) for name, cell in filled.items() if name not in FIELDS}
    return Clip(id=row.id, path=path, start=row.start, end=row.end, source=row.source, labels=labels)


def _outside(root: Path, path: Path) -> bool:
    # Of most files the folder is known, and following its links anew would take most of the time.
    folder, name = os.path.split(path)
    plain = name != ".." and not os.path.islink(path)  # noqa: PTH114 - half the time of pathlib's
    return _folder_leaves(root, folder) if plain else leaves(root, path)


@lru_cache(maxsize=4096)
def _folder_leaves(root: Path, folder: str) -> bool:
    return leaves(root, Path(folder))


def _reason(error: ValidationError | ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"].removeprefix("Value error, ")
