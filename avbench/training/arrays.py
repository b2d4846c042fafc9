"""Training clips as arrays on disk: made once, read through the page cache by every run.

    <shard>.frames.npy     uint8 (clip, time, height, width, channel=3)
    <shard>.samples.npy    int16 (clip, channel, sample), full scale is 32768

A shard appears whole (temporary name, then rename), its samples last, so that they mark it as whole.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

SHARD = 32
"""Clips in a shard."""

FULL_SCALE = 32768
# Each map holds a file descriptor, of which a process may have a thousand.
MAPPED = 256

Frames: TypeAlias = npt.NDArray[np.uint8]
Samples: TypeAlias = npt.NDArray[np.int16]
Places: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArraySet:
    """Clips of equal length in shards, mapped as they are read.

    Attributes:
        shards: Where each shard lies, without the ending.
        shard_of: Which shard each clip lies in.
        row_of: Which row of its shard each clip is.
        siblings: Consecutive clips that make a family.
    """

    shards: Sequence[Path]
    shard_of: Places
    row_of: Places
    siblings: int = 1

    @property
    def clips(self) -> int:
        """How many clips there are in all."""
        return len(self.row_of)

    def chosen(self, clips: Places) -> "ArraySet":
        """Return some of the clips, in the order given, each a family of its own."""
        return ArraySet(shards=self.shards, shard_of=self.shard_of[clips], row_of=self.row_of[clips])

    @property
    def clip_frames(self) -> int:
        """Frames in a clip."""
        return _mapped(frames_file(self.shards[self.shard_of[0]])).shape[1]

    @property
    def clip_samples(self) -> int:
        """Samples in a clip, for each channel."""
        return _mapped(samples_file(self.shards[self.shard_of[0]])).shape[2]

    def frames_of(self, clip: int, start: int, count: int) -> Frames:
        """Return ``count`` frames of a clip from frame ``start``: ``(time, height, width, channel=3)``."""
        shard = self.shards[self.shard_of[clip]]
        return _mapped(frames_file(shard))[self.row_of[clip], start : start + count]

    def samples_of(self, clip: int, start: int, count: int) -> npt.NDArray[np.float32]:
        """Return ``count`` samples of a clip from sample ``start``: ``(channel, sample)`` in [-1, 1]."""
        shard = self.shards[self.shard_of[clip]]
        return as_float(_mapped(samples_file(shard))[self.row_of[clip], :, start : start + count])


def as_stored(frames: npt.NDArray[np.uint8], samples: npt.NDArray[np.float32]) -> tuple[Frames, Samples]:
    """Return a decoded clip as it is kept.

    Args:
        frames: ``(time, channel=3, height, width)``.
        samples: ``(channel, sample)`` in [-1, 1].

    Returns:
        Frames ``(time, height, width, channel=3)``, and samples rounded to 16 bits.
    """
    heard = np.clip(np.rint(samples * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
    return np.ascontiguousarray(frames.transpose(0, 2, 3, 1)), heard


def as_float(samples: Samples) -> npt.NDArray[np.float32]:
    """Return kept samples in [-1, 1]."""
    return samples.astype(np.float32) / np.float32(FULL_SCALE)


def frames_file(shard: Path) -> Path:
    """Return where the frames of a shard lie."""
    return shard.with_name(f"{shard.name}.frames.npy")


def samples_file(shard: Path) -> Path:
    """Return where the samples of a shard lie; they are written last."""
    return shard.with_name(f"{shard.name}.samples.npy")


def save_shard(shard: Path, frames: npt.NDArray[np.uint8], samples: Samples) -> None:
    """Put a shard in its place, the samples last.

    Raises:
        OSError: The disk is full or the folder cannot be written.
    """
    _save_whole(frames_file(shard), frames)
    _save_whole(samples_file(shard), samples)


def _save_whole(path: Path, array: npt.NDArray[np.generic]) -> None:
    unfinished = path.with_name(f".{path.stem}.{os.getpid()}.npy")
    try:
        np.save(unfinished, array)
        unfinished.replace(path)
    finally:
        with suppress(OSError):
            unfinished.unlink()


@lru_cache(maxsize=MAPPED)
def _mapped(path: Path) -> npt.NDArray[Any]:
    return np.load(path, mmap_mode="r")
