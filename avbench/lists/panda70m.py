"""Panda-70M: its tables, read one video at a time, and what its downloader leaves beside a clip."""

import ast
import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from avbench.datasets.file_names import ClipKey
from avbench.errors import DataError
from avbench.lists.id_list import IdList, ListedClip
from avbench.lists.rows import BadRow, headed, numbered, source

COLUMNS = ("videoID", "timestamp", "caption", "matching_score")
INSTANT = re.compile(r"(\d{1,3}):([0-5]\d):([0-5]\d)(?:\.(\d{1,3}))?", re.ASCII)
# A video of thousands of clips has long cells; csv stops at 128 KiB by itself.
LONGEST_CELL = 1 << 24


def read_panda70m(path: Path) -> IdList:
    """Read a whole table into memory, as fits test and validation; :func:`panda70m_clips` streams."""
    clips = list(panda70m_clips(path))
    if len({(clip.key.source, clip.key.index) for clip in clips}) < len(clips):
        raise DataError(f"The list {path} has a video twice.", hint="Give the table of one split, as it is.")
    return IdList(name=f"panda70m-{path.stem}", clips=clips)


def panda70m_clips(path: Path) -> Iterator[ListedClip]:
    """Yield the clips of a table in its order, holding one row, a video, at a time.

    List columns are Python literals of equal length; they are parsed as literals and never evaluated.

    Raises:
        DataError: A line breaks the format.
    """
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_CELL))
    for line, row in headed(path, COLUMNS):
        with numbered(path, line):
            clips = _video(row)
        yield from clips


def _video(row: dict[str, str]) -> list[ListedClip]:
    video = source(row["videoID"])
    spans, captions, scores = (_literals(row, name) for name in COLUMNS[1:])
    if not len(spans) == len(captions) == len(scores):
        raise BadRow(f"{len(spans)} timestamps, {len(captions)} captions, {len(scores)} matching scores")
    filters = _literals(row, "desirable_filtering") if "desirable_filtering" in row else []
    clips: list[ListedClip] = []
    for index, (span, caption, score) in enumerate(zip(spans, captions, scores, strict=True)):
        if not isinstance(caption, str) or not isinstance(score, int | float):
            raise BadRow(f"clip {index} has no text and number for caption and matching score")
        labels = {"caption": caption, "matching_score": f"{score:g}"}
        if index < len(filters):
            labels["filter"] = str(filters[index])
        clips.append(ListedClip(key=_span(video, span, index), labels=labels))
    return clips


def _literals(row: dict[str, str], column: str) -> list[object]:
    try:
        value: object = ast.literal_eval(row[column])
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError) as error:
        raise BadRow(f"{column} is no Python literal") from error
    if not isinstance(value, list):
        raise BadRow(f"{column} is no list")
    return cast("list[object]", value)


def _span(video: str, span: object, index: int | None = None) -> ClipKey:
    ends = cast("list[object]", span) if isinstance(span, list) else []
    if len(ends) != 2:
        raise BadRow(f"{span!r} is no pair of instants")
    start, end = (_instant(each) for each in ends)
    if end <= start:
        raise BadRow(f"the end {ends[1]} is not after the start {ends[0]}")
    return ClipKey(source=video, start=start, end=end, index=index)


def _instant(text: object) -> int:
    if not isinstance(text, str) or not (match := INSTANT.fullmatch(text)):
        raise BadRow(f"{text!r} is no instant h:mm:ss.mmm")
    hours, minutes, seconds, rest = match.groups()
    return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int((rest or "0").ljust(3, "0"))


def key_beside(media: Path) -> ClipKey | None:
    """Return the clip of a file of the official downloader, from the json beside it; ``None`` without one.

    Its own name says nothing: the numbers in it depend on the table it was fetched by, and on its order.

    Raises:
        DataError: The json is damaged.
    """
    path = media.with_suffix(".json")
    if not path.is_file():
        return None
    try:
        document = cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8")))
        video, (span,) = source(str(document["yt_meta_dict"]["info"]["id"])), document["clips"]
        return _span(video, span)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(
            f"The side-car {path} does not say which clip it belongs to: {error}.",
            hint="Keep the json that Panda-70M's downloader wrote, or remove the clip.",
        ) from error
