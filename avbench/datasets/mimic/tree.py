"""A mimic tree on a disk, and the side-car ``mimic.json`` that says what each of its files is."""

import contextlib
from collections import Counter
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict, ValidationError

from avbench.datasets.mimic.layouts import LAYOUTS, Layout
from avbench.datasets.mimic.media import scene_numbered, take, write_media
from avbench.datasets.mimic.parts import LEFT_OUT, SECONDS, Part, Split
from avbench.errors import DataError, UnknownName
from avbench.records import Progress
from avbench.store import write_whole

SIDE_CAR = "mimic.json"
OUTSIDE = "outside.mp4"
"""What the link that leaves the tree points at: a file of this name beside the tree, which is not made."""


class MimicClip(BaseModel):
    """One clip of a tree.

    Attributes:
        path: Below the root, with ``/``.
        kind: A key of :data:`avbench.datasets.mimic.parts.KINDS`.
        reason: The reason code under which a run leaves it out; empty where it is evaluated.
        split: The split whose list asks for it.
        listed: Whether that list does.
        source: The video's id.
        start: Where it begins in that video, in milliseconds.
        end: Where it ends, likewise.
        label: Its class.
        same_as: The path of the clip whose content it has, for a re-upload.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    kind: str
    reason: str
    split: Split
    listed: bool
    source: str
    start: int
    end: int
    label: str
    same_as: str = ""


class Mimic(BaseModel):
    """What a tree holds.

    Attributes:
        dataset: The data set that is imitated.
        seconds: Length of a whole clip.
        test_list: The file that lists the test split, below the root.
        train_list: The file that lists the training split; empty where there is none.
        clips: Every clip, on disk or not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str
    seconds: float
    test_list: str
    train_list: str
    clips: tuple[MimicClip, ...]

    def of(self, split: Split) -> tuple[MimicClip, ...]:
        """Return the clips that a split's list asks for, in its order."""
        return tuple(clip for clip in self.clips if clip.split == split and clip.listed)

    def kinds(self) -> Counter[str]:
        """Count the clips of each kind."""
        return Counter(clip.kind for clip in self.clips)


def write_tree(dataset: str, root: Path, progress: Progress) -> Mimic:
    """Write a tree: the same bytes for the same data set and the same codecs.

    Args:
        dataset: A name of :data:`avbench.datasets.mimic.layouts.LAYOUTS`.
        root: An empty or new folder, or an earlier tree, which is written anew.
        progress: Told about every file.

    Raises:
        UnknownName: No such data set.
        DataError: The folder holds something else, or the tree of another data set.
        StorageError: A file cannot be written.
    """
    if dataset not in LAYOUTS:
        raise UnknownName("mimic", dataset, LAYOUTS)
    _require_free(root, dataset)
    layout = LAYOUTS[dataset]
    parts = layout.parts()
    tree = Mimic(
        dataset=dataset,
        seconds=SECONDS,
        test_list=layout.test_list,
        train_list=layout.train_list,
        clips=tuple(_described(layout, part, parts) for part in parts),
    )
    # First what marks the folder as ours: a tree that was interrupted can be written anew.
    write_whole(root / SIDE_CAR, tree.model_dump_json(indent=1).encode())
    listed = [part for part in parts if part.kind != "unlisted"]
    for name, text in layout.lists(listed, layout.classes).items():
        write_whole(root / name, text.encode())
    for done, part in enumerate(parts):
        progress("writing", done, len(parts))
        _write(root, layout, part)
    progress("writing", len(parts), len(parts))
    return tree


def read_mimic(root: Path) -> Mimic:
    """Read the side-car of a tree.

    Raises:
        DataError: There is none, or it is damaged.
    """
    try:
        return Mimic.model_validate_json((root / SIDE_CAR).read_bytes())
    except (OSError, ValidationError) as error:
        raise DataError(
            f"{root / SIDE_CAR} does not describe a mimic tree.",
            hint="Make one: avbench data mimic vggsound --out DIR.",
        ) from error


def _require_free(root: Path, dataset: str) -> None:
    if not root.is_dir() or not any(root.iterdir()):
        return
    held = "something that is no mimic tree"
    if (root / SIDE_CAR).is_file():
        if (other := read_mimic(root).dataset) == dataset:
            return
        held = f"an imitation of {other}"
    raise DataError(f"{root} holds {held}.", hint="Give a new or an empty folder as --out.")


def _described(layout: Layout, part: Part, parts: tuple[Part, ...]) -> MimicClip:
    original = next((each for each in parts if each.scene == part.scene and each.kind == "whole"), part)
    return MimicClip(
        path=layout.path_of(part),
        kind=part.kind,
        reason=LEFT_OUT.get(part.kind, ""),
        split=part.split,
        listed=part.kind != "unlisted",
        source=part.source,
        start=part.start * 1000,
        end=part.end * 1000,
        label=layout.classes[part.label],
        same_as=layout.path_of(original) if part.kind == "reupload" else "",
    )


def _write(root: Path, layout: Layout, part: Part) -> None:
    name = PurePosixPath(layout.path_of(part))
    path = root / name
    for beside, text in layout.beside(part, layout.classes[part.label], name.stem).items():
        write_whole(path.parent / beside, text.encode())
    if part.kind == "outside":
        _link_out(path, depth=len(name.parts))
    elif part.on_disk:
        write_media(path, part.kind, take(scene_numbered(part.scene, SECONDS)))


def _link_out(path: Path, depth: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # not every file system, nor every user, may make links
        path.symlink_to(Path(*[".."] * depth, OUTSIDE))
