"""Clips in which a picture appears as a tone begins, and models that look and listen for just that."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from avbench.media.encode import write_clip

SECONDS, RATE, FPS = 5.0, 16_000, 25
INSTANT = 2.5
HEAD = """
import numpy as np
import torch
from avbench import AudioInput, ModelInputs, ModelRecord, VideoInput, hookimpl

class Model:
"""
FINDER = """
    def offset_scores(self, video, audio):
        frames, samples = video.frames, audio.samples[:, 0].abs()
        # What a frame shows has been there for half a frame, in the mean.
        seen = ((frames.float().mean((2, 3, 4)) > 127).float().argmax(1) - 0.5) / video.fps
        heard = (samples > 0.05).float().argmax(1) / audio.sample_rate
        late = heard - audio.lead - seen
        return -(torch.tensor(audio.offsets) - late[:, None]).abs()
"""
TOKENS = """
    rate = {rate}

    def embed_video(self, batch):
        return self.two(batch.frames.float().mean((2, 3, 4)) / 255, round(3.0 * self.rate))

    def embed_audio(self, batch):
        return self.two(4 * batch.samples[:, 0].abs(), round(5.0 * {audio_rate}))

    def two(self, level, count):
        parts = torch.nn.functional.adaptive_avg_pool1d(level[:, None], count)[:, 0].clamp(0, 1)
        return torch.stack([parts, 1 - parts], -1)
"""
TAIL = """

@hookimpl
def avbench_models():
    return [ModelRecord(
        name="seeing", summary="Looks for what appears.", load=lambda device, fps="25": Model(),
        inputs=lambda args: ModelInputs(
            video=VideoInput(fps=float(args.get("fps", 25)), height=32, width=32),
            audio=AudioInput(sample_rate=16_000)),
        capabilities=("synchrony",))]
"""


def finder(changed: str = "") -> str:
    """Return a plugin that measures how late the tone is; ``changed`` is put into its class."""
    return HEAD + FINDER + changed + TAIL


def tokens(rate: float = 25.0, audio_rate: float | None = None) -> str:
    """Return a plugin with tokens at some rates a second."""
    return HEAD + TOKENS.format(rate=rate, audio_rate=audio_rate or rate) + TAIL


def write_appearing(
    path: Path, *, fps: float = FPS, instant: float = INSTANT, seconds: float = SECONDS
) -> Path:
    """Write a clip: black and silent, then white, with a tone, from the frame nearest to ``instant`` on."""
    first = round(instant * fps)
    pictures = (np.full((32, 32, 3), 255 * (k >= first), np.uint8) for k in range(round(seconds * fps)))
    write_clip(path, frames=pictures, fps=fps, samples=tone(first / fps, seconds), sample_rate=RATE)
    return path


def tone(start: float, seconds: float = SECONDS) -> np.ndarray:
    """Return a tone from ``start`` on, ``(1, time)``."""
    times = np.arange(round(seconds * RATE)) / RATE
    return (0.5 * np.sin(2 * np.pi * 1000 * (times - start)) * (times >= start))[None].astype(np.float32)


def write_folder(folder: Path, instants: Sequence[float]) -> Path:
    """Write a clip for every instant."""
    folder.mkdir()
    for number, instant in enumerate(instants):
        write_appearing(folder / f"clip{number:02}.mp4", instant=instant)
    return folder
