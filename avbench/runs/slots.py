"""Clips with what was decoded of them, and the typed batches a model is given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from avbench.clips import Clip
from avbench.protocols import AudioBatch, VideoBatch
from avbench.records import ModelInputs


class Decoded(Protocol):
    """The streams of one clip that were decoded; ``None`` for one the model does not read.

    Attributes:
        frames: ``(time, channel=3, height, width)``, uint8 RGB.
        samples: ``(channel, time)``, float32 in [-1, 1].
        filled: Seconds that were filled up, by stream (:class:`avbench.media.info.Fit`).
    """

    @property
    def frames(self) -> NDArray[np.uint8] | None: ...  # noqa: D102
    @property
    def samples(self) -> NDArray[np.float32] | None: ...  # noqa: D102
    @property
    def filled(self) -> Mapping[str, float]: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A clip of which a model reads nothing."""

    frames: None = None
    samples: None = None
    filled: Mapping[str, float] = field(default_factory=dict[str, float])


Slots = Sequence[tuple[Clip, Decoded]]


def video_batch(
    slots: Slots, inputs: ModelInputs, device: str, *, seconds: float | None = None
) -> VideoBatch:
    """Stack the frames of some clips, all of the same length, as a model is given them."""
    import torch

    frames = [decoded.frames for _, decoded in slots]
    there = [each for each in frames if each is not None]
    stacked = np.stack(there) if there else np.zeros((len(slots), 0, 3, 0, 0), np.uint8)
    fps = inputs.video.fps if inputs.video else 0.0
    clips = tuple(clip for clip, _ in slots)
    return VideoBatch(frames=torch.from_numpy(stacked), fps=fps, clips=clips, seconds=seconds).to(device)


def audio_batch(slots: Slots, inputs: ModelInputs, device: str) -> AudioBatch:
    """Stack the samples of some clips, all of the same length, as a model is given them."""
    import torch

    samples = [decoded.samples for _, decoded in slots]
    there = [each for each in samples if each is not None]
    stacked = np.stack(there) if there else np.zeros((len(slots), 1, 0), np.float32)
    rate = inputs.audio.sample_rate if inputs.audio else 0
    clips = tuple(clip for clip, _ in slots)
    return AudioBatch(samples=torch.from_numpy(stacked), sample_rate=rate, clips=clips).to(device)
