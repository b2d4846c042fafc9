"""Every clip's output, kept at once, keyed by content.

    <cache>/outputs/<model key>/about.json            what the key was made of
    <cache>/outputs/<model key>/<clip[:2]>/<clip>.video   one output, with its checksum
    <cache>/digests.jsonl                             SHA-256 of media files by path, size and mtime

The model key digests everything an output depends on apart from the clip: the model's identity, what is
decoded for it and by what, the window, the device, versions, threads and the batch size. A run never replaces
an entry that can be read; one that is damaged counts as absent. Files appear whole (temporary name, then
rename), so a run may be killed at any instant, and several runs may share the store.
"""

import errno
import hashlib
import json
import os
import secrets
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TextIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from avbench.errors import StorageError
from avbench.results.document import digest_of

Modality = Literal["video", "audio"]
Row: TypeAlias = NDArray[np.float32]
Kept: TypeAlias = NDArray[np.float32] | NDArray[np.float64] | NDArray[np.int16]
TYPES = ("<f4", "<f8", "<i2")

MAGIC = b"avbench-output-1\n"
SEVERAL = b"avbench-outputs-1\n"


def cache_folder() -> Path:
    """Return the user's cache folder: ``AVBENCH_CACHE``, else the platform's custom (XDG)."""
    if chosen := os.environ.get("AVBENCH_CACHE"):
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "avbench"


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that is either there in full or not at all.

    Raises:
        StorageError: The disk is full or the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        name = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        # Not by tempfile: such a file is for its owner alone, and a result or a cache may be shared.
        handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            name.replace(path)
        except BaseException:
            with suppress(OSError):
                name.unlink()
            raise
    except OSError as error:
        raise cannot_write(path, error) from error


@contextmanager
def appended(path: Path) -> Generator[TextIO]:
    """Open a file that lines are added to, each in full or cut off, as the work they tell of is done.

    Raises:
        StorageError: It cannot be opened.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a", encoding="utf-8", buffering=1)
    except OSError as error:
        raise cannot_write(path, error) from error
    with file:
        yield file


def cannot_write(path: Path, error: OSError) -> StorageError:
    """Return the error for a file that could not be written."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    remedy = "Free some space, or choose" if full else "Choose"
    return StorageError(
        f"{path} cannot be written: {error.strerror or error}.",
        hint=f"{remedy} another folder (--output, --out; AVBENCH_CACHE for the cache), then run the same "
        "command again: what was computed is kept.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The outputs of one model key.

    Attributes:
        folder: Where they are.
    """

    folder: Path

    def _path(self, clip: str, name: str) -> Path:
        return self.folder / clip[:2] / f"{clip}.{name}"

    def read(self, clip: str, name: str) -> Any:
        """Return the output kept under a name for the clip with this digest, ``None`` if absent or damaged.

        It has the shape and type it was written with.
        """
        try:
            content = self._path(clip, name).read_bytes()
        except OSError:
            return None
        return _unpack(content)

    def write(self, clip: str, name: str, output: Kept) -> None:
        """Keep one output under a name, such as ``video`` or ``sound.0``.

        Raises:
            StorageError: The disk is full or the folder cannot be written.
        """
        write_whole(self._path(clip, name), _pack(output))

    def read_several(self, clip: str, name: str) -> Mapping[str, Any]:
        """Return the outputs kept together under a name, by part; none where one is absent or damaged."""
        try:
            content = self._path(clip, name).read_bytes()
        except OSError:
            return {}
        return _unpack_several(content)

    def write_several(self, clip: str, name: str, outputs: Mapping[str, Kept]) -> None:
        """Keep several outputs under one name, in one file.

        Raises:
            StorageError: The disk is full or the folder cannot be written.
        """
        packed = {part: _pack(output) for part, output in outputs.items()}
        sizes = json.dumps({part: len(each) for part, each in packed.items()})
        write_whole(self._path(clip, name), b"".join((SEVERAL, sizes.encode(), b"\n", *packed.values())))

    def read_failure(self, clip: str) -> tuple[str, str] | None:
        """Return reason and message when the clip is known to be undecodable, else ``None``."""
        try:
            failure = json.loads(self._failure_path(clip).read_bytes())
            return str(failure["reason"]), str(failure["message"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write_failure(self, clip: str, reason: str, message: str) -> None:
        """Keep why a clip cannot be decoded, so that the next run need not try."""
        write_whole(self._failure_path(clip), json.dumps({"reason": reason, "message": message}).encode())

    def _failure_path(self, clip: str) -> Path:
        return self.folder / clip[:2] / f"{clip}.failure.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """All outputs on this machine.

    Attributes:
        root: The user's cache folder.
    """

    root: Path

    def shelf(self, key: Mapping[str, Any]) -> Shelf:
        """Open the outputs of one model key, and note beside them what the key was made of.

        Raises:
            StorageError: The disk is full or the folder cannot be written.
        """
        folder = self.root / "outputs" / digest_of(dict(key))[:32]
        about = folder / "about.json"
        if not about.exists():
            write_whole(about, (json.dumps(dict(key), indent=2, sort_keys=True) + "\n").encode())
        return Shelf(folder=folder)

    def size(self) -> tuple[int, int]:
        """Return how many outputs are kept, and their bytes."""
        sizes = [
            entry.stat().st_size
            for entry in self.root.glob("outputs/*/*/*")
            if not entry.name.startswith(".")
        ]
        return len(sizes), sum(sizes)


def _pack(output: Kept) -> bytes:
    kind = output.dtype.newbyteorder("<").str
    if kind not in TYPES:
        raise TypeError(f"an array of {output.dtype} is not kept; convert it to one of {TYPES}")
    body = np.ascontiguousarray(output, dtype=kind).tobytes()
    shape = list(output.shape)
    header = {"shape": shape, "type": kind, "sha256": _checksum(shape, body)}
    return MAGIC + json.dumps(header).encode() + b"\n" + body


def _unpack(content: bytes) -> Kept | None:
    if not content.startswith(MAGIC):
        return None
    try:
        head, body = content[len(MAGIC) :].split(b"\n", 1)
        header = json.loads(head)
        if _checksum(header["shape"], body) != header["sha256"]:
            return None
        kind = header.get("type", TYPES[0])
        return np.frombuffer(body, dtype=kind).reshape(header["shape"]) if kind in TYPES else None
    except (ValueError, KeyError, TypeError):
        return None


def _unpack_several(content: bytes) -> Mapping[str, Kept]:
    if not content.startswith(SEVERAL):
        return {}
    outputs: dict[str, Kept] = {}
    try:
        head, body = content[len(SEVERAL) :].split(b"\n", 1)
        for part, size in json.loads(head).items():
            output, body = _unpack(body[:size]), body[size:]
            if output is None:
                return {}
            outputs[part] = output
    except (ValueError, AttributeError, TypeError):
        return {}
    return outputs


def _checksum(shape: list[int], body: bytes) -> str:
    return hashlib.sha256(repr(shape).encode() + body).hexdigest()
