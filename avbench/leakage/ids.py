"""Which clips a file names: any list that gives a video's id, with or without its start, line by line."""

import csv
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from avbench.clips import Clip
from avbench.datasets.file_names import ClipKey, read_name
from avbench.errors import DataError
from avbench.lists.rows import unreadable

# Headings under which lists keep the id; without a heading the first two fields are looked at.
ID_HEADINGS = ("youtube_id", "videoid", "video_id", "ytid", "filename", "id")
FIRST_FIELDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedClips:
    """The clips that a file names.

    Attributes:
        name: The file's name.
        keys: One for each clip, in the file's order, none twice.
    """

    name: str
    keys: tuple[ClipKey, ...]

    @property
    def sources(self) -> frozenset[str]:
        """The videos that the clips are from."""
        return frozenset(key.source for key in self.keys)

    @property
    def says_places(self) -> bool:
        """Whether every clip is known by where in its video it is, not by its video alone."""
        return all(key.start is not None for key in self.keys)


def read_ids(path: Path) -> NamedClips:
    """Read the clips that a file names: a csv, tab- or ``&``-separated list, or one name a line.

    Raises:
        DataError: The file cannot be read, or names no clip.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from error
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("# ")]
    keys = tuple(dict.fromkeys(_keys(lines)))
    if not keys:
        raise DataError(
            f"The list {path} names no clip of a video.",
            hint="It needs an id of 11 characters in a line, at its beginning or under one of the headings "
            f"{', '.join(ID_HEADINGS)}.",
        )
    return NamedClips(name=path.name, keys=keys)


def _keys(lines: Sequence[str]) -> Iterator[ClipKey]:
    if not lines:
        return
    separator = next((each for each in "\t&" if each in lines[0]), ",")
    rows = csv.reader(lines, delimiter=separator, skipinitialspace=True)
    column: int | None = None
    for number, row in enumerate(rows):
        heading = [field.strip().lower() for field in row]
        if number == 0 and any(each in heading for each in ID_HEADINGS):
            column = next(heading.index(each) for each in ID_HEADINGS if each in heading)
            continue
        yield from _named_in(row[column : column + 1] if column is not None else row[:FIRST_FIELDS], row)


def _named_in(fields: Sequence[str], row: Sequence[str]) -> Iterator[ClipKey]:
    for place, field in enumerate(fields):
        readings = read_name(field.strip())
        if not readings:
            continue
        key = min(readings, key=_oddness)
        # The start may have a field of its own, in seconds, right after the id.
        after = row[place + 1] if len(fields) > 1 and place + 1 < len(row) else ""
        if key.start is None and after.replace(".", "", 1).isdecimal():
            key = ClipKey(source=key.source, start=round(float(after) * 1000))
        yield key
        return


def _oddness(key: ClipKey) -> float:
    """Return how far a reading is from a clip of 10 s: what tells seconds from milliseconds."""
    if key.start is None or key.end is None:
        return 0.0
    return abs(math.log((key.end - key.start) / 10_000))


def clip_keys(clip: Clip) -> tuple[ClipKey, ...]:
    """Return what a clip of a dataset can be called: every reading of its id, else its recording as it is."""
    return read_name(clip.id) or (ClipKey(source=clip.group),)


def agreeing(keys: Iterable[ClipKey], others: Iterable[ClipKey]) -> tuple[ClipKey, ...]:
    """Return those of ``keys`` that can be the same clip as one of ``others``."""
    by_source: dict[str, list[ClipKey]] = {}
    for other in others:
        by_source.setdefault(other.source, []).append(other)
    return tuple(key for key in keys if any(key.agrees(each) for each in by_source.get(key.source, ())))
