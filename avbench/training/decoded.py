"""Clips decoded once to arrays on disk (:mod:`avbench.training.arrays`), for every run that reads them alike.

    <folder>/<how>/about.json           what "how" is the digest of: frames, samples, seconds, decoder
    <folder>/<how>/<digest>.*           32 consecutive clips: those of them that can be used, as arrays
    <folder>/<how>/<digest>.json        written last: why the others cannot

A shard is named for the digest of its files' paths, sizes and dates and of where its clips lie in them: files
that changed are decoded anew, and others only where they are cut into shards anew.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt

from avbench.clips import Clip
from avbench.errors import StorageError
from avbench.media.workers import decode_clips
from avbench.records import Progress
from avbench.runs.census import LeftOut
from avbench.store import write_whole
from avbench.training.arrays import SHARD, ArraySet, Frames, Places, Samples, save_shard
from avbench.training.choice import DataChoice
from avbench.training.left_out import kept

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """Decoded clips.

    Attributes:
        arrays: All that can be used.
        numbers: Which clips these are.
        left_out: Why the others cannot be used, by number.
    """

    arrays: ArraySet
    numbers: Places
    left_out: Mapping[int, LeftOut]

    def of(self, clips: Places) -> ArraySet:
        """Return those of some clips that can be used, in order."""
        return self.arrays.chosen(np.flatnonzero(np.isin(self.numbers, clips)))


def decode_to_arrays(
    clips: Sequence[Clip], wanted: Places, choice: DataChoice, folder: Path, progress: Progress
) -> Decoded:
    """Decode clips that are not there yet.

    Args:
        clips: All clips; shards are cut from them in order.
        wanted: Numbers of those to decode.
        choice: How.
        folder: Where decoded clips are kept.
        progress: Told after every shard.

    Raises:
        StorageError: The disk is too small or full, or the folder cannot be written.
        AvbenchError: Decoder processes cannot be started.
    """
    place = folder / _key(choice)
    shards = [_Shard(place / name, numbers) for name, numbers in _cut(clips, wanted)]
    missing = [shard for shard in shards if not shard.record.exists()]
    try:
        place.mkdir(parents=True, exist_ok=True)
        (place / "about.json").write_text(json.dumps(_about(choice), indent=1))
        _refuse_small_disk(place, sum(len(shard.numbers) for shard in missing), choice)
        _decode(clips, missing, choice, progress, total=len(wanted))
    except OSError as error:
        raise StorageError(
            f"Decoded clips cannot be written to {place}: {error.strerror or error}.",
            hint="Free some space, set AVBENCH_CACHE to a folder on another disk, or pass "
            "--train-args stream=true to decode while training.",
        ) from error
    return _gathered(shards)


@dataclass(frozen=True, slots=True)
class _Shard:
    """Consecutive clips.

    Attributes:
        path: Where they are kept, without the ending.
        numbers: Those of them to decode.
    """

    path: Path
    numbers: Sequence[int]

    @property
    def record(self) -> Path:
        return self.path.with_name(f"{self.path.name}.json")

    def save(self, arrays: Sequence[tuple[Frames, Samples]], left_out: Mapping[int, LeftOut]) -> None:
        if arrays:
            frames, samples = zip(*arrays, strict=True)
            save_shard(self.path, np.stack(frames), np.stack(samples))
        rows = {self.numbers.index(number): asdict(why) for number, why in left_out.items()}
        write_whole(self.record, json.dumps({"clips": len(self.numbers), "left_out": rows}).encode())

    def left_out(self) -> dict[int, LeftOut]:
        rows = json.loads(self.record.read_bytes())["left_out"]
        return {self.numbers[int(row)]: LeftOut(**why) for row, why in rows.items()}


def _cut(clips: Sequence[Clip], wanted: Places) -> Iterator[tuple[str, list[int]]]:
    """Yield for every shard the digest that names it, and the clips of it that are wanted."""
    chosen = np.zeros(len(clips), np.bool_)
    chosen[wanted] = True
    stamp_of = lru_cache(maxsize=4)(_stamp)
    digest, numbers = hashlib.sha256(), list[int]()
    for number, clip in enumerate(clips):
        if chosen[number]:
            numbers.append(number)
            stamp = [*stamp_of(clip.path), clip.start, clip.end, clip.part]
            digest.update(json.dumps([number % SHARD, *stamp]).encode())
        if number % SHARD == SHARD - 1 or number == len(clips) - 1:
            if numbers:
                yield digest.hexdigest()[:32], numbers
            digest, numbers = hashlib.sha256(), []


def _decode(
    clips: Sequence[Clip], shards: Sequence[_Shard], choice: DataChoice, progress: Progress, *, total: int
) -> None:
    done = total - sum(len(shard.numbers) for shard in shards)
    if shards:
        progress("decoding clips", done, total)
    asked = (clips[number] for shard in shards for number in shard.numbers)
    outcomes = decode_clips(
        asked,
        seconds=choice.seconds,
        video=choice.video,
        audio=choice.audio,
        processes=choice.workers,
    )
    with closing(outcomes):  # pyright: ignore[reportArgumentType]
        for shard in shards:
            arrays: list[tuple[Frames, Samples]] = []
            left_out: dict[int, LeftOut] = {}
            for number in shard.numbers:
                found = kept(clips[number], next(outcomes))
                if isinstance(found, LeftOut):
                    left_out[number] = found
                else:
                    arrays.append(found)
            shard.save(arrays, left_out)
            done += len(shard.numbers)
            progress("decoding clips", done, total)


def _gathered(shards: Sequence[_Shard]) -> Decoded:
    left_out: dict[int, LeftOut] = {}
    numbers, shard_of, row_of = list[int](), list[int](), list[int]()
    for place, shard in enumerate(shards):
        bad = shard.left_out()
        there = [number for number in shard.numbers if number not in bad]
        left_out |= bad
        numbers += there
        shard_of += [place] * len(there)
        row_of += range(len(there))
    return Decoded(
        arrays=ArraySet(
            shards=[shard.path for shard in shards], shard_of=_places(shard_of), row_of=_places(row_of)
        ),
        numbers=_places(numbers),
        left_out=left_out,
    )


def _places(numbers: Sequence[int]) -> npt.NDArray[np.int64]:
    return np.asarray(numbers, np.int64)


def _about(choice: DataChoice) -> Mapping[str, object]:
    return {
        "video": asdict(choice.video),
        "audio": asdict(choice.audio),
        "seconds": choice.seconds,
        "decoder": f"av {version('av')}",
        "format": FORMAT,
    }


def _key(choice: DataChoice) -> str:
    return hashlib.sha256(json.dumps(_about(choice), sort_keys=True).encode()).hexdigest()[:16]


def _stamp(path: Path) -> tuple[str, int, int]:
    status = path.stat()
    return str(path.absolute()), status.st_size, status.st_mtime_ns


def _refuse_small_disk(place: Path, clips: int, choice: DataChoice) -> None:
    needed, free = clips * choice.clip_bytes, shutil.disk_usage(place).free
    if needed > free:
        raise StorageError(
            f"{clips} clips take {needed / 1e9:.3g} GB decoded, and {place} has {free / 1e9:.3g} GB free.",
            hint="Set AVBENCH_CACHE to a folder on another disk, or pass --train-args stream=true to decode "
            "while training.",
        )
