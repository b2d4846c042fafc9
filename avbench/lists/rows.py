"""Lines of the tables that lists come as, each with its number, and the keys they name."""

import csv
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from avbench.datasets.file_names import ClipKey
from avbench.errors import DataError

SOURCE = re.compile(r"[A-Za-z0-9_-]{11}", re.ASCII)
PADDED_NAME = re.compile(r"([A-Za-z0-9_-]{11})_(\d{6})(?:\.mp4)?", re.ASCII)
VGGSOUND_MS = 10_000


def unreadable(path: Path, error: Exception, *, after: int = 0) -> DataError:
    """Return the error for a list that cannot be read, or not ``after`` some line."""
    where = f" after line {after}" if after else ""
    if isinstance(error, UnicodeDecodeError):
        why, hint = "it is no text in UTF-8", "Save it in UTF-8, or give it as its authors distribute it."
    elif isinstance(error, OSError):
        why, hint = (error.strerror or "no such file").lower(), "Check the path."
    else:
        why, hint = str(error), "Give the file as its authors distribute it."
    return DataError(f"The list {path} cannot be read{where}: {why}.", hint=hint)


class BadRow(ValueError):
    """A line that breaks its format; :func:`numbered` adds the file and the line."""


def table(
    path: Path, *, delimiter: str = ",", after_space: bool = False, comments: str = ""
) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines of a table that hold anything, each with its number from 1, one at a time.

    Args:
        path: The file, in UTF-8; a byte order mark and either line end are understood.
        delimiter: What stands between two cells.
        after_space: Whether a cell begins after the spaces that follow the delimiter.
        comments: What a line that is passed over begins with.

    Raises:
        DataError: The file cannot be read, or is no such table.
    """
    line = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=delimiter, skipinitialspace=after_space, strict=True)
            for cells in reader:
                line = reader.line_num
                if (len(cells) > 1 or "".join(cells).strip()) and not (
                    comments and cells[0].startswith(comments)
                ):
                    yield line, cells
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise unreadable(path, error, after=line) from error


@contextmanager
def numbered(path: Path, line: int) -> Generator[None, None, None]:
    """Turn a :class:`BadRow` raised within into a ``DataError`` that names file and line."""
    try:
        yield
    except BadRow as error:
        raise DataError(
            f"Line {line} of the list {path}: {error}.",
            hint="Give the file as its authors distribute it, or mend the line.",
        ) from error


def headed(
    path: Path, columns: Sequence[str], *, delimiter: str = ","
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a table whose first line names its columns, by column.

    Raises:
        DataError: The first line lacks one of ``columns``, or a line has another number of cells than it.
    """
    rows = table(path, delimiter=delimiter)
    line, names = next(rows, (1, []))
    with numbered(path, line):
        if lacking := [name for name in columns if name not in names]:
            raise BadRow(f"there is no column {lacking[0]!r}; there are: {', '.join(names) or 'none'}")
    for line, cells in rows:
        with numbered(path, line):
            if len(cells) != len(names):
                raise BadRow(f"{len(cells)} cells under {len(names)} columns")
        yield line, dict(zip(names, cells, strict=True))


def repetitions(count: int) -> tuple[str, ...]:
    """Return the note on rows that a list holds more than once, if there are any."""
    return (f"Rows that repeat another one of the list, and count once with it: {count}.",) if count else ()


def source(text: str) -> str:
    """Return a video's id if it is one: what is none could name a file outside the data root."""
    if not SOURCE.fullmatch(text):
        raise BadRow(f"{text!r} is no id of a YouTube video, 11 letters, digits, - and _")
    return text


def milliseconds(seconds: str) -> int:
    """Return an instant in milliseconds, from text in seconds."""
    if not re.fullmatch(r"\d{1,7}(?:\.\d+)?", seconds, re.ASCII):
        raise BadRow(f"{seconds!r} is no number of seconds")
    return round(float(seconds) * 1000)


def stretch(video: str, start: str, end: str) -> ClipKey:
    """Return the key of a stretch between two instants, in seconds."""
    key = ClipKey(source=source(video), start=milliseconds(start), end=milliseconds(end))
    if (key.end or 0) <= (key.start or 0):
        raise BadRow(f"the end {end} is not after the start {start}")
    return key


def ten_seconds(video: str, start: str) -> ClipKey:
    """Return the key of the ten seconds from a start, in seconds."""
    first = milliseconds(start)
    return ClipKey(source=source(video), start=first, end=first + VGGSOUND_MS)


def padded(name: str) -> ClipKey:
    """Return the key of ten seconds named ``<id>_<six digits of the start>``, with or without ``.mp4``."""
    if not (match := PADDED_NAME.fullmatch(name)):
        raise BadRow(f"{name!r} is no name <id>_<start, six digits>")
    return ten_seconds(match[1], match[2])
