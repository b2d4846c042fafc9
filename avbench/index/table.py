"""An index as a Parquet file, and the journal beside it that an interrupted scan leaves."""

import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from avbench.errors import DataError
from avbench.index.entries import Entry
from avbench.store import write_whole

FORMAT = "1"
_NAMES: tuple[str, ...] = tuple(field.name for field in fields(Entry))
_INTEGERS: tuple[str, ...] = ("bytes", "mtime_ns", "probed_ns", "width", "height", "sample_rate", "channels")
_REALS: tuple[str, ...] = ("seconds", "fps", "video_start", "audio_start")


def write_index(path: Path, root: Path, entries: Iterable[Entry]) -> None:
    """Write an index; it is there in full or not at all.

    Raises:
        StorageError: It cannot be written.
    """
    from pyarrow import json as arrow_json
    from pyarrow import parquet

    about = {"avbench.index": FORMAT, "avbench.root": str(root)}
    schema, content = _schema(), io.BytesIO()
    # As lines of JSON: arrays made from Python's lists import pandas where it is installed, half a second.
    lines = "".join(f"{json.dumps(_row(entry))}\n" for entry in entries).encode()
    options = arrow_json.ParseOptions(explicit_schema=schema)
    table = arrow_json.read_json(io.BytesIO(lines), parse_options=options) if lines else schema.empty_table()
    parquet.write_table(table.replace_schema_metadata(about), content)
    write_whole(path, content.getvalue())


def read_index(path: Path, root: Path) -> dict[str, Entry]:
    """Return the entries of an index by path; none if there is no index.

    Raises:
        DataError: The file is no index, or that of another root.
    """
    import pyarrow
    from pyarrow import parquet

    if not path.exists():
        return {}
    try:
        table = parquet.read_table(path)
        about = table.schema.metadata or {}
        of, version = about.get(b"avbench.root", b"").decode(), about.get(b"avbench.index", b"").decode()
        if version != FORMAT:
            raise ValueError("it was not written by `avbench data index`")
        if of != str(root):
            raise ValueError(f"it is of {of}")
        columns = table.to_pydict()
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise DataError(
            f"{path} is no index of {root}: {error}.", hint="Give another --out, or remove that file."
        ) from error
    rows = zip(*(columns[name] for name in _NAMES), strict=True)
    return {row[0]: Entry(**dict(zip(_NAMES, row, strict=True))) for row in rows}


def read_journal(path: Path, root: Path) -> Iterator[Entry]:
    """Yield what an interrupted scan of ``root`` noted; a line that was cut off is skipped."""
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                of, row = json.loads(line)
                if of == str(root):
                    yield Entry(**row)
            except (ValueError, TypeError):
                continue


def journal_line(root: Path, entry: Entry) -> str:
    """Return what is noted of an entry."""
    return json.dumps([str(root), _row(entry)]) + "\n"


def _row(entry: Entry) -> dict[str, Any]:
    # dataclasses.asdict copies every value, which takes a tenth of the time that probing a small file does.
    return {name: getattr(entry, name) for name in _NAMES}


def _schema() -> Any:
    import pyarrow

    kinds: dict[str, Any] = {name: pyarrow.int64() for name in _INTEGERS}
    kinds |= {name: pyarrow.float64() for name in _REALS}
    return pyarrow.schema([(name, kinds.get(name, pyarrow.string())) for name in _NAMES])
