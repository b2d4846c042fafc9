"""Kinetics-Sounds: the clips of Kinetics whose action can be seen and heard.

Not all of the 34 classes of 2017 (arXiv 1705.08168) are still in Kinetics, which renamed some. Two lists of
what is left are met: they differ in ``strumming guitar``.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from avbench.datasets.file_names import ClipKey
from avbench.errors import DataError
from avbench.lists.id_list import IdList, ListedClip
from avbench.lists.rows import BadRow, headed, numbered, stretch

SOUNDING = (
    "blowing nose",
    "blowing out candles",
    "bowling",
    "chopping wood",
    "dribbling basketball",
    "laughing",
    "mowing lawn",
    "playing accordion",
    "playing bagpipes",
    "playing bass guitar",
    "playing clarinet",
    "playing drums",
    "playing guitar",
    "playing harmonica",
    "playing keyboard",
    "playing organ",
    "playing piano",
    "playing saxophone",
    "playing trombone",
    "playing trumpet",
    "playing violin",
    "playing xylophone",
    "ripping paper",
    "shoveling snow",
    "shuffling cards",
    "singing",
    "stomping grapes",
    "tap dancing",
    "tapping guitar",
    "tapping pen",
    "tickling",
)
CLASSES: Mapping[str, Sequence[str]] = {
    "31": SOUNDING,
    "32": tuple(sorted((*SOUNDING, "strumming guitar"))),
}
"""By number: 31 as AdaMML's authors name them (IBM/AdaMML#3), 32 as CrissCross' (pritamqu/CrissCross#4)."""


def kept_classes(asked: str) -> Sequence[str]:
    """Return the classes of ``31`` or ``32``, or of a file that names one a line; none of nothing."""
    if not asked or asked in CLASSES:
        return CLASSES.get(asked, ())
    path = Path(asked).expanduser()
    try:
        return [line.strip() for line in path.read_text("utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"The classes {asked} cannot be read: {error}.",
            hint=f"Give {' or '.join(CLASSES)}, or a file that names one a line.",
        ) from error


def read_kinetics(path: Path, kept: Sequence[str] = ()) -> IdList:
    """Read Kinetics' csv: ``label``, ``youtube_id``, ``time_start``, ``time_end``, ``split``.

    Args:
        path: The file.
        kept: The classes to keep; without any, all. Which they are stands in the notes.

    Raises:
        DataError: A line breaks the format, or a class that is to be kept has no clip.
    """
    clips: dict[ClipKey, ListedClip] = {}
    for line, row in headed(path, ("label", "youtube_id", "time_start", "time_end")):
        with numbered(path, line):
            key = stretch(row["youtube_id"], row["time_start"], row["time_end"])
            if kept and row["label"] not in kept:
                continue
            clip = ListedClip(key=key, classes=(row["label"],))
            if clips.setdefault(key, clip) is not clip:
                raise BadRow(f"the clip {clip.id} stands above")
    there = sorted({clip.classes[0] for clip in clips.values()})
    if lost := sorted(set(kept) - set(there)):
        raise DataError(
            f"The list {path} has no clip of {len(lost)} of {len(set(kept))} classes: {', '.join(lost)}.",
            hint="Kinetics renamed classes: write those you want as this csv does, one a line: classes=FILE.",
        )
    notes = (f"{len(there)} classes: {', '.join(there)}.",)
    return IdList(name=f"kinetics-sounds-{len(there)}-{path.stem}", clips=list(clips.values()), notes=notes)
