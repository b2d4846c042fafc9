"""Checkpoints fetched from where their publishers offer them: whole, bounded, checked, or not at all."""

import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from avbench.errors import ModelError
from avbench.records import Checkpoint, Progress
from avbench.store import cannot_write

MOST_BYTES = 4 << 30
"""No checkpoint here is larger than 4 GiB: a publisher's address that gives more gives something else."""

PIECE = 1 << 20
PATIENCE_SECONDS = 60.0


class NotThere(ModelError):
    """The publisher's server has no such file."""


def fetch(
    checkpoint: Checkpoint, path: Path, progress: Progress | None = None, most_bytes: int = MOST_BYTES
) -> None:
    """Fetch a checkpoint: to the file ``path``, or its parts into the folder.

    Args:
        checkpoint: What to fetch, and the digest it must have, where that is known.
        path: Where to; it appears whole or not at all.
        progress: Told how many bytes have come.
        most_bytes: The bound on each file.

    Raises:
        ModelError: It is not there, breaks off, is too large, or has another digest.
        StorageError: It cannot be written.
    """
    if not checkpoint.parts:
        _fetch_file(checkpoint.url, path, checkpoint.sha256, progress, most_bytes)
        return
    # The first part says that the folder is there, so it comes last.
    for part in reversed(checkpoint.parts):
        if not present(path, part):
            _fetch_first(checkpoint.url, part.split("|"), path, progress, most_bytes)


def present(folder: Path, part: str) -> str | None:
    """Return the name under which a part is there, of those it may have: ``a|b``."""
    return next((name for name in part.split("|") if (folder / name).is_file()), None)


def _fetch_first(
    url: str, names: Sequence[str], folder: Path, progress: Progress | None, most_bytes: int
) -> None:
    first, *others = names
    try:
        _fetch_file(f"{url}/{first}", folder / first, "", progress, most_bytes)
    except NotThere:
        if not others:
            raise
        _fetch_first(url, others, folder, progress, most_bytes)


def _fetch_file(url: str, path: Path, sha256: str, progress: Progress | None, most_bytes: int) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise cannot_write(path, error) from error
    total = hashlib.sha256()
    try:
        with os.fdopen(handle, "wb") as file:
            for piece in _pieces(url, progress, most_bytes):
                total.update(piece)
                _write(file, piece, path)
        if sha256 and total.hexdigest() != sha256:
            raise ModelError(
                f"What {url} gives is not the file that was meant: its SHA-256 is {total.hexdigest()}, "
                f"not {sha256}.",
                hint="Nothing was kept; look at the publisher's page for what has changed.",
            )
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _pieces(url: str, progress: Progress | None, most_bytes: int) -> Iterator[bytes]:
    """Yield the content at an address, refusing what is too large or ends before its stated length."""
    come = 0
    try:
        with urlopen(url, timeout=PATIENCE_SECONDS) as answer:
            length = answer.headers.get("Content-Length", "")
            expected = int(length) if length.isdigit() else None
            while come <= most_bytes and (piece := answer.read(PIECE)):
                come += len(piece)
                if progress is not None:
                    progress(f"fetching {url.rpartition('/')[2]}", come, expected or come)
                yield piece
    except (URLError, HTTPException, OSError, ValueError) as error:
        kind = NotThere if isinstance(error, HTTPError) and error.code == 404 else ModelError
        raise kind(
            f"{url} cannot be fetched: {error}.",
            hint="Check the network, or fetch the file by hand and give its path.",
        ) from error
    if come > most_bytes:
        raise ModelError(
            f"{url} gives more than {most_bytes} bytes: that is no checkpoint.",
            hint="Fetch the file by hand and give its path.",
        )
    if expected is not None and come < expected:
        raise ModelError(
            f"{url} broke off after {come} of {expected} bytes.",
            hint="Nothing was kept; run the same command again.",
        )


def _write(file: BinaryIO, piece: bytes, path: Path) -> None:
    try:
        file.write(piece)
    except OSError as error:
        raise cannot_write(path, error) from error
