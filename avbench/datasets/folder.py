"""Any folder of videos with sound, as a dataset."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from avbench.clips import Clip
from avbench.datasets.cliplist import (
    LEAVING,
    ClipList,
    data_root,
    leaves,
    left_out_notes,
    none_found,
    reject_unknown,
)
from avbench.datasets.walk import walk
from avbench.records import DatasetRequest

EXTENSIONS = (".avi", ".flv", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ogv", ".ts", ".webm", ".wmv")


@dataclass(slots=True)
class Search:
    """What looking through a folder found.

    Attributes:
        files: Media files in the order of their paths, and links to media files that no longer exist.
        left_out: Entries that are not used, each with the reason, in order.
    """

    files: list[Path] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def open_folder(request: DatasetRequest) -> ClipList:
    """List the videos under ``--data-root``.

    Folders are searched to any depth; names that begin with a dot are passed over. A link is taken if it
    stays inside the root. A clip's id is its path below the root, with ``/`` on every system; the clips are
    in the order of their ids. Nothing is decoded: a file without sound is found out by the run, and counted.

    Args:
        request: ``args["extensions"]`` replaces the list of file name endings: ``.mp4,.mkv``.

    Returns:
        The clips; entries that could not be read are counted in the notes. The revision is a digest of ids
        and file sizes.

    Raises:
        UsageError: No root was given, or an unknown argument.
        DataError: The root is no folder, or holds no video.
    """
    reject_unknown(request.args, ["extensions"], "folder")
    root = data_root(request, "folder")
    extensions = _extensions(request.args.get("extensions", ""))
    found = search(root, extensions)
    clips = sorted((Clip(id=_id(root, path), path=path) for path in found.files), key=lambda clip: clip.id)
    if not clips:
        raise none_found(
            f"There is no video in {root}",
            found.left_out,
            hint=f"Files ending in {', '.join(extensions)} are looked for; "
            "change that by --dataset-args extensions=….",
        )
    notes = left_out_notes(found.left_out)
    return ClipList(name="folder", revision=_revision(clips), clips=tuple(clips), notes=notes)


def search(root: Path, extensions: Sequence[str] = EXTENSIONS) -> Search:
    """Look for media files below a folder, to any depth; of a regular file nothing but its name is read.

    Names that begin with a dot are passed over. A link is taken if it stays inside the root. Linked folders
    are never entered: inside the root they are met by their own path as well.

    Args:
        root: The folder.
        extensions: What the names of media files end in, in lower case.
    """
    found, home = Search(), root.resolve()

    def unreadable(folder: Path, error: OSError) -> None:
        found.left_out.append(f"{_id(root, folder)}: {(error.strerror or 'unreadable').lower()}")

    for entry in walk(root, unreadable):
        path = Path(entry.path)
        if refusal := _refusal(home, entry, tuple(extensions)):
            found.left_out.append(f"{_id(root, path)}: {refusal}")
        elif refusal is None:
            found.files.append(path)
    found.files.sort()
    found.left_out.sort()
    return found


def _refusal(root: Path, entry: "os.DirEntry[str]", extensions: tuple[str, ...]) -> str | None:
    """Say why an entry is not used; an empty text if nobody asks for it, ``None`` if it is used.

    A link whose target is gone is used: the run counts it as missing.
    """
    path, named = Path(entry.path), entry.name.lower().endswith(extensions)
    if entry.is_symlink() and leaves(root, path):
        return LEAVING if named or path.is_dir() else ""
    if not named or (entry.is_symlink() and path.is_dir()):
        return ""
    return None if entry.is_file() or not path.exists() else "not a regular file"


def _id(root: Path, path: Path) -> str:
    # A name that is not UTF-8 could be written to no JSON document.
    relative = Path(os.path.relpath(path, root)).as_posix()
    return os.fsencode(relative).decode("utf-8", "backslashreplace")


def _extensions(given: str) -> tuple[str, ...]:
    names = [name.strip().lower().lstrip(".") for name in given.split(",") if name.strip()]
    return tuple(f".{name}" for name in names) or EXTENSIONS


def _revision(clips: list[Clip]) -> str:
    digest = hashlib.sha256()
    for clip in clips:
        size = clip.path.stat().st_size if clip.path.exists() else -1
        digest.update(f"{clip.id}\t{size}\n".encode())
    return f"sha256:{digest.hexdigest()[:16]}"
