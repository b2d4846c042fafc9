"""A list of clips in a table, CSV or Parquet, as a dataset."""

import csv
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, model_validator

from avbench.clips import Clip
from avbench.datasets.cliplist import ClipList, abridged, data_root, leaves, reject_unknown
from avbench.errors import DataError
from avbench.records import DatasetRequest

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
    table = _table(root, request.args.get("manifest"))
    clips: dict[str, Clip] = {}
    bad: list[str] = []
    for line, cells in _rows(table):
        try:
            clip = _clip(root, cells)
            if clip.id in clips:
                raise ValueError(f"the id {clip.id!r} is used above")
            clips[clip.id] = clip
        except (ValidationError, ValueError) as error:
            bad.append(f"line {line}: {_reason(error)}")
    if not clips:
        raise DataError(
            f"The manifest {table} has no row that can be used{': ' if bad else ''}{abridged(bad)}.",
            hint="Give each clip one row with an id and a path below the data root.",
        )
    rows = "1 row" if len(bad) == 1 else f"{len(bad)} rows"
    notes = (f"{rows} of the manifest left out: {abridged(bad)}.",) if bad else ()
    revision = f"sha256:{hashlib.sha256(table.read_bytes()).hexdigest()[:16]}"
    return ClipList(name="manifest", revision=revision, clips=tuple(clips.values()), notes=notes)


def _table(root: Path, given: str | None) -> Path:
    candidates = [root / given] if given else [root / name for name in FILES]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise DataError(
        f"There is no manifest {' or '.join(map(str, candidates))}.",
        hint="Name the table by --dataset-args manifest=FILE (CSV or Parquet).",
    )


def _rows(table: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield line number, counted from 1 with the header as line 1, and cells by column."""
    try:
        rows = _parquet_rows(table) if table.suffix.lower() == ".parquet" else _csv_rows(table)
        yield from rows
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"The manifest {table} cannot be read: {error}.", hint="Give a CSV file in UTF-8, or Parquet."
        ) from error


def _csv_rows(table: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    # utf-8-sig: spreadsheets write a byte order mark, which would become part of the first column's name.
    with table.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, restkey="", strict=True)
        _check_columns(table, [name.strip() for name in reader.fieldnames or ()])
        for cells in reader:
            yield reader.line_num, {name.strip(): cell for name, cell in cells.items()}


def _parquet_rows(table: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise DataError(
            f"Reading {table} needs pyarrow, which is not installed.",
            hint='`pip install "avbench[parquet]"`, or give the manifest as CSV.',
        ) from error
    try:
        rows = pyarrow.parquet.read_table(table).to_pylist()
        columns = pyarrow.parquet.read_schema(table).names
    except pyarrow.ArrowException as error:
        raise csv.Error(str(error)) from error
    _check_columns(table, columns)
    yield from enumerate(rows, start=2)


def _check_columns(table: Path, columns: list[str]) -> None:
    missing = [name for name in ("id", "path") if name not in columns]
    if missing:
        raise DataError(
            f"The manifest {table} has no column {' and no column '.join(missing)}; "
            f"it has: {', '.join(columns) or 'none'}.",
            hint="Its first line must name the columns: id,path and, if wanted, start,end,source and labels.",
        )
    repeated = {name for name in columns if columns.count(name) > 1}
    if repeated:
        raise DataError(
            f"The manifest {table} has several columns named {sorted(repeated)[0]!r}.",
            hint="Give every column a name of its own.",
        )


def _clip(root: Path, cells: Mapping[str, Any]) -> Clip:
    if "" in cells:
        raise ValueError("there are more cells than columns")
    filled = {name: cell for name, cell in cells.items() if cell is not None and cell != ""}
    row = Row.model_validate({name: cell for name, cell in filled.items() if name in Row.model_fields})
    if "\0" in row.path or leaves(root, root / row.path):
        raise ValueError(f"the path {row.path!r} leaves the data root")
    labels = {name: str(cell) for name, cell in filled.items() if name not in Row.model_fields}
    return Clip(
        id=row.id, path=root / row.path, start=row.start, end=row.end, source=row.source, labels=labels
    )


def _reason(error: ValidationError | ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"].removeprefix("Value error, ")
