"""VGGSound: the lists of its authors, and those that others took from it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from avbench.datasets.file_names import ClipKey
from avbench.errors import DataError
from avbench.lists.id_list import IdList, ListedClip
from avbench.lists.rows import BadRow, headed, numbered, padded, repetitions, table, ten_seconds, unreadable

SPLITS = ("train", "test")


def read_vggsound(path: Path, *, split: str = "") -> IdList:
    """Read a list of VGGSound's authors, of either generation.

    ``train.csv``, ``test.csv`` and ``AStest.csv`` have two fields, file name and label; ``vggsound.csv`` has
    four, id, start, label and split, and 291 rows that the others lack. Neither has a header. A row that is
    there twice is taken once and told.

    Args:
        path: The file.
        split: Of ``vggsound.csv``, only ``train`` or ``test``.

    Raises:
        DataError: A line is of neither generation, or of the other one than the first; a clip has two labels.
    """
    if split and split not in SPLITS:
        raise DataError(f"VGGSound has no split {split!r}.", hint=f"Known: {', '.join(SPLITS)}.")
    clips: dict[ClipKey, ListedClip] = {}
    repeated = fields = 0
    for line, cells in table(path):
        with numbered(path, line):
            fields = fields or len(cells)
            clip = _clip(cells, fields)
            if (seen := clips.setdefault(clip.key, clip)) is not clip:
                repeated += 1
                if seen != clip:
                    raise BadRow(f"the clip {clip.id} stands above as {seen.classes[0]!r}")
    if split and fields == 2:
        raise DataError(
            f"The list {path} names no split: it is of the generation of train.csv and test.csv.",
            hint="Give vggsound.csv, or leave the split out.",
        )
    chosen = [clip for clip in clips.values() if not split or clip.labels["split"] == split]
    if not chosen:
        raise DataError(f"The list {path} names no clip.", hint="Give the file as its authors distribute it.")
    return IdList(name=f"vggsound-{split or path.stem}", clips=chosen, notes=repetitions(repeated))


def _clip(cells: list[str], fields: int) -> ListedClip:
    if fields not in (2, 4):
        raise BadRow(
            f"{_fields(fields)} between commas, where VGGSound's lists have 2 (train.csv, test.csv) or 4 "
            "(vggsound.csv)"
        )
    if len(cells) != fields:
        raise BadRow(f"{_fields(len(cells))} after lines of {fields}")
    if fields == 2:
        return ListedClip(key=padded(cells[0]), classes=(cells[1],))
    video, start, label, split = cells
    if split not in SPLITS:
        raise BadRow(f"the split {split!r} is neither train nor test")
    return ListedClip(key=ten_seconds(video, start), classes=(label,), labels={"split": split})


def _fields(count: int) -> str:
    return "1 field" if count == 1 else f"{count} fields"


def read_classes(path: Path) -> dict[str, tuple[int, str]]:
    """Read ``stat.csv``: how many clips a class has, and its super-category, by class."""
    classes: dict[str, tuple[int, str]] = {}
    for line, cells in table(path):
        with numbered(path, line):
            if len(cells) != 3 or not cells[1].isdecimal():
                raise BadRow("not label, count, super-category")
            if cells[0] in classes:
                raise BadRow(f"the class {cells[0]!r} stands above")
            classes[cells[0]] = (int(cells[1]), cells[2])
    return classes


def read_mmaudio(path: Path) -> IdList:
    """Read the list of MMAudio's evaluation: tab-separated ``id`` and ``label``."""
    return IdList(name=f"vggsound-{path.stem}", clips=list(_tsv(path)))


def _tsv(path: Path) -> Iterator[ListedClip]:
    seen = set[ClipKey]()
    for line, row in headed(path, ("id", "label"), delimiter="\t"):
        with numbered(path, line):
            clip = ListedClip(key=padded(row["id"]), classes=(row["label"],))
            if clip.key in seen:
                raise BadRow(f"the clip {clip.id} stands above")
            seen.add(clip.key)
        yield clip


def read_cavmae(path: Path, classes: Path | None = None) -> IdList:
    """Read a gallery of CAV-MAE: json with ``data``, each a ``video_id`` and ``labels`` like ``vgg_47``.

    Args:
        path: The json file.
        classes: ``class_labels_indices_vgg.csv``; else the file of that name beside it. Without either the
            classes stay numbers. It writes ``"_ "`` where VGGSound has ``", "``: names are VGGSound's here.
    """
    beside = classes or path.with_name("class_labels_indices_vgg.csv")
    names = read_cavmae_classes(beside) if classes or beside.is_file() else {}
    clips: dict[ClipKey, ListedClip] = {}
    for place, item in enumerate(_data(path)):
        try:
            label = str(item["labels"])
            clip = ListedClip(key=padded(str(item["video_id"])), classes=(names.get(label, label),))
            if clips.setdefault(clip.key, clip) is not clip:
                raise BadRow(f"the clip {clip.id} stands above")
        except (BadRow, KeyError, TypeError) as error:
            raise DataError(
                f"Entry {place} of data in the list {path}: {error}.", hint="Give CAV-MAE's json as it is."
            ) from error
    return IdList(name=f"vggsound-cavmae-{len(clips)}", clips=list(clips.values()))


def _data(path: Path) -> list[dict[str, Any]]:
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise unreadable(path, error) from error
    data: object = cast("dict[str, Any]", document).get("data") if isinstance(document, dict) else None
    if not isinstance(data, list):
        raise DataError(f"The list {path} has no data.", hint='Give CAV-MAE\'s json: {"data": [...]}.')
    return cast("list[dict[str, Any]]", data)


def read_cavmae_classes(path: Path) -> dict[str, str]:
    """Read CAV-MAE's table of classes: VGGSound's names by ``vgg_47``."""
    rows = headed(path, ("index", "mid", "display_name"))
    return {row["mid"]: row["display_name"].replace("_ ", ", ") for _, row in rows}
