"""What lies below a folder, to any depth: the one walk by which media files are looked for."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

Unreadable = Callable[[Path, OSError], None]


def walk(root: Path, unreadable: Unreadable) -> Iterator["os.DirEntry[str]"]:
    """Yield everything below a folder but the folders, in no order.

    Names that begin with a dot are passed over. A link is yielded as it is, be it to a folder, to another
    place or to nothing; linked folders are never entered.

    Args:
        root: The folder.
        unreadable: Told of each folder that cannot be read, the root too; the walk goes on unless it raises.
    """
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                seen = [entry for entry in entries if not entry.name.startswith(".")]
        except OSError as error:
            unreadable(folder, error)
            continue
        for entry in seen:
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
            else:
                yield entry
