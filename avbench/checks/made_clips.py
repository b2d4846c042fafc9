"""Clips made on the spot, to try a model without any data."""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avbench.clips import Clip
from avbench.media.info import DecodedClip
from avbench.records import AudioInput, ModelInputs, VideoInput
from avbench.runs.slots import Slots


def made_clips(inputs: ModelInputs, *, clips: int, seconds: float) -> Slots:
    """Make clips that differ in both streams; the first is black and silent, as real clips can be.

    Args:
        inputs: What the model reads.
        clips: How many.
        seconds: Length of each.

    Returns:
        Each clip with its streams: a bright bar that moves over noise, and a tone with clicks; the same
        every time.
    """
    return [
        (
            Clip(id=f"made-{k}", path=Path(f"made-{k}.mp4"), end=seconds),
            DecodedClip(
                frames=_frames(inputs.video, k, seconds) if inputs.video else None,
                samples=_samples(inputs.audio, k, seconds) if inputs.audio else None,
            ),
        )
        for k in range(clips)
    ]


def _frames(video: VideoInput, k: int, seconds: float) -> NDArray[np.uint8]:
    times = round(seconds * video.fps)
    if k == 0:
        return np.zeros((times, 3, video.height, video.width), np.uint8)
    rng = np.random.default_rng([k, 0])
    frames = rng.integers(0, 96, (times, 3, video.height, video.width), dtype=np.uint8)
    width = max(1, video.width // 8)
    for t in range(times):
        left = int((0.5 + 0.5 * math.sin(2 * math.pi * k * t / times)) * (video.width - width))
        frames[t, k % 3, :, left : left + width] = 255
    return frames


def _samples(audio: AudioInput, k: int, seconds: float) -> NDArray[np.float32]:
    length = round(seconds * audio.sample_rate)
    if k == 0:
        return np.zeros((audio.channels, length), np.float32)
    time = np.arange(length) / audio.sample_rate
    swell = 0.5 + 0.5 * np.sin(2 * np.pi * k * time / seconds)
    wave = 0.4 * swell * np.sin(2 * np.pi * 110 * 2 ** (k / 2) * time)
    wave[:: max(1, length // (2 * k + 1))] += 0.5
    noise = np.random.default_rng([k, 1]).normal(0, 0.01, (audio.channels, length))
    return np.clip(wave + noise, -1, 1).astype(np.float32)
