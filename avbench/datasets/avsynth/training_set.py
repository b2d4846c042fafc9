"""Training clips rendered to arrays on disk (:mod:`avbench.training.arrays`).

    <folder>/<what>/about.json           what "what" is the digest of
    <folder>/<what>/00003.*.npy          shard 3

A shard holds ``SHARD`` consecutive clips, so that rendering can be killed, resumed, shared between processes
and extended: more clips mean more shards, never other ones.
"""

import hashlib
import json
import os
from concurrent.futures import as_completed
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
from avbench.training.arrays import SHARD, ArraySet, as_stored, samples_file, save_shard
from avbench.training.data import TrainingData


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


ARGUMENTS: Args = {
    "clips": "3200",
    "val_clips": "96",
    "difficulty": "moderate",
    "media": "8s",
    "world": "0",
    "workers": str(os.cpu_count() or 1),
}
"""The arguments that :func:`open_training` takes, with their defaults."""


def open_training(args: Args, inputs: ModelInputs, progress: Progress) -> TrainingData:
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
    return TrainingData(
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
    shard_of, row_of = np.divmod(np.arange(clips), SHARD)
    return ArraySet(
        shards=[_shard(place, k) for k in range(shards)],
        shard_of=shard_of,
        row_of=row_of,
        siblings=request.siblings,
    )


def _render_missing(
    place: Path, request: ArrayRequest, shards: int, workers: int, progress: Progress
) -> None:
    missing = [k for k in range(shards) if not samples_file(_shard(place, k)).exists()]
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
        kept = as_stored(seen, heard)
        frames.append(kept[0])
        samples.append(kept[1])
    save_shard(_shard(place, shard), np.stack(frames), np.stack(samples))


def _shard(place: Path, shard: int) -> Path:
    return place / f"{shard:05d}"
