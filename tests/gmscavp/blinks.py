"""Clips for training tests: a bright square and a loud tone that come and go together."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RATE = 1600
FPS = 12.5


@dataclass(frozen=True)
class Blinks:
    """``clips`` clips of 40 frames, 16 pixels, that blink and beep at instants of their own."""

    clips: int = 16
    siblings: int = 2
    clip_frames: int = 40
    clip_samples: int = round(40 / FPS * RATE)

    def pattern(self, clip: int) -> npt.NDArray[np.float64]:
        return (np.random.default_rng(clip).random(self.clip_frames) < 0.4).astype(float)

    def frames_of(self, clip: int, start: int, count: int) -> npt.NDArray[np.uint8]:
        frames = np.full((self.clip_frames, 16, 16, 3), 40, np.uint8)
        frames[self.pattern(clip) > 0, 4:12, 4:12] = 230
        return frames[start : start + count]

    def samples_of(self, clip: int, start: int, count: int) -> npt.NDArray[np.float32]:
        loud = np.repeat(self.pattern(clip), round(RATE / FPS))
        tone = np.sin(np.arange(self.clip_samples) * 2 * np.pi * 300 / RATE)
        return (0.02 + 0.5 * loud * tone).astype(np.float32)[None, start : start + count]
