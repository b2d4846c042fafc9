"""Clips decoded while training goes on, ahead of the step that needs them, and not kept."""

from collections.abc import Iterable, Sequence
from concurrent.futures import Future

import numpy as np
import numpy.typing as npt

from avbench.errors import DataError, MediaError
from avbench.media.info import DecodedClip
from avbench.media.workers import ClipReaders
from avbench.runs.census import LeftOut
from avbench.training.arrays import Frames, Places, Samples, as_float
from avbench.training.choice import DataChoice
from avbench.training.left_out import LeftOutList, counted, kept

MOST_IN_A_ROW = 64
"""So many clips in a row that are of no use are no accident."""


class StreamedClips:
    """Clips of equal length, each a family of its own.

    Memory holds the clips that are expected and no others. What a clip turns out to be is remembered, so that
    a batch is a function of its step; a clip of no use is listed with its reason.

    Args:
        clips: Which of all clips these are, by number.
        choice: How they are read.
        blocks: How many of them lie in each file that they are read from together.
        left_out: Holds all clips, and lists those of no use.
    """

    siblings = 1

    def __init__(
        self, clips: Places, choice: DataChoice, *, blocks: Sequence[int], left_out: LeftOutList
    ) -> None:
        self._numbers, self._left_out = clips, left_out
        self.clips, self.clip_frames, self.clip_samples = len(clips), choice.frames, choice.samples
        self.blocks, self.together = blocks, choice.together
        self._readers = ClipReaders(
            seconds=choice.seconds, video=choice.video, audio=choice.audio, processes=choice.workers
        )
        self._ahead: dict[int, Future[DecodedClip | MediaError]] = {}
        self._held: dict[int, tuple[Frames, Samples]] = {}

    def expect(self, clips: Sequence[int]) -> None:
        """Decode these ahead, and let go of all others."""
        for clip in self._ahead.keys() - set(clips):
            self._ahead.pop(clip).cancel()
        self._held = {clip: held for clip, held in self._held.items() if clip in clips}
        for clip in clips:
            self._submit(clip)

    def first_usable(self, candidates: Iterable[int]) -> int:
        """Return the first clip that can be used.

        Raises:
            DataError: None of them can, or none of very many.
        """
        passed: list[LeftOut] = []
        for clip in candidates:
            if self._usable(clip):
                return clip
            passed.append(self._left_out.found[self._number(clip)])
            if len(passed) == MOST_IN_A_ROW:
                break
        raise DataError(
            f"Of {len(passed)} clips in a row, none can be trained on: {counted(passed)}.",
            hint=f"{self._left_out.path} says what is wrong with each.",
        )

    def frames_of(self, clip: int, start: int, count: int) -> npt.NDArray[np.uint8]:
        """Return ``count`` frames of a usable clip from frame ``start``: ``(time, height, width, 3)``."""
        return self._held[clip][0][start : start + count]

    def samples_of(self, clip: int, start: int, count: int) -> npt.NDArray[np.float32]:
        """Return ``count`` samples of a usable clip from sample ``start``: ``(channel, sample)``."""
        return as_float(self._held[clip][1][:, start : start + count])

    def close(self) -> None:
        """End the decoder processes."""
        self._readers.close()

    def _usable(self, clip: int) -> bool:
        number = self._number(clip)
        if clip in self._held:
            return True
        if number in self._left_out.found:
            return False
        self._submit(clip)
        found = kept(self._left_out.clips[number], self._ahead.pop(clip).result())
        if isinstance(found, LeftOut):
            self._left_out.add(number, found)
            return False
        self._held[clip] = found
        return True

    def _submit(self, clip: int) -> None:
        number = self._number(clip)
        if clip not in self._ahead and clip not in self._held and number not in self._left_out.found:
            self._ahead[clip] = self._readers.submit(self._left_out.clips[number])

    def _number(self, clip: int) -> int:
        return int(self._numbers[clip])
