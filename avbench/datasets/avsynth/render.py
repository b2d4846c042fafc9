"""Clips to real mp4 files with side-cars, in worker processes; what is there already is kept."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from avbench.datasets.avsynth.audio import render_samples
from avbench.datasets.avsynth.galleries import Place, scene_at
from avbench.datasets.avsynth.presets import COUPLED, VERSION, Difficulty, Media, Switches
from avbench.datasets.avsynth.processes import rendering_processes
from avbench.datasets.avsynth.scenes import Scene
from avbench.datasets.avsynth.truth import truth_of
from avbench.datasets.avsynth.video import render_frames
from avbench.errors import DataError
from avbench.media.encode import write_clip
from avbench.records import Progress
from avbench.store import write_whole

AUDIO_BITRATE = 96_000
X264_PRESET = "superfast"
FEW = 4
"""Fewer clips than this are rendered at once: starting processes would take longer."""


class Named(Protocol):
    """What a clip is rendered from is known by: its id, unique within a folder."""

    @property
    def id(self) -> str: ...  # noqa: D102


Asked = TypeVar("Asked", bound=Named)
Given = TypeVar("Given", bound=Named, contravariant=True)


class Scenery(Protocol[Given]):
    """How the clips of a folder are made: a scene for each, and what pins them all."""

    @property
    def digest(self) -> str: ...  # noqa: D102
    def scene(self, place: Given, /) -> Scene: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that decides the bytes of a clip, but its place.

    Attributes:
        media: Length, size and rates.
        difficulty: What scenes are drawn with.
        seed: The world's seed.
        switches: Which scales are coupled.
    """

    media: Media
    difficulty: Difficulty
    seed: int = 0
    switches: Switches

    @property
    def digest(self) -> str:
        """Eight hex digits that change with the generator's version and with every knob."""
        content = TypeAdapter(dict[str, object]).dump_json({"version": VERSION, **asdict(self)})
        return hashlib.sha256(content).hexdigest()[:8]

    @property
    def coupling(self) -> str:
        """The switches that are not on, as part of a name: ``-S2off-S5mute``."""
        return "".join(f"-{scale}{at}" for scale, at in self.switches.items() if at != COUPLED[scale])

    def scene(self, place: Place, /) -> Scene:
        """Return the scene at a place."""
        return scene_at(
            place,
            difficulty=self.difficulty,
            media=self.media,
            seed=self.seed,
            switches=self.switches,
        )


class Manifest(BaseModel):
    """What a folder holds: written last, so that a folder without one was interrupted.

    Attributes:
        recipe: Digest of the recipe.
        clips: Size in bytes of each clip's file, by clip id.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipe: str
    clips: dict[str, int]


def media_path(folder: Path, place: Named) -> Path:
    """Return where a clip's file is."""
    return folder / f"{place.id}.mp4"


def truth_path(folder: Path, place: Named) -> Path:
    """Return where a clip's side-car is."""
    return folder / f"{place.id}.json"


def render_clip(scene: Scene, media: Path, truth: Path) -> None:
    """Write one clip and its side-car; the media file comes last and stands for both.

    Raises:
        StorageError: A file cannot be written.
    """
    write_whole(truth, truth_of(scene).model_dump_json().encode())
    write_clip(
        media,
        frames=_frames(scene),
        fps=scene.media.fps,
        samples=render_samples(scene, channels=2),
        sample_rate=scene.media.sample_rate,
        crf=scene.picture.crf,
        preset=X264_PRESET,
        audio_bitrate=AUDIO_BITRATE,
    )


def _frames(scene: Scene) -> Iterator[np.ndarray]:
    # A hundred frames at a time: a long or large clip must not fill the memory.
    for first in range(0, scene.media.frames, 100):
        yield from render_frames(scene, np.arange(first, min(first + 100, scene.media.frames)))


def render_missing(
    folder: Path,
    places: Sequence[Asked],
    recipe: Scenery[Asked],
    progress: Progress,
    workers: int | None = None,
) -> int:
    """Render the clips that are not yet in a folder.

    Args:
        folder: Where to.
        places: Which clips.
        recipe: How.
        progress: Told about every clip.
        workers: Processes; ``None`` for one a core.

    Returns:
        How many clips were rendered.

    Raises:
        StorageError: A file cannot be written; finished clips are kept.
        DataError: A worker process was killed; finished clips are kept.
    """
    known = _known(folder, recipe)
    missing = [place for place in places if not _there(folder, place, known)]
    if missing:
        _render(folder, missing, recipe, progress, workers or cores())
    if missing or any(place.id not in known for place in places):
        sizes = {place.id: media_path(folder, place).stat().st_size for place in places}
        manifest = Manifest(recipe=recipe.digest, clips={**known, **sizes})
        write_whole(folder / "manifest.json", manifest.model_dump_json(indent=1).encode())
    return len(missing)


def write_truths(folder: Path, places: Sequence[Asked], recipe: Scenery[Asked]) -> None:
    """Write the side-cars that are missing, without the clips they belong to.

    Raises:
        StorageError: One cannot be written.
    """
    for place in places:
        if not truth_path(folder, place).exists():
            write_whole(truth_path(folder, place), truth_of(recipe.scene(place)).model_dump_json().encode())


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _known(folder: Path, recipe: Scenery[Asked]) -> Mapping[str, int]:
    """Return the sizes the manifest promises; nothing where it is missing, damaged or of another recipe."""
    try:
        manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())
    except (OSError, ValidationError):
        return {}
    return manifest.clips if manifest.recipe == recipe.digest else {}


def _there(folder: Path, place: Named, known: Mapping[str, int]) -> bool:
    try:
        size = media_path(folder, place).stat().st_size
    except OSError:
        return False
    return size == known.get(place.id, size) and truth_path(folder, place).exists()


def _render(
    folder: Path, places: Sequence[Asked], recipe: Scenery[Asked], progress: Progress, workers: int
) -> None:
    total = len(places)
    progress("rendering", 0, total)
    if total < FEW or workers == 1:
        for done, place in enumerate(places, 1):
            _render_place(folder, place, recipe)
            progress("rendering", done, total)
        return
    pool = rendering_processes(min(workers, total))
    try:
        waiting = iter(places)
        running = {pool.submit(_render_place, folder, each, recipe) for each in islice(waiting, 2 * workers)}
        finished = 0
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            finished += _collect(done)
            progress("rendering", finished, total)
            running |= {
                pool.submit(_render_place, folder, each, recipe) for each in islice(waiting, len(done))
            }
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _collect(done: set[Future[None]]) -> int:
    for future in done:
        try:
            future.result()
        except BrokenProcessPool as error:
            raise DataError(
                "A process that renders avsynth was ended from outside.",
                hint="Run the same command again: finished clips are kept. If it recurs, free some memory.",
            ) from error
    return len(done)


def _render_place(folder: Path, place: Asked, recipe: Scenery[Asked]) -> None:
    render_clip(recipe.scene(place), media_path(folder, place), truth_path(folder, place))
