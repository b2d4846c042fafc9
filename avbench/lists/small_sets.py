"""AVE, LLP, AVSync15, and sets whose lines are json (MovieGen, FoleyBench)."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import cast

from avbench.datasets.file_names import ClipKey
from avbench.lists.id_list import IdList, ListedClip
from avbench.lists.rows import BadRow, headed, numbered, padded, source, stretch, unreadable

PLAIN_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", re.ASCII)
LLP_EVENTS = {"heard": "AVVP_eval_audio.csv", "seen": "AVVP_eval_visual.csv"}
AVE_HEADING = "Category"


def read_ave(path: Path) -> IdList:
    """Read AVE's lists, fields between ``&``: category, video, quality, and when the event begins and ends.

    A video has one file, of ten seconds of it that the lists do not place: its key says nothing of them.
    """
    clips: dict[ClipKey, ListedClip] = {}
    for line, (text,) in _lines(path):
        with numbered(path, line):
            cells = text.split("&")
            if len(cells) != 5:
                raise BadRow(f"{len(cells)} fields between &, where AVE's lists have 5")
            if cells[0] == AVE_HEADING:
                continue
            event = stretch(cells[1], cells[3], cells[4])
            clip = ListedClip(
                key=ClipKey(source=event.source),
                classes=(cells[0],),
                labels={"quality": cells[2], "event": f"{cells[3]} {cells[4]}"},
            )
            _add(clips, clip)
    return IdList(name=f"ave-{path.stem}", clips=list(clips.values()))


def read_llp(path: Path) -> IdList:
    """Read LLP's lists: tab-separated ``filename``, ``<id>_<start s>_<end s>``, and ``event_labels``.

    Where ``AVVP_eval_audio.csv`` and ``AVVP_eval_visual.csv`` lie beside it, as they do for validation and
    test, a clip's labels ``heard`` and ``seen`` say when, a line ``<start> <end> <class>`` each, in seconds;
    ``A``, ``V`` and ``AV`` are the classes only heard, only seen, and both, one a line, as VGGSounder's are.
    """
    events = {sense: _llp_events(path.with_name(name)) for sense, name in LLP_EVENTS.items()}
    clips: dict[ClipKey, ListedClip] = {}
    for line, row in headed(path, ("filename", "event_labels"), delimiter="\t"):
        with numbered(path, line):
            if "onset" in row:
                raise BadRow("a list of events within clips, not of clips")
            when = {sense: of.get(row["filename"], []) for sense, of in events.items()}
            clip = ListedClip(
                key=_llp_key(row["filename"]),
                classes=tuple(row["event_labels"].split(",")),
                labels=_said({sense: [" ".join(each) for each in said] for sense, said in when.items()})
                | _said(_by_sense(*([each[2] for each in when[sense]] for sense in LLP_EVENTS))),
            )
            _add(clips, clip)
    return IdList(name=f"llp-{path.stem}", clips=list(clips.values()))


def _llp_events(path: Path) -> dict[str, list[tuple[str, str, str]]]:
    """Return onset, offset and class of what happens in each clip; of nothing where the file is not there."""
    events: dict[str, list[tuple[str, str, str]]] = {}
    if path.is_file():
        for line, row in headed(path, ("filename", "onset", "offset", "event_labels"), delimiter="\t"):
            with numbered(path, line):
                if not (row["onset"].isdecimal() and row["offset"].isdecimal()):
                    raise BadRow(f"{row['onset']!r} to {row['offset']!r} are no whole seconds")
                event = (row["onset"], row["offset"], row["event_labels"])
                events.setdefault(row["filename"], []).append(event)
    return events


def _llp_key(name: str) -> ClipKey:
    video, start, end = [*name.rsplit("_", 2), "", ""][:3]
    return stretch(video, start, end)


def _by_sense(heard: Sequence[str], seen: Sequence[str]) -> dict[str, list[str]]:
    both = [each for each in dict.fromkeys(heard) if each in seen]
    only = {"A": heard, "V": seen}
    return {
        **{sense: [each for each in dict.fromkeys(of) if each not in both] for sense, of in only.items()},
        "AV": both,
    }


def _said(lines: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {name: "\n".join(of) for name, of in lines.items() if of}


def read_avsync15(path: Path) -> IdList:
    """Read AVSync15's lists of paths, ``<class>/<name>``, in either form that VGGSound's names are met in."""
    clips: dict[ClipKey, ListedClip] = {}
    for line, (text,) in _lines(path):
        with numbered(path, line):
            pure = PurePosixPath(text)
            if pure.is_absolute() or ".." in pure.parts or len(pure.parts) < 2:
                raise BadRow(f"{text!r} is no path <class>/<name>")
            _add(
                clips, ListedClip(key=_vggsound_name(pure.stem), classes=(pure.parts[-2].replace("_", " "),))
            )
    return IdList(name=f"avsync15-{path.stem}", clips=list(clips.values()))


def _vggsound_name(stem: str) -> ClipKey:
    video, start, end = [*stem.rsplit("_", 2), "", ""][:3]
    if start.isdecimal() and end.isdecimal() and len(video) == 11:
        return ClipKey(source=source(video), start=int(start), end=int(end))
    return padded(stem)


def read_json_lines(path: Path, dataset: str) -> IdList:
    """Read a file of one json object a line, each with an ``id``: MovieGen's and FoleyBench's metadata.

    Args:
        path: The file.
        dataset: Whose it is: the list is called after it.
    """
    clips: dict[ClipKey, ListedClip] = {}
    for line, text in enumerate(_text(path).splitlines(), start=1):
        if text.strip():
            with numbered(path, line):
                _add(clips, _json_line(text))
    return IdList(name=f"{dataset}-{path.stem}", clips=list(clips.values()))


def _json_line(text: str) -> ListedClip:
    try:
        said: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRow(f"no json ({error})") from error
    row = cast("dict[str, object]", said) if isinstance(said, dict) else {}
    if not PLAIN_ID.fullmatch(str(row.get("id", ""))):
        raise BadRow(f"the id {row.get('id')!r} is none of letters, digits, _, - and .")
    labels = {name: value for name, value in row.items() if isinstance(value, str) and name != "id"}
    return ListedClip(key=ClipKey(source=str(row["id"])), labels=labels)


def _add(clips: dict[ClipKey, ListedClip], clip: ListedClip) -> None:
    if clips.setdefault(clip.key, clip) is not clip:
        raise BadRow(f"the clip {clip.id} stands above")


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield each line that holds anything, in one cell."""
    for line, text in enumerate(_text(path).splitlines(), start=1):
        if text.strip():
            yield line, [text.strip()]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from error
