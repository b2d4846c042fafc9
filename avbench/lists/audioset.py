"""AudioSet: its segments and the names of its classes."""

import re
from pathlib import Path

from avbench.errors import DataError
from avbench.lists.id_list import IdList, ListedClip
from avbench.lists.rows import BadRow, headed, milliseconds, numbered, source, stretch, table

CLASSES = "class_labels_indices.csv"
COUNTS = re.compile(r"num_segs=(\d+).*num_positive_labels=(\d+)")


def read_audioset(path: Path, classes: Path | None = None) -> IdList:
    """Read a table of segments: id, start, end, and the quoted classes after comma and space.

    What the comment lines say of the counts must hold.

    Args:
        path: The file.
        classes: The table of class names; else ``class_labels_indices.csv`` beside it. Without either the
            classes keep their machine ids.

    Raises:
        DataError: A line breaks the format, a class has no name, or lines are missing.
    """
    beside = classes or path.with_name(CLASSES)
    names = read_audioset_classes(beside) if classes or beside.is_file() else None
    clips: list[ListedClip] = []
    for line, cells in table(path, after_space=True, comments="#"):
        with numbered(path, line):
            if len(cells) != 4:
                raise BadRow(f"{len(cells)} fields, where AudioSet's segments have 4")
            mids = cells[3].split(",")
            if names is not None and (unknown := [mid for mid in mids if mid not in names]):
                raise BadRow(f"the class {unknown[0]!r} is not in {beside.name}")
            labels = tuple(names[mid] if names is not None else mid for mid in mids)
            clips.append(ListedClip(key=stretch(*cells[:3]), classes=labels))
    _check_counts(path, clips)
    return IdList(name=f"audioset-{path.stem.removesuffix('_segments')}", clips=clips)


def _check_counts(path: Path, clips: list[ListedClip]) -> None:
    with path.open(encoding="utf-8-sig") as file:
        said = COUNTS.search("".join(line for _, line in zip(range(3), file, strict=False)))
    there = (len(clips), sum(len(clip.classes) for clip in clips))
    if not clips or (said and (int(said[1]), int(said[2])) != there):
        promised = f"; its second line promises {said[1]} and {said[2]}" if said else ""
        raise DataError(
            f"The list {path} has {there[0]} segments with {there[1]} labels{promised}.",
            hint="Fetch it again: it may have been cut off.",
        )


def read_audioset_classes(path: Path) -> dict[str, str]:
    """Read the names of classes by machine id; two classes of one name would be one, so that is refused."""
    names: dict[str, str] = {}
    for line, row in headed(path, ("index", "mid", "display_name")):
        with numbered(path, line):
            if row["mid"] in names or row["display_name"] in names.values():
                raise BadRow(f"the class {row['mid']} or its name stands above")
            names[row["mid"]] = row["display_name"]
    return names


def read_audiocaps(path: Path) -> IdList:
    """Read AudioCaps: one clip a video and start, its captions one a line in the label ``captions``."""
    captions: dict[tuple[str, int], list[str]] = {}
    for line, row in headed(path, ("audiocap_id", "youtube_id", "start_time", "caption")):
        with numbered(path, line):
            key = source(row["youtube_id"]), milliseconds(row["start_time"])
            captions.setdefault(key, []).append(" ".join(row["caption"].split()))
    clips = [
        ListedClip(
            key=stretch(video, f"{start / 1000}", f"{start / 1000 + 10}"),
            labels={"captions": "\n".join(said)},
        )
        for (video, start), said in captions.items()
    ]
    return IdList(name=f"audiocaps-{path.stem}", clips=clips)
