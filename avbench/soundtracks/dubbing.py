"""A loaded model making the sound of a whole picture, whatever its length."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avbench.clips import Clip
from avbench.errors import AvbenchError, MediaError
from avbench.media.info import Picture
from avbench.plugins.raised import sentence
from avbench.protocols import VideoBatch
from avbench.records import VideoInput
from avbench.resolve import Contestant
from avbench.runs.border import check_sounds
from avbench.sounds import Sound
from avbench.soundtracks.crossfade import joined, window_starts

# What neighbouring windows have in common, in seconds; a quarter of a window where that is shorter.
OVERLAP = 1.0
WINDOWS_AT_ONCE = 8
# Of a model that reads no video only the length of a picture matters.
UNSEEN = VideoInput(fps=1.0, height=2, width=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dubber:
    """A model, loaded.

    Attributes:
        contestant: Its record and arguments.
        model: The model.
        device: Where it computes.
    """

    contestant: Contestant
    model: Any
    device: str

    @property
    def video(self) -> VideoInput:
        """What is to be decoded of a picture."""
        return self.contestant.inputs.video or UNSEEN

    def sound(self, clip: Clip, picture: Picture, seed: int) -> Sound:
        """Make the sound of a picture.

        A model that takes clips of a limited length makes it window by window, each with the same seed; where
        windows overlap they are cross-faded.

        Args:
            clip: The video, from the picture's first frame on.
            picture: All frames it shows.
            seed: Passed to the model.

        Returns:
            As long as the picture.

        Raises:
            MediaError: The model fails on it, or has no sound for it.
            ModelError: The model broke its contract.
        """
        starts, length, overlap = self._windows(picture)
        unseen = self.contestant.inputs.video is None and len(starts) == 1
        seconds = picture.seconds if unseen else length / picture.fps
        parts: list[Sound] = []
        for first in range(0, len(starts), WINDOWS_AT_ONCE):
            frames = [picture.frames[s : s + length] for s in starts[first : first + WINDOWS_AT_ONCE]]
            parts += self._make(clip, np.stack(frames), seconds, seed)
        rate, channels = parts[0].sample_rate, len(parts[0].samples)
        if any((part.sample_rate, len(part.samples)) != (rate, channels) for part in parts):
            raise MediaError("model", "The windows of one clip have sounds of different rates or channels.")
        ticks = rate / picture.fps
        fade = max(1, round(overlap * ticks))
        whole = joined([part.samples for part in parts], [round(start * ticks) for start in starts], fade)
        # A whole number of frames lasts up to half a frame less than the picture.
        samples = np.pad(whole, ((0, 0), (0, ceil(ticks))))[:, : round(picture.seconds * rate)]
        return Sound(samples=samples, sample_rate=rate)

    def _windows(self, picture: Picture) -> tuple[list[int], int, int]:
        """Return the frames at which windows begin, how many each holds, and how many neighbours share."""
        longest, frames = self.contestant.inputs.max_seconds, len(picture.frames)
        if longest is None or picture.seconds <= longest:
            return [0], frames, 0
        length = max(1, int(longest * picture.fps + 1e-6))
        overlap = min(round(OVERLAP * picture.fps), length // 4)
        return window_starts(frames, length, overlap), length, overlap

    def _make(self, clip: Clip, frames: NDArray[np.uint8], seconds: float, seed: int) -> Iterator[Sound]:
        """Yield the sounds of windows, ``(window, time, channel, height, width)``, of the same length."""
        import torch

        record, clips = self.contestant.record, (clip,) * len(frames)
        seen = self.contestant.inputs.video is not None
        batch = VideoBatch(
            frames=torch.from_numpy(frames if seen else frames[:, :0, :, :0, :0]),
            fps=self.video.fps if seen else 0.0,
            clips=clips,
            seconds=seconds,
        )
        try:
            with torch.inference_mode():
                output = self.model.generate_audio(batch.to(self.device), seed)
        except AvbenchError:
            raise
        except (Exception, SystemExit) as error:
            raise MediaError("model", f"The model failed: {sentence(error)}.") from error
        for sound in check_sounds(record.name, output, clips):
            if isinstance(sound, MediaError):
                raise sound
            yield sound.lasting(seconds)
