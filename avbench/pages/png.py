"""Pictures as PNG files, without a library for it: 8 bits a value."""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from avbench.pages.colours import Palette

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOURED, INDEXED = 2, 3


def indexed_png(pixels: NDArray[np.uint8], palette: Palette) -> bytes:
    """Return a PNG file of levels.

    Args:
        pixels: ``(height, width)``: entries of the palette, the top row first.
        palette: ``(256, 3)``, sRGB.
    """
    # Each row begins with the number of its filter: none, which is best of pictures with a palette.
    rows = np.pad(pixels, ((0, 0), (1, 0)))
    return _png(pixels.shape, INDEXED, rows, [(b"PLTE", palette.tobytes())])


def coloured_png(pixels: NDArray[np.uint8]) -> bytes:
    """Return a PNG file of a frame ``(height, width, 3)``, sRGB, the top row first."""
    height, width, _ = pixels.shape
    # Filter 1: each pixel less the one to its left, modulo 256.
    rows = np.diff(pixels, axis=1, prepend=np.uint8(0)).reshape(height, 3 * width)
    return _png((height, width), COLOURED, np.pad(rows, ((0, 0), (1, 0)), constant_values=1), [])


def _png(
    shape: tuple[int, ...], kind: int, rows: NDArray[np.uint8], between: list[tuple[bytes, bytes]]
) -> bytes:
    height, width = shape
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)),
        *between,
        (b"IDAT", zlib.compress(rows.tobytes(), 9)),
        (b"IEND", b""),
    ]
    return SIGNATURE + b"".join(_chunk(name, content) for name, content in parts)


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)
