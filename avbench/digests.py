"""What a media file contains, as a SHA-256, without reading it again when it has not changed."""

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from avbench.records import Progress
from avbench.store import cannot_write

# A file changed twice within one tick of the clock keeps its mtime: such young files are read each time.
RACY_SECONDS = 2.0

Stamp = tuple[str, int, int]


@dataclass(slots=True, kw_only=True)
class FileDigests:
    """Digests of files by (path, size, mtime), remembered from run to run.

    Attributes:
        index: A JSON-lines file, appended to; a line that cannot be read is skipped.
    """

    index: Path
    _known: dict[Stamp, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for stamp, digest in _read_index(self.index):
            self._known[stamp] = digest

    def of(self, paths: Sequence[Path], progress: Progress) -> dict[Path, str]:
        """Return the SHA-256 of each file that is there, readable and not empty.

        Args:
            paths: Media files; those missing or empty are left out of the answer.
            progress: Told how many files have been looked at.

        Raises:
            StorageError: The index cannot be written.
        """
        fresh: list[tuple[Stamp, str]] = []
        digests: dict[Path, str] = {}
        distinct = list(dict.fromkeys(paths))
        with ThreadPoolExecutor(max_workers=4) as pool:
            for done, (path, found) in enumerate(zip(distinct, pool.map(self._look, distinct), strict=True)):
                progress("reading files", done + 1, len(distinct))
                if found is None:
                    continue
                stamp, digest = found
                digests[path] = digest
                if stamp not in self._known and time.time() - stamp[2] / 1e9 > RACY_SECONDS:
                    fresh.append((stamp, digest))
        self._remember(fresh)
        return digests

    def _look(self, path: Path) -> tuple[Stamp, str] | None:
        try:
            status = path.stat()
            if status.st_size == 0 or not path.is_file():
                return None
            stamp = (str(path.absolute()), status.st_size, status.st_mtime_ns)
            return stamp, self._known.get(stamp) or _sha256(path)
        except OSError:
            return None

    def _remember(self, fresh: list[tuple[Stamp, str]]) -> None:
        if not fresh:
            return
        lines = "".join(json.dumps([*stamp, digest]) + "\n" for stamp, digest in fresh)
        try:
            self.index.parent.mkdir(parents=True, exist_ok=True)
            with self.index.open("a", encoding="utf-8") as file:
                file.write(lines)
        except OSError as error:
            raise cannot_write(self.index, error) from error
        self._known.update(fresh)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_index(index: Path) -> Iterator[tuple[Stamp, str]]:
    if not index.exists():
        return
    with index.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                path, size, mtime, digest = json.loads(line)
            except (ValueError, TypeError):
                continue
            if len(str(digest)) == 64:
                yield (str(path), int(size), int(mtime)), str(digest)
