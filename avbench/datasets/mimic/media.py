"""Media files with defects: each kind is made from a rendered scene as the defect arises."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from avbench.datasets.avsynth.audio import render_samples
from avbench.datasets.avsynth.galleries import places
from avbench.datasets.avsynth.presets import COUPLED, Media, difficulty_preset
from avbench.datasets.avsynth.render import Recipe
from avbench.datasets.avsynth.scenes import Scene
from avbench.datasets.avsynth.video import render_frames
from avbench.media.audio import Samples
from avbench.media.encode import write_clip
from avbench.media.frames import Frames
from avbench.store import write_whole

FPS = 10
SIZE = 64
SAMPLE_RATE = 16_000
SOUND_LATE = 0.5
LOUDNESS = 40.0
"""A clipped sound is this many times as loud as the scene's."""

GONE = b"<!DOCTYPE html>\n<title>Video unavailable</title>\n<p>This video is no longer available.</p>\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """A rendered scene.

    Attributes:
        frames: ``(time, height, width, channel=3)``, uint8.
        samples: ``(channel=2, time)``, float32 in [-1, 1].
    """

    frames: Frames
    samples: Samples


def scene_numbered(number: int, seconds: float) -> Scene:
    """Return a scene of avsynth: easy, 10 frames a second, 64×64 pixels, 16 kHz."""
    media = Media(seconds=seconds, fps=FPS, size=SIZE, sample_rate=SAMPLE_RATE)
    recipe = Recipe(media=media, difficulty=difficulty_preset("easy"), switches=COUPLED)
    return recipe.scene(places("val", recipe.difficulty, number + 1)[number])


def take(scene: Scene) -> Take:
    """Render a scene."""
    return Take(
        frames=render_frames(scene, np.arange(scene.media.frames)),
        samples=render_samples(scene, channels=2),
    )


def write_media(path: Path, kind: str, rendered: Take) -> None:
    """Write a file of a kind of :data:`avbench.datasets.mimic.parts.KINDS`; a missing one is not written.

    Raises:
        StorageError: It cannot be written.
    """
    MAKERS.get(kind, _whole)(path, rendered)


def _encode(
    path: Path,
    frames: Frames | None,
    samples: Samples | None,
    *,
    crf: int = 23,
    ticks: list[int] | None = None,
    sound_start: float = 0.0,
) -> None:
    write_clip(
        path,
        frames=frames,
        fps=FPS,
        samples=samples,
        sample_rate=SAMPLE_RATE,
        crf=crf,
        preset="superfast",
        ticks=ticks,
        sound_start=sound_start,
    )


def _whole(path: Path, rendered: Take) -> None:
    _encode(path, rendered.frames, rendered.samples)


def _truncated(path: Path, rendered: Take) -> None:
    # With the index at the end, as downloaders write it: half a file has none, and cannot be decoded.
    _whole(path, rendered)
    content = path.read_bytes()
    index, data = content.find(b"moov") - 4, content.find(b"mdat") - 4
    late = content[:index] + content[data:] + content[index:data]
    write_whole(path, late[: len(late) // 2])


def _short(path: Path, rendered: Take) -> None:
    frames, samples = len(rendered.frames) // 3, rendered.samples.shape[1] // 3
    _encode(path, rendered.frames[:frames], rendered.samples[:, :samples])


def _variable_rate(path: Path, rendered: Take) -> None:
    # The first and the last frame stay, so that the clip is as long as it was.
    last = len(rendered.frames) - 1
    draw = random.Random(len(rendered.frames))
    ticks = [tick for tick in range(last + 1) if tick in (0, last) or draw.random() < 0.6]
    _encode(path, rendered.frames[ticks], rendered.samples, ticks=ticks)


def _late_sound(path: Path, rendered: Take) -> None:
    # What is heard stays with what is seen: the stream lacks its beginning, and its time stamps say so.
    cut = round(SOUND_LATE * SAMPLE_RATE)
    _encode(path, rendered.frames, rendered.samples[:, cut:], sound_start=SOUND_LATE)


def _reupload(path: Path, rendered: Take) -> None:
    rows = (np.arange(SIZE * 3 // 4) * 4) // 3
    _encode(path, rendered.frames[:, rows][:, :, rows], rendered.samples * np.float32(0.5), crf=30)


MAKERS: Mapping[str, Callable[[Path, Take], None]] = {
    "missing": lambda _path, _rendered: None,
    "outside": lambda _path, _rendered: None,
    "empty": lambda path, _: write_whole(path, b""),
    "not-a-video": lambda path, _: write_whole(path, GONE),
    "truncated": _truncated,
    "short": _short,
    "silent": lambda path, it: _encode(path, it.frames, np.zeros_like(it.samples)),
    "still": lambda path, it: _encode(path, np.repeat(it.frames[:1], len(it.frames), axis=0), it.samples),
    "no-audio": lambda path, it: _encode(path, it.frames, None),
    "no-video": lambda path, it: _encode(path, None, it.samples),
    "clipped": lambda path, it: _encode(path, it.frames, np.clip(it.samples * LOUDNESS, -1, 1)),
    "variable-rate": _variable_rate,
    "stream-offset": _late_sound,
    "reupload": _reupload,
}
