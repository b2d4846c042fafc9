"""Training clips as arrays on disk: rendered once, read through the page cache by every run.

    <folder>/<what>/about.json           what "what" is the digest of
    <folder>/<what>/00003.frames.npy     shard 3: uint8 (clip, time, height, width, channel=3)
    <folder>/<what>/00003.samples.npy    shard 3: int16 (clip, channel, sample), full scale is 32768

A shard appears whole (temporary name, then rename) and holds ``SHARD`` consecutive clips, so that rendering
can be killed, resumed, shared between processes and extended: more clips mean more shards, never other ones.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from concurrent.futures import as_completed
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from avbench.datasets.avsynth.arrays import render_arrays
from avbench.datasets.avsynth.galleries import place_of, scene_at
from avbench.datasets.avsynth.presets import VERSION, Split, difficulty_preset, media_preset
from avbench.datasets.avsynth.processes import rendering_processes
from avbench.errors import StorageError
from avbench.records import Args, AudioInput, ModelInputs, Progress, VideoInput
from avbench.store import cache_folder

SHARD = 32
"""Clips in a shard."""

FULL_SCALE = 32768


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayRequest:
    """Which clips are wanted, and how.

    Attributes:
        split: ``train``, or ``val`` for clips of its standard gallery.
        difficulty: Name of a difficulty preset.
        media: Name of a media preset.
        seed: The world's seed.
        video: Frames of a clip.
        audio: Samples of a clip.
    """

    split: Split
    difficulty: str
    media: str
    seed: int
    video: VideoInput
    audio: AudioInput

    @property
    def siblings(self) -> int:
        """Consecutive clips that make a family, alike in all but what a gallery sets apart."""
        preset = difficulty_preset(self.difficulty)
        return preset.train_siblings if self.split == "train" else preset.siblings

    def key(self) -> str:
        """Return a digest of everything the arrays depend on, the generator's version included."""
        presets = [asdict(difficulty_preset(self.difficulty)), asdict(media_preset(self.media))]
        text = json.dumps([VERSION, asdict(self), presets], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArraySet:
    """Rendered clips, as memory maps.

    Attributes:
        frames: For each shard uint8 ``(clip, time, height, width, channel=3)``.
        samples: For each shard int16 ``(clip, channel, sample)``.
        clips: How many clips there are in all.
        siblings: Consecutive clips that make a family.
    """

    frames: Sequence[npt.NDArray[np.uint8]]
    samples: Sequence[npt.NDArray[np.int16]]
    clips: int
    siblings: int

    @property
    def clip_frames(self) -> int:
        """Frames in a clip."""
        return self.frames[0].shape[1]

    @property
    def clip_samples(self) -> int:
        """Samples in a clip, for each channel."""
        return self.samples[0].shape[2]

    def frames_of(self, clip: int, start: int, count: int) -> npt.NDArray[np.uint8]:
        """Return ``count`` frames of a clip from frame ``start``: ``(time, height, width, channel=3)``."""
        return self.frames[clip // SHARD][clip % SHARD, start : start + count]

    def samples_of(self, clip: int, start: int, count: int) -> npt.NDArray[np.float32]:
        """Return ``count`` samples of a clip from sample ``start``: ``(channel, sample)`` in [-1, 1]."""
        whole = self.samples[clip // SHARD][clip % SHARD, :, start : start + count]
        return whole.astype(np.float32) / np.float32(FULL_SCALE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingArrays:
    """What a model trains on, and what it is looked at with meanwhile.

    Attributes:
        train: Clips of the training split.
        validation: Clips of the validation split's standard gallery.
        about: What they are, for the record.
    """

    train: ArraySet
    validation: ArraySet
    about: Args


ARGUMENTS: Args = {
    "clips": "3200",
    "val_clips": "96",
    "difficulty": "moderate",
    "media": "8s",
    "world": "0",
    "workers": str(os.cpu_count() or 1),
}
"""The arguments that :func:`open_training` takes, with their defaults."""


def open_training(args: Args, inputs: ModelInputs, progress: Progress) -> TrainingArrays:
    """Return the arrays a model trains on, rendering into the cache folder what is not there yet.

    Args:
        args: Overrides of :data:`ARGUMENTS`; others are ignored.
        inputs: What the model reads.
        progress: Told about rendering.

    Raises:
        ValueError: A number is none, or the model does not read both streams.
        UnknownName: There is no such preset.
        StorageError: The disk is full or the folder cannot be written.
    """
    chosen = {key: args.get(key, default) for key, default in ARGUMENTS.items()}
    if inputs.video is None or inputs.audio is None:
        raise ValueError("avsynth trains models that read both streams.")
    for key in ("clips", "val_clips", "world", "workers"):
        if not chosen[key].isdecimal() or (key != "world" and int(chosen[key]) < 1):
            raise ValueError(f"{key} must be a positive whole number, not {chosen[key]!r}.")

    def arrays(split: Split, clips: str) -> ArraySet:
        assert inputs.video is not None and inputs.audio is not None
        request = ArrayRequest(
            split=split,
            difficulty=chosen["difficulty"],
            media=chosen["media"],
            seed=int(chosen["world"]),
            video=inputs.video,
            audio=inputs.audio,
        )
        folder = cache_folder() / "avsynth-arrays"
        workers = int(chosen["workers"])
        return open_arrays(folder, request, clips=int(clips), workers=workers, progress=progress)

    about = {key: value for key, value in chosen.items() if key != "workers"}
    return TrainingArrays(
        train=arrays("train", chosen["clips"]),
        validation=arrays("val", chosen["val_clips"]),
        about={"dataset": "avsynth", "version": VERSION} | about,
    )


def open_arrays(
    folder: Path, request: ArrayRequest, *, clips: int, workers: int, progress: Progress
) -> ArraySet:
    """Return the first ``clips`` clips of a split, rendering those that are not there yet.

    Args:
        folder: Where arrays are kept.
        request: Which clips.
        clips: How many; rendered in shards, so that a few more may lie on disk.
        workers: Processes that render.
        progress: Told after every shard.

    Raises:
        StorageError: The disk is full or the folder cannot be written.
    """
    place = folder / request.key()
    shards = -(-clips // SHARD)
    try:
        place.mkdir(parents=True, exist_ok=True)
        (place / "about.json").write_text(json.dumps(asdict(request), indent=1))
        _render_missing(place, request, shards, workers, progress)
    except OSError as error:
        raise StorageError(
            f"Training arrays cannot be written to {place}: {error.strerror or error}.",
            hint="Free some space, or set AVBENCH_CACHE to a folder on another disk.",
        ) from error
    return ArraySet(
        frames=[np.load(_shard(place, k, "frames"), mmap_mode="r") for k in range(shards)],
        samples=[np.load(_shard(place, k, "samples"), mmap_mode="r") for k in range(shards)],
        clips=clips,
        siblings=request.siblings,
    )


def _render_missing(
    place: Path, request: ArrayRequest, shards: int, workers: int, progress: Progress
) -> None:
    missing = [k for k in range(shards) if not _shard(place, k, "samples").exists()]
    if not missing:
        return
    done = shards - len(missing)
    progress("rendering training clips", done * SHARD, shards * SHARD)
    with rendering_processes(min(workers, len(missing))) as pool:
        waiting = [pool.submit(render_shard, place, request, k) for k in missing]
        try:
            for finished in as_completed(waiting):
                finished.result()
                done += 1
                progress("rendering training clips", done * SHARD, shards * SHARD)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def render_shard(place: Path, request: ArrayRequest, shard: int) -> None:
    """Render one shard and put it in its place; the samples last, so that they mark it as whole."""
    difficulty, media = difficulty_preset(request.difficulty), media_preset(request.media)
    frames: list[npt.NDArray[np.uint8]] = []
    samples: list[npt.NDArray[np.int16]] = []
    for index in range(shard * SHARD, (shard + 1) * SHARD):
        where = place_of(request.split, index, difficulty)
        scene = scene_at(where, difficulty=difficulty, media=media, seed=request.seed)
        seen, heard = render_arrays(scene, video=request.video, audio=request.audio)
        frames.append(seen.transpose(0, 2, 3, 1))
        samples.append(np.clip(np.rint(heard * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16))
    _save_whole(_shard(place, shard, "frames"), np.stack(frames))
    _save_whole(_shard(place, shard, "samples"), np.stack(samples))


def _shard(place: Path, shard: int, stream: str) -> Path:
    return place / f"{shard:05d}.{stream}.npy"


def _save_whole(path: Path, array: npt.NDArray[np.generic]) -> None:
    unfinished = path.with_name(f".{path.stem}.{os.getpid()}.npy")
    try:
        np.save(unfinished, array)
        unfinished.replace(path)
    finally:
        with suppress(OSError):
            unfinished.unlink()
