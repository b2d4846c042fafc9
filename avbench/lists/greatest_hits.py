"""Greatest Hits: its recordings, and the clips of two seconds that CondFoleyGen cuts from them."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast

from avbench.datasets.file_names import ClipKey
from avbench.errors import DataError
from avbench.lists.id_list import IdList, ListedClip
from avbench.lists.rows import BadRow, repetitions, unreadable

# The time of day; recordings that were cut again have a number after it, of up to four digits.
STAMP = re.compile(r"\d{4}(?:-\d{1,2}){5}(?:-\d{1,4})?", re.ASCII)
CUT = re.compile(rf"({STAMP.pattern})_(\d{{1,9}})", re.ASCII)
SAMPLE_RATE = 22_050
CLIP_MS = 2_000


def read_greatest_hits(path: Path) -> IdList:
    """Read recordings or clips of Greatest Hits, in one of four forms.

    - text, a recording a line, by the time of day it was made at: ``2015-03-15-19-04-37``;
    - CondFoleyGen's ``greatesthit_video_test.json``, an array of recordings;
    - its ``greatesthit_test_2.00.json``, an array of clips ``<recording>_<n>``: two seconds from sample ``n``
      of the sound at 22,050 Hz;
    - its ``greatesthit_test_2.00_single_type_only.json``, an object that gives such clips a material and an
      action, ``wood hit``. The class is the material; the action is a label.

    What is there twice is taken once and told.

    Raises:
        DataError: The file holds something else.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        said: object = json.loads(text) if text.lstrip()[:1] in ("[", "{") else text.split("\n")
    except (OSError, ValueError, RecursionError) as error:
        raise unreadable(path, error) from error
    entries = list(_entries(said))
    clips: dict[ClipKey, ListedClip] = {}
    for place, (name, hit) in enumerate(entries, start=1):
        try:
            clip = _clip(name, hit)
            if clips.setdefault(clip.key, clip) != clip:
                raise BadRow(f"the clip {name} stands above as something else")
        except BadRow as error:
            raise DataError(
                f"Entry {place} of the list {path}: {error}.",
                hint="Give the file as its authors distribute it, or mend the entry.",
            ) from error
    if not clips:
        raise DataError(f"The list {path} names no clip.", hint="Give the file as its authors distribute it.")
    name = f"greatesthits-{path.stem.removeprefix('greatesthit_').replace('_', '-')}"
    return IdList(name=name, clips=list(clips.values()), notes=repetitions(len(entries) - len(clips)))


def _entries(said: object) -> Iterable[tuple[str, str]]:
    if isinstance(said, dict):
        return [(name, str(hit)) for name, hit in cast("Mapping[str, object]", said).items()]
    return [(name, "") for each in cast("list[object]", said) if (name := str(each).strip())]


def _clip(name: str, hit: str) -> ListedClip:
    if STAMP.fullmatch(name) and not hit:
        return ListedClip(key=ClipKey(source=name))
    if not (match := CUT.fullmatch(name)):
        raise BadRow(f"{name!r} is no recording of Greatest Hits, and no clip of one")
    start = round(int(match[2]) * 1000 / SAMPLE_RATE)
    key = ClipKey(source=match[1], start=start, end=start + CLIP_MS)
    material, _, action = hit.partition(" ")
    if hit and not action:
        raise BadRow(f"{hit!r} is no material and action")
    return ListedClip(key=key, classes=(material,), labels={"action": action}) if hit else ListedClip(key=key)
