"""AudioSet's strong labels: what is heard from when to when, and what is not heard in some frames."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from avbench.datasets.file_names import ClipKey
from avbench.errors import DataError
from avbench.lists.audioset import read_audioset_classes
from avbench.lists.id_list import IdList, ListedClip
from avbench.lists.rows import BadRow, headed, milliseconds, numbered, repetitions, source, table

COLUMNS = ("segment_id", "start_time_seconds", "end_time_seconds", "label")
NAMES = "mid_to_display_name.tsv"
SEGMENT_MS = 10_000
PRESENCE: Mapping[str, str] = {"PRESENT": "events", "NOT_PRESENT": "absent"}


def read_audioset_strong(path: Path, classes: Path | None = None) -> IdList:
    """Read ``audioset_train_strong.tsv``, ``audioset_eval_strong.tsv``, or ``…_framed_posneg.tsv``.

    A line is a stretch of a segment and one class; a segment is ``<id>_<start ms>`` and lasts ten seconds. A
    clip's classes are all that are heard in it. Its label ``events`` says when, a line ``<start> <end>
    <class>`` each, in seconds of the clip; ``absent`` says likewise what somebody did not hear in a frame.

    When an event begins is when it is first heard in the segment, which for a sound that goes on, as most do,
    is the segment's beginning: these are no onsets, and no task takes them for onsets.

    Args:
        path: The file.
        classes: ``mid_to_display_name.tsv`` or ``class_labels_indices.csv``, which lacks some of the classes;
            else the former beside the file. Without either the classes keep their machine ids.

    Raises:
        DataError: A line breaks the format, or a class has no name.
    """
    beside = classes or path.with_name(NAMES)
    names = _names(beside) if classes or beside.is_file() else None
    # By clip and label, each line once and in order.
    said: dict[ClipKey, dict[str, dict[str, None]]] = {}
    heard: dict[ClipKey, dict[str, None]] = defaultdict(dict)
    repeated = 0
    for line, row in headed(path, COLUMNS, delimiter="\t"):
        with numbered(path, line):
            key, label = _segment(row["segment_id"]), row["label"]
            if names is not None and label not in names:
                raise BadRow(f"the class {label!r} is not in {beside.name}")
            name = names[label] if names is not None else label
            kind, event = _event(row)
            lines = said.setdefault(key, {}).setdefault(kind, {})
            repeated += f"{event} {name}" in lines
            lines[f"{event} {name}"] = None
            if kind == "events":
                heard[key][name] = None
    clips = [
        ListedClip(
            key=key,
            classes=tuple(heard[key]),
            labels={kind: "\n".join(lines) for kind, lines in kinds.items()},
        )
        for key, kinds in said.items()
    ]
    name = path.stem.removeprefix("audioset_").replace("_", "-")
    return IdList(name=f"audioset-{name}", clips=clips, notes=repetitions(repeated))


def _segment(text: str) -> ClipKey:
    video, _, start = text.rpartition("_")
    if not start.isdecimal():
        raise BadRow(f"{text!r} is no segment <id>_<start ms>")
    return ClipKey(source=source(video), start=int(start), end=int(start) + SEGMENT_MS)


def _event(row: Mapping[str, str]) -> tuple[str, str]:
    """Return the label an event counts under, and from when to when it is heard."""
    start, end = (milliseconds(row[name]) for name in COLUMNS[1:3])
    if end < start:
        raise BadRow(f"the end {row[COLUMNS[2]]} is before the start {row[COLUMNS[1]]}")
    presence = row.get("present", "PRESENT")
    if presence not in PRESENCE:
        raise BadRow(f"{presence!r} is neither PRESENT nor NOT_PRESENT")
    return PRESENCE[presence], f"{start / 1000:.3f} {end / 1000:.3f}"


def _names(path: Path) -> dict[str, str]:
    if path.suffix == ".csv":
        return read_audioset_classes(path)
    names: dict[str, str] = {}
    for line, cells in table(path, delimiter="\t"):
        with numbered(path, line):
            if len(cells) != 2:
                raise BadRow(f"{len(cells)} fields, where {NAMES} has 2")
            names[cells[0]] = cells[1]
    taken = set[str]()
    for name in names.values():
        if name in taken:
            raise DataError(
                f"Two classes of {path} are called {name!r}.",
                hint="Name them apart, or take the file away: classes then keep their machine ids.",
            )
        taken.add(name)
    return names
