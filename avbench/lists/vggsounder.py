"""VGGSounder: the classes of VGGSound's test clips, several a clip, with who sees and who hears them."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path

from avbench.datasets.file_names import ClipKey
from avbench.errors import DataError
from avbench.lists.id_list import IdList, ListedClip
from avbench.lists.rows import BadRow, headed, numbered, padded

FLAGS = ("background_music", "static_image", "voice_over")
COLUMNS = ("video_id", "label", "modality", *FLAGS)
MODALITIES = ("A", "V", "AV")


def read_vggsounder(path: Path) -> IdList:
    """Read VGGSounder's table, one row for each clip and label.

    A clip's classes are all of its labels. Its labels are the flags, ``true`` or ``false``, and ``A``, ``V``
    and ``AV``: the classes only heard, only seen, and both, one a line.

    Raises:
        DataError: A line breaks the format, repeats a label of a clip, or gives the clip another flag.
    """
    tags: dict[ClipKey, dict[str, str]] = {}
    flags: dict[ClipKey, dict[str, str]] = {}
    for line, row in headed(path, COLUMNS):
        with numbered(path, line):
            key, modality = padded(row["video_id"]), row["modality"]
            if modality not in MODALITIES:
                raise BadRow(f"the modality {modality!r} is none of A, V, AV")
            if row["label"] in tags.setdefault(key, {}):
                raise BadRow(f"the label {row['label']!r} of {row['video_id']} stands above")
            tags[key][row["label"]] = modality
            said = {flag: _flag(row[flag]) for flag in FLAGS}
            if flags.setdefault(key, said) != said:
                raise BadRow(f"other flags of {row['video_id']} than above")
    clips = [
        ListedClip(key=key, classes=tuple(each), labels=flags[key] | _by_modality(each))
        for key, each in tags.items()
    ]
    return IdList(name=f"vggsounder-{len(clips)}", clips=clips)


def _flag(text: str) -> str:
    if text not in ("True", "False"):
        raise BadRow(f"the flag {text!r} is neither True nor False")
    return text.lower()


def _by_modality(tags: dict[str, str]) -> dict[str, str]:
    named = {each: "\n".join(label for label, tag in tags.items() if tag == each) for each in MODALITIES}
    return {each: labels for each, labels in named.items() if labels}


def av_clean(vggsounder: IdList, original: IdList | None = None) -> IdList:
    """Return the clips that are cleanly seen and heard.

    They have no background music, voice-over or still picture, and a class that is both seen and heard.

    Args:
        vggsounder: VGGSounder's list.
        original: VGGSound's list: the class it gives a clip must be one that is seen and heard.
    """
    named = {clip.key: clip.classes for clip in original.clips} if original else {}
    clips = [
        clip
        for clip in vggsounder.clips
        if not any(clip.labels[flag] == "true" for flag in FLAGS)
        and (both := _classes(clip, "AV"))
        and (original is None or set(named.get(clip.key, ())) & set(both))
    ]
    return IdList(name="av-clean-original" if original else "av-clean", clips=clips)


def _classes(clip: ListedClip, modality: str) -> Sequence[str]:
    return clip.labels[modality].split("\n") if modality in clip.labels else ()


def installed_table() -> Path:
    """Return the table inside the installed package ``vggsounder``, which is not imported.

    Raises:
        DataError: It is not installed, or is of another layout than version 1.0.
    """
    spec = importlib.util.find_spec("vggsounder")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (path := Path(folder, "data", "vggsounder.csv")).is_file():
            return path
    raise DataError(
        "The package vggsounder 1.0, which holds the list, is not installed.",
        hint='`pip install "avbench[vggsounder]"`, or give the file: --dataset-args list=vggsounder.csv.',
    )
