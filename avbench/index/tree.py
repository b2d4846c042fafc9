"""The media files below a folder, each with its size and date, by one walk."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from avbench.datasets.cliplist import leaves
from avbench.datasets.folder import EXTENSIONS


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
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        try:
            for entry in _entries(root, folder):
                name = f"{folder}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{name}/")
                elif entry.name.lower().endswith(tuple(endings)):
                    found = _look(root, entry)
                    if isinstance(found, Stamp):
                        files[name] = found
                    elif found:
                        left_out.append(f"{_shown(name)}: {found}")
        except OSError as error:
            left_out.append(
                f"{_shown(folder.rstrip('/')) or '.'}: {(error.strerror or 'unreadable').lower()}"
            )
    return Tree(files=dict(sorted(files.items())), left_out=sorted(left_out))


def _entries(root: Path, folder: str) -> Iterator["os.DirEntry[str]"]:
    with os.scandir(root / folder) as entries:
        yield from (entry for entry in entries if not entry.name.startswith("."))


def _look(root: Path, entry: "os.DirEntry[str]") -> Stamp | str:
    """Return a file's stamp, or why it is not used; nothing of one that has gone, or is a folder."""
    if entry.is_symlink() and leaves(root, Path(entry.path)):
        return "a link that leaves the data root"
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
