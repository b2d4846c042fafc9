"""Where result documents are put and found; a document once written is never overwritten.

<output>/<model>/<task>/<UTC time>-<id>.json            the document
<output>/<model>/<task>/<UTC time>-<id>.records.jsonl   what was measured of every query or clip
"""

import hashlib
import json
import re
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from avbench.errors import DataError, UsageError
from avbench.results.document import RunResult, from_json, to_json
from avbench.runs.census import LeftOut
from avbench.store import cannot_write, write_whole

T = TypeVar("T")

RECORDS = ".records.jsonl"
LEFT_OUT = ".left-out.jsonl"


def new_run_id() -> str:
    """Return a short random id."""
    return uuid.uuid4().hex[:8]


def now() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def prepare(output: Path, *, option: str = "--output") -> None:
    """Make the output folder and try it, before anything is computed for it.

    Args:
        output: The folder.
        option: What it was given by.

    Raises:
        UsageError: It is a file.
        StorageError: It cannot be written.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=output):
            pass
    except FileExistsError as error:
        raise UsageError(f"The output {output} is a file.", hint=f"Give a folder: {option} DIR.") from error
    except OSError as error:
        raise cannot_write(output, error) from error


def record_lines(records: Iterable[Any]) -> bytes:
    """Return what was measured of every query or clip, a dataclass each, as JSON lines."""
    lines = (json.dumps(asdict(each), ensure_ascii=False, allow_nan=False) + "\n" for each in records)
    return "".join(lines).encode()


def left_out_lines(left_out: Mapping[str, LeftOut]) -> bytes:
    """Return what went wrong with each clip left out as JSON lines."""
    lines = ({"clip": clip_id} | asdict(left_out[clip_id]) for clip_id in sorted(left_out))
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()


def put(output: Path, result: RunResult, records: bytes, left_out: bytes) -> Path:
    """Write a result and the records beside it, the document last, and return where it is.

    Raises:
        StorageError: They cannot be written.
    """
    stamp = re.sub(r"[^0-9TZ]", "", result.run.started_at)
    folder = output / safe_name(result.model.name) / safe_name(result.task.name)
    path = folder / f"{stamp}-{result.run.id}.json"
    write_whole(path.with_suffix(RECORDS), records)
    if left_out:
        write_whole(path.with_suffix(LEFT_OUT), left_out)
    write_whole(path, to_json(result).encode())
    return path


def safe_name(name: str) -> str:
    """Return a name that is one folder on every system."""
    return re.sub(r"[^A-Za-z0-9._@+-]", "_", name).lstrip(".") or "_"


def read(path: Path) -> RunResult:
    """Read one document.

    Raises:
        DataError: There is none, or it is not one.
    """
    return from_json(read_bytes(path), name=str(path))


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a document.

    Raises:
        DataError: They cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path} cannot be read: {error.strerror or error}.", hint="Give the path of a result document."
        ) from error


def read_records(path: Path, sha256: str, kind: type[T]) -> tuple[T, ...]:
    """Read what was measured of every query or clip, beside a document.

    Args:
        path: The document.
        sha256: Its ``records_sha256``.
        kind: The dataclass of a record.

    Raises:
        DataError: They cannot be read, or are not the ones the document was made with.
    """
    from pydantic import TypeAdapter, ValidationError

    beside = path.with_suffix(RECORDS)
    content = read_bytes(beside)
    try:
        records = tuple(map(TypeAdapter(kind).validate_json, content.splitlines()))
    except ValidationError as error:
        raise DataError(
            f"{beside} does not hold records of this task: {error.errors()[0]['msg']}.",
            hint="Make the result anew by `avbench run`.",
        ) from error
    if digest(content) != sha256:
        raise DataError(
            f"{beside} has changed since {path.name} was written.",
            hint="Make the result anew by `avbench run`.",
        )
    return records


def find(folder: Path) -> Iterator[Path]:
    """Yield every document under a folder, in the order of their paths; hidden files are passed over.

    Raises:
        DataError: There is no such folder.
    """
    if not folder.is_dir():
        raise DataError(
            f"There is no folder {folder}.", hint="Give the folder results were written to: --results DIR."
        )
    for path in sorted(folder.rglob("*.json")):
        if not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


def digest(content: bytes) -> str:
    """Return the SHA-256 of a file's bytes."""
    return hashlib.sha256(content).hexdigest()
