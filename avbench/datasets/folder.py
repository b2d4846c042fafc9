"""Any folder of videos with sound, as a dataset."""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from avbench.clips import Clip
from avbench.datasets.cliplist import ClipList, abridged, data_root, leaves, reject_unknown
from avbench.errors import DataError
from avbench.records import DatasetRequest

EXTENSIONS = (".avi", ".flv", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ogv", ".ts", ".webm", ".wmv")


@dataclass(slots=True)
class _Scan:
    """What walking the folder found.

    Attributes:
        files: Media files, and links to media files that no longer exist.
        left_out: Entries that are not used, each with the reason.
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
    scan = _scan(root, extensions)
    clips = sorted((Clip(id=_id(root, path), path=path) for path in scan.files), key=lambda clip: clip.id)
    if not clips:
        what = f"; left out: {abridged(scan.left_out)}" if scan.left_out else ""
        raise DataError(
            f"There is no video in {root}{what}.",
            hint=f"Files ending in {', '.join(extensions)} are looked for; "
            "change that by --dataset-args extensions=….",
        )
    return ClipList(name="folder", revision=_revision(clips), clips=tuple(clips), notes=_notes(scan))


def _scan(root: Path, extensions: tuple[str, ...]) -> _Scan:
    scan = _Scan()

    def unreadable(error: OSError) -> None:
        scan.left_out.append(f"{_id(root, Path(error.filename))}: {(error.strerror or 'unreadable').lower()}")

    for folder, subfolders, names in os.walk(root, onerror=unreadable):
        entries = [Path(folder, name) for name in (*subfolders, *names) if not name.startswith(".")]
        media = [path for path in entries if path.name.lower().endswith(extensions) or path.is_dir()]
        refusals = {path: refusal for path in media if (refusal := _refusal(root, path))}
        scan.left_out.extend(f"{_id(root, path)}: {refusal}" for path, refusal in refusals.items())
        scan.files.extend(path for path in media if path not in refusals and not path.is_dir())
        # A linked folder is never entered: inside the root it is met by its own path as well.
        subfolders[:] = sorted(path.name for path in media if path.is_dir() and not path.is_symlink())
    return scan


def _refusal(root: Path, path: Path) -> str | None:
    """Say why an entry is not used. A link whose target is gone is used: the run counts it as missing."""
    if path.is_symlink() and leaves(root, path):
        return "a link that leaves the data root"
    if path.exists() and not (path.is_file() or path.is_dir()):
        return "not a regular file"
    return None


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


def _notes(scan: _Scan) -> tuple[str, ...]:
    if not scan.left_out:
        return ()
    n = len(scan.left_out)
    entries = "1 entry of the folder is" if n == 1 else f"{n} entries of the folder are"
    return (f"{entries} left out: {abridged(scan.left_out)}.",)
