"""The media files below a folder, each with its size and date, by one walk."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from avbench.datasets.cliplist import LEAVING, leaves
from avbench.datasets.folder import EXTENSIONS
from avbench.datasets.walk import walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What tells a file that changed.

    Attributes:
        bytes: Its size.
        mtime_ns: When it was last written, in nanoseconds.
    """

    bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """What a walk found.

    Attributes:
        files: The stamp of each media file by its path below the root, in order.
        left_out: Entries that are not used, each with the reason.
    """

    files: dict[str, Stamp]
    left_out: Sequence[str]


def walk_tree(root: Path, endings: Sequence[str] = EXTENSIONS) -> Tree:
    """Find the media files below a folder, to any depth.

    Names that begin with a dot are passed over. A link to a file is taken if it stays inside the root; linked
    folders are never entered.

    Args:
        root: The folder, resolved.
        endings: What the names of media files end in, in lower case.
    """
    files: dict[str, Stamp] = {}
    left_out: list[str] = []

    def unreadable(folder: Path, error: OSError) -> None:
        name = folder.relative_to(root).as_posix()
        left_out.append(f"{_shown(name)}: {(error.strerror or 'unreadable').lower()}")

    above = len(os.path.join(root, ""))  # noqa: PTH118 - a Path for each file would double the time
    for entry in walk(root, unreadable):
        if entry.name.lower().endswith(tuple(endings)):
            name, found = entry.path[above:], _look(root, entry)
            if isinstance(found, Stamp):
                files[name] = found
            elif found:
                left_out.append(f"{_shown(name)}: {found}")
    return Tree(files=dict(sorted(files.items())), left_out=sorted(left_out))


def _look(root: Path, entry: "os.DirEntry[str]") -> Stamp | str:
    """Return a file's stamp, or why it is not used; nothing of one that has gone, or is a folder."""
    if entry.is_symlink() and leaves(root, Path(entry.path)):
        return LEAVING
    if _shown(entry.name) != entry.name:
        return "a name that is not UTF-8"
    try:
        status = entry.stat()
    except OSError:
        return "a link to nothing" if entry.is_symlink() else ""
    if not entry.is_file():
        return "" if entry.is_dir() else "not a regular file"
    return Stamp(bytes=status.st_size, mtime_ns=status.st_mtime_ns)


def _shown(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")
