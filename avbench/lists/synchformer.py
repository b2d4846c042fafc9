"""VGGSound-Sparse (clean), as Synchformer's authors distribute it, and its fixed offsets."""

import math
from dataclasses import dataclass
from pathlib import Path

from avbench.datasets.file_names import ClipKey
from avbench.errors import DataError
from avbench.lists.id_list import IdList, ListedClip
from avbench.lists.rows import BadRow, headed, numbered, source, ten_seconds

BOOLEAN = ("0", "1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One row of the fixed offsets.

    Attributes:
        clip: Which clip.
        start: Where its picture begins, in seconds of the clip.
        offset: By how much the sound is late, in seconds: the opposite of what the file says, where the
            offset is the picture's.
        in_sync: Whether the clip was judged in sync as it is.
    """

    clip: ListedClip
    start: float
    offset: float
    in_sync: bool


def read_sparse(path: Path) -> IdList:
    """Read the clips that exist; the label ``in_sync`` says whether one was judged so."""
    clips: list[ListedClip] = []
    for line, row in headed(path, ("dataset_name", "video_id", "start_sec", "vid_is_missing", "is_sync")):
        with numbered(path, line):
            missing = _boolean(row["vid_is_missing"])
            clip = ListedClip(
                key=ten_seconds(row["video_id"], row["start_sec"]), labels={"in_sync": row["is_sync"]}
            )
            if not missing:
                clips.append(clip)
    return IdList(name="vggsound-sparse-clean", clips=clips)


def _boolean(text: str) -> bool:
    if text not in BOOLEAN:
        raise BadRow(f"{text!r} is neither 0 nor 1")
    return text == "1"


def read_shifts(path: Path) -> list[Shift]:
    """Read the fixed offsets, a clip's several times if it has several."""
    shifts: list[Shift] = []
    for line, row in headed(path, ("video_id", "vstart_sec", "offset_sec", "is_sync")):
        with numbered(path, line):
            shifts.append(_shift(row))
    return shifts


def _shift(row: dict[str, str]) -> Shift:
    name, first, last = [*row["video_id"].rsplit("_", 2), "", ""][:3]
    if not (first.isdecimal() and last.isdecimal()):
        raise BadRow(f"{row['video_id']!r} is no name <id>_<start ms>_<end ms>")
    clip = ListedClip(key=ClipKey(source=source(name), start=int(first), end=int(last)))
    try:
        start, offset = float(row["vstart_sec"]), float(row["offset_sec"])
    except ValueError as error:
        raise BadRow(str(error)) from error
    if not (math.isfinite(start) and math.isfinite(offset)):
        raise BadRow(f"{row['vstart_sec']!r} and {row['offset_sec']!r} are not both finite")
    return Shift(clip=clip, start=start, offset=0.0 - offset, in_sync=_boolean(row["is_sync"]))


def offsets_of(path: Path) -> dict[str, float]:
    """Read by how much the sound of each clip is to be late, in seconds by clip id: those judged in sync.

    The others have an offset of their own, which nobody knows.

    Raises:
        DataError: The file cannot be read, or gives a clip two offsets.
    """
    offsets: dict[str, float] = {}
    for shift in read_shifts(path):
        if shift.in_sync and offsets.setdefault(shift.clip.id, shift.offset) != shift.offset:
            raise DataError(
                f"The list {path} has two offsets of the clip {shift.clip.id}.",
                hint="Give a list with one for each clip.",
            )
    return offsets


def in_sync(shifts: list[Shift]) -> IdList:
    """Return the clips of the fixed offsets that were judged in sync, each once."""
    clips = {shift.clip.key: shift.clip for shift in shifts if shift.in_sync}
    return IdList(name=f"vggsound-sparse-clean-{len(clips)}", clips=list(clips.values()))
