"""Which clips of the datasets are trained on, before anything is decoded."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from avbench.clips import Clip, Dataset
from avbench.datasets.clip_chain import ClipChain
from avbench.records import Progress
from avbench.runs.census import LeftOut, absence, short_by_itself
from avbench.training.arrays import Places

TOLD_EVERY = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is to be decoded.

    Attributes:
        clips: All clips of all datasets.
        train: Which of them to train on, by number, in order.
        held_out: Which of them are kept apart for validation, by number, in order.
        left_out: The others, by number.
    """

    clips: Sequence[Clip]
    train: Places
    held_out: Places
    left_out: Mapping[int, LeftOut]


def select_clips(
    datasets: Sequence[Dataset],
    seconds: float,
    validation_of: Callable[[int], int],
    progress: Progress,
) -> Selection:
    """Look for the clips' files, and keep whole recordings apart for validation.

    Recordings are taken in the order of their names' digests until there are enough clips, so that none is
    on both sides. A single clip could be compared with nothing, and a single recording must be trained on:
    then none is kept apart.

    Args:
        datasets: Where clips come from.
        seconds: What is read of each.
        validation_of: Says how many of so many clips to keep apart, at least.
        progress: Told how many files have been looked for.

    Raises:
        ValueError: Too many clips are to be kept apart.
    """
    clips = ClipChain([dataset.clips for dataset in datasets])
    left_out: dict[int, LeftOut] = {}
    digests = np.zeros(len(clips), np.uint64)
    size_of = lru_cache(maxsize=4)(_size)
    for number, clip in enumerate(clips):
        if number % TOLD_EVERY == 0:
            progress("looking for files", number, len(clips))
        if reason := _unusable(clip, seconds, size_of):
            left_out[number] = reason
        digests[number] = _digest(clip.group)
    progress("looking for files", len(clips), len(clips))
    there = np.setdiff1d(np.arange(len(clips)), np.fromiter(left_out, np.int64, len(left_out)))
    apart = _held_out(digests[there], validation_of(len(there)))
    return Selection(clips=clips, train=there[~apart], held_out=there[apart], left_out=left_out)


def _held_out(digests: npt.NDArray[np.uint64], wanted: int) -> npt.NDArray[np.bool_]:
    """Say of each clip whether it is of a recording that is kept apart."""
    recordings, clips = np.unique(digests, return_counts=True)
    enough = int(np.searchsorted(np.cumsum(clips), wanted)) if wanted else -1
    none = np.zeros(len(digests), np.bool_)
    apart = digests <= recordings[enough] if enough >= 0 else none
    return apart if 1 < apart.sum() < len(apart) else none


def _unusable(clip: Clip, seconds: float, size_of: Callable[[Path], int]) -> LeftOut | None:
    if clip.part and clip.part[1] == 0:
        return LeftOut(reason="empty", message=f"The clip {clip.id} has no bytes.")
    return short_by_itself(clip, seconds) if size_of(clip.path) else absence(clip)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0


def _digest(name: str) -> int:
    content = name.encode("utf-8", "backslashreplace")
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest())
