"""A part of a file, read as if it were a file: what lies in a tar need not be taken out."""

import io
import os
from pathlib import Path


class PartReader(io.RawIOBase):
    """Reads ``size`` bytes of a file from byte ``offset`` on, and nothing before or after them.

    Args:
        path: The file.
        offset: Where the part begins, in bytes.
        size: How long it is, in bytes.
    """

    def __init__(self, path: Path, offset: int, size: int) -> None:
        super().__init__()
        self._file = path.open("rb", buffering=0)
        self._offset, self._size, self._place = offset, size, 0

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Return the place in the part, in bytes."""
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place in the part, and return it."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}[whence]
        self._place = max(0, start + offset)
        return self._place

    def read(self, size: int = -1, /) -> bytes:
        """Return up to ``size`` bytes; all that are left if it is negative."""
        left = max(0, self._size - self._place)
        wanted = left if size < 0 else min(size, left)
        content = os.pread(self._file.fileno(), wanted, self._offset + self._place)
        self._place += len(content)
        return content

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()
