"""Training batches: which clips, which segments of them; a function of the step."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gmscavp.segments import SegmentedConfig
from gmscavp.training.config import TrainingConfig
from gmscavp.training.order import Order

# How far to look for a clip that takes another's place; in a small set that is several epochs.
LATER_BATCHES = 256


@runtime_checkable
class Families(Protocol):
    """Clips of which consecutive ``siblings`` make a family."""

    @property
    def clips(self) -> int: ...  # noqa: D102
    @property
    def siblings(self) -> int: ...  # noqa: D102


@runtime_checkable
class Clips(Protocol):
    """Clips of equal length, to be read piece by piece. Consecutive ``siblings`` clips make a family."""

    @property
    def clips(self) -> int: ...  # noqa: D102
    @property
    def siblings(self) -> int: ...  # noqa: D102
    @property
    def clip_frames(self) -> int: ...  # noqa: D102
    @property
    def clip_samples(self) -> int: ...  # noqa: D102

    def frames_of(self, clip: int, start: int, count: int) -> npt.NDArray[np.uint8]:
        """Return ``(time, height, width, channel=3)``."""
        ...

    def samples_of(self, clip: int, start: int, count: int) -> npt.NDArray[np.float32]:
        """Return ``(channel, sample)`` in [-1, 1]."""
        ...


@runtime_checkable
class StreamedClips(Clips, Protocol):
    """Clips that are decoded while training goes on, each a family of its own.

    Attributes:
        blocks: How many clips each file holds that they are read from, in the order of the clips.
        together: Blocks that are mixed at a time.
    """

    @property
    def blocks(self) -> Sequence[int]: ...  # noqa: D102
    @property
    def together(self) -> int: ...  # noqa: D102

    def expect(self, clips: Sequence[int]) -> None:
        """Decode these ahead, and let go of all others."""
        ...

    def first_usable(self, candidates: Iterable[int]) -> int:
        """Return the first clip that can be used, and hold it until the next call of ``expect``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentBatch:
    """Segments of one training step, ordered clip by clip.

    Attributes:
        frames: ``(rows, time, 3, height, width)``; uint8, or float in [0, 1] once varied.
        samples: ``(rows, samples)``, mono in [-1, 1].
        segments: N_T, rows of each clip.
        first: Place of the first clip here in the whole batch, where several processes share one.
        whole: Clips in the whole batch; 0 where all of it is here.
    """

    frames: Tensor
    samples: Tensor
    segments: int
    first: int = 0
    whole: int = 0

    @property
    def clips(self) -> slice:
        """The clips here, as a slice of the whole batch."""
        return slice(self.first, self.first + len(self.frames) // self.segments)

    @property
    def rows(self) -> slice:
        """The rows here, as a slice of the whole batch."""
        return slice(self.clips.start * self.segments, self.clips.stop * self.segments)

    @property
    def inputs(self) -> tuple[Tensor, Tensor, Any]:
        """What a network is called with, but for the seeds of the rows."""
        return self.frames, self.samples, self.segments

    @property
    def embedded(self) -> bool:
        """Whether these are tokens, and what they are tokens of was varied before."""
        return False

    def to(self, device: str) -> "SegmentBatch":
        """Return the same on a device."""
        return replace(self, frames=self.frames.to(device), samples=self.samples.to(device))


class Batches:
    """The batches of a run: ``batch(step)`` is the same for the same seed, so that a run can resume anywhere.

    Args:
        clips: What to draw from.
        config: What a segment is.
        training: What a batch is.
        seed: Seeds order, starts and variation.
        rank: Which of the processes that share each batch reads; each reads its slice of the clips.
        processes: How many there are.

    Raises:
        ValueError: There are fewer families than a batch takes, the processes cannot share it evenly, it has
            nothing to contrast, or a clip is too short for its segments.
    """

    def __init__(
        self,
        clips: Clips,
        *,
        config: SegmentedConfig,
        training: TrainingConfig,
        seed: int,
        rank: int = 0,
        processes: int = 1,
    ) -> None:
        refuse_batch(clips, training, processes)
        self.clips, self.config, self.training, self.seed = clips, config, training, seed
        share = training.batch_clips // processes
        self.own = slice(rank * share, (rank + 1) * share)
        self.families = clips.clips // clips.siblings
        self.taken = training.batch_clips // clips.siblings
        self.streamed = clips if isinstance(clips, StreamedClips) else None
        self.order = (
            Order(self.streamed.blocks, together=self.streamed.together, seed=seed)
            if self.streamed
            else Order([self.families], together=1, seed=seed)
        )
        self.gap = int(np.ceil(training.gap_seconds * config.video.fps))
        self.last = clips.clip_frames - config.frames
        if self.last < self.gap * (training.segments - 1):
            raise ValueError(
                f"A clip of {clips.clip_frames} frames is too short for {training.segments} segments of "
                f"{config.frames} frames that start {self.gap} frames apart."
            )

    def batch(self, step: int) -> SegmentBatch:
        """Return this process's part of the batch of a step, not yet varied."""
        draw = np.random.default_rng([self.seed, step])
        frames: list[npt.NDArray[np.uint8]] = []
        samples: list[npt.NDArray[np.float32]] = []
        hop = self.config.log_mel.sample_rate / self.config.video.fps
        # Siblings are cut at the same instants, so that only what differs between them tells them apart.
        starts = [self.starts(draw) for _ in range(self.taken)]
        for place, clip in self.own_clips(step):
            for start in starts[place // self.clips.siblings]:
                frames.append(self.clips.frames_of(clip, start, self.config.frames))
                heard = self.clips.samples_of(clip, round(start * hop), self.config.samples)
                samples.append(heard.mean(axis=0))
        return SegmentBatch(
            frames=torch.from_numpy(np.stack(frames)).permute(0, 1, 4, 2, 3),
            samples=torch.from_numpy(np.stack(samples)),
            segments=self.training.segments,
            first=self.own.start,
            whole=self.training.batch_clips,
        )

    def own_clips(self, step: int) -> list[tuple[int, int]]:
        """Return the places of a batch that this process reads, each with the clip that fills it."""
        own = list(enumerate(self.clips_of(step)))[self.own]
        if self.streamed is None:
            return own
        coming = self.clips_of(step + 1)[self.own]
        self.streamed.expect([*(clip for _, clip in own), *coming])
        return [(place, self.streamed.first_usable(self.candidates(step, place))) for place, _ in own]

    def candidates(self, step: int, place: int) -> Iterator[int]:
        """Yield the clip that fills a place, then those that take it in turn where one cannot be used.

        These are the clips of the same place in the batches that follow, but for those that the batch holds
        already.
        """
        chosen = self.clips_of(step)
        yield chosen[place]
        for later in range(1, LATER_BATCHES):
            clip = self.order.family((step + later) * self.taken + place)
            if clip not in chosen:
                yield clip

    def clips_of(self, step: int) -> list[int]:
        """Return the clips of a step: whole families, each once before any comes again."""
        firsts = (
            self.order.family(position) * self.clips.siblings
            for position in range(step * self.taken, (step + 1) * self.taken)
        )
        return [first + sibling for first in firsts for sibling in range(self.clips.siblings)]

    def starts(self, draw: np.random.Generator) -> list[int]:
        """Draw where a clip's segments start, as CAVP does: each leaves room for those that follow."""
        starts: list[int] = []
        low = 0
        for following in reversed(range(self.training.segments)):
            start = int(draw.integers(low, self.last - following * self.gap + 1))
            starts.append(start)
            low = start + self.gap
        return starts


def refuse_sharing(training: TrainingConfig, processes: int) -> None:
    """Refuse a batch that cannot be shared or contrasted, whatever the clips.

    Raises:
        ValueError: It cannot.
    """
    if training.batch_clips == 1:
        raise ValueError(
            "A batch of one clip has no other to be told apart from: batch_clips must be 2 at least."
        )
    if training.batch_clips % processes:
        raise ValueError(
            f"A batch of {training.batch_clips} clips cannot be shared by {processes} processes."
        )


def refuse_batch(clips: Families, training: TrainingConfig, processes: int) -> None:
    """Refuse a batch that cannot be filled, shared or contrasted.

    Raises:
        ValueError: It cannot.
    """
    refuse_sharing(training, processes)
    families, left = divmod(training.batch_clips, clips.siblings)
    if left or not 0 < families <= clips.clips // clips.siblings:
        whole = f"takes whole families of {clips.siblings} and " if clips.siblings > 1 else ""
        raise ValueError(
            f"A batch of {training.batch_clips} clips {whole}cannot be filled from the {clips.clips} clips "
            "that there are."
        )
