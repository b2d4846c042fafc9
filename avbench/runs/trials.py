"""Trials through a model: each clip's picture from its true offset on, all its sound, a score an offset."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from avbench.clips import Clip
from avbench.errors import MediaError, ModelError
from avbench.metrics.sliding import slide
from avbench.protocols import AudioBatch, VideoBatch
from avbench.records import ModelInputs
from avbench.resolve import Plan
from avbench.runs.apart import decoded_apart
from avbench.runs.attempts import Attempts
from avbench.runs.border import Embeddings, check_embeddings, check_offset_scores, usable
from avbench.runs.slots import Decoded, Slots, audio_batch, video_batch
from avbench.specs import OffsetProtocol
from avbench.store import Row
from avbench.tasks.synchrony import Scale

RATE_TOLERANCE = 0.01
OTHER_SOUND = "other-sound"


@dataclass(slots=True, kw_only=True)
class OffsetScorer:
    """A loaded model that scores offsets, and how it has fared so far.

    Attributes:
        name: The model's name, for messages.
        model: An object with ``offset_scores``, or with ``embed_video`` and ``embed_audio``.
        inputs: What it reads.
        device: Where it computes.
        batch_size: Rows of every batch it is given.
        protocol: The window and the grid.
        offsets: By how much each clip is shifted, by clip id.
        with_other: Whether each picture is also scored with the sound of the next clip of its batch, if that
            is of another recording.
        method: What it is asked for.
        attempts: What became of the clips so far.
    """

    name: str
    model: Any
    inputs: ModelInputs
    device: str
    batch_size: int
    protocol: OffsetProtocol
    offsets: Mapping[str, float]
    with_other: bool
    method: str = "offset_scores"
    attempts: Attempts = field(init=False)

    def __post_init__(self) -> None:
        self.attempts = Attempts(name=self.name, batch_size=self.batch_size)

    @property
    def scale(self) -> Scale:
        """What its scores are."""
        return "logits" if callable(getattr(self.model, "offset_scores", None)) else "cosines"

    def score(self, slots: Slots) -> Mapping[str, Row]:
        """Score every offset of some clips.

        Args:
            slots: At most ``batch_size`` clips; the batch is filled up by repeating the first.

        Returns:
            ``(1, offset)`` by clip id, ``(2, offset)`` where the second row is of another clip's sound; a
            clip without finite scores is absent.

        Raises:
            ModelError: The model broke its contract, or has failed on every clip of a batch's worth.
        """
        return self.attempts.over(slots, self.method, self.forward, fault_of)

    def forward(self, slots: Slots) -> Sequence[Row]:
        """Ask the model: a row a clip, whatever it holds.

        Raises:
            ModelError: The model broke its contract.
        """
        import torch

        video = self.pictures(slots)
        turned = [*slots[1:], slots[0]]
        other = [one.group != next_one.group for (one, _), (next_one, _) in zip(slots, turned, strict=True)]
        with_other = self.with_other and any(other)
        with torch.inference_mode():
            if self.scale == "logits":
                sounds = [slots, turned] if with_other else [slots]
                scored = [self._logits(video, self.sounds(each)) for each in sounds]
            else:
                scored = self._cosines(video, self.sounds(slots), with_other=with_other)
        rows = np.stack(scored, axis=1)
        return [row if elsewhere else row[:1] for row, elsewhere in zip(rows, other, strict=True)]

    def pictures(self, slots: Slots) -> VideoBatch:
        """Return the batch of the pictures of some clips."""
        reach = self.protocol.reach
        seen = [
            (replace(clip, start=clip.start + reach + self.offsets[clip.id]), decoded)
            for clip, decoded in slots
        ]
        return video_batch(seen, self.inputs, self.device, seconds=self.protocol.window)

    def sounds(self, slots: Slots) -> AudioBatch:
        """Return the batch of the sounds of some clips, with the offsets that are asked for."""
        batch = audio_batch(slots, self.inputs, self.device)
        return replace(batch, lead=self.protocol.reach, offsets=self.protocol.offsets)

    def _logits(self, video: VideoBatch, audio: AudioBatch) -> Embeddings:
        output = self.model.offset_scores(video, audio)
        return check_offset_scores(self.name, output, len(audio.clips), len(audio.offsets))

    def _cosines(self, video: VideoBatch, audio: AudioBatch, *, with_other: bool) -> list[Embeddings]:
        rows = len(video.clips)
        seen = check_embeddings(self.name, "embed_video", self.model.embed_video(video), rows)
        heard = check_embeddings(self.name, "embed_audio", self.model.embed_audio(audio), rows)
        check_tokens(self.name, self.protocol, seen, heard)
        sounds = [heard, np.roll(heard, -1, axis=0)] if with_other else [heard]
        return [np.stack([self._slide(*pair) for pair in zip(seen, sound, strict=True)]) for sound in sounds]

    def _slide(self, video: Row, audio: Row) -> Row:
        if not (np.isfinite(video).all() and np.isfinite(audio).all()):
            return np.full(len(self.protocol.offsets), np.nan, np.float32)
        scores = slide(
            video,
            audio,
            seconds=self.protocol.window,
            lead=self.protocol.reach,
            offsets=self.protocol.offsets,
        )
        return scores.astype(np.float32)


def fault_of(row: Row) -> str:
    """Say what is wrong with the scores of a trial, or nothing."""
    return "" if usable(row[np.newaxis])[0] else "returned NaN or infinity"


def check_tokens(model: str, protocol: OffsetProtocol, video: Embeddings, audio: Embeddings) -> None:
    """Refuse embeddings that cannot be slid along each other over the grid of a task.

    Args:
        model: The model's name.
        protocol: The window and the grid.
        video: ``(batch, time, dim)`` over W seconds.
        audio: ``(batch, time, dim)`` over W + 2R seconds.

    Raises:
        ModelError: They have no time axis or other columns, run at different rates, or are too coarse for the
            grid: a token may last two steps.
    """
    if video.ndim != 3 or audio.ndim != 3 or video.shape[2] != audio.shape[2]:
        raise ModelError(
            f"The model {model!r} returned embeddings of shape {video.shape[1:]} and {audio.shape[1:]} for a "
            "clip; an offset is found by sliding tokens (time, dim) of both streams along each other.",
            hint="Return tokens from embed_video and embed_audio, or give the model offset_scores.",
        )
    rates = video.shape[1] / protocol.window, audio.shape[1] / protocol.seconds
    # The number of tokens may be rounded up in one stream and down in the other.
    rounding = max(1 / protocol.window, RATE_TOLERANCE * max(rates))
    if abs(rates[0] - rates[1]) > rounding:
        raise ModelError(
            f"The model {model!r} returned {rates[0]:.4g} tokens of picture a second and {rates[1]:.4g} of "
            "sound.",
            hint="Both streams need the same tokens a second, whatever their length.",
        )
    needed = 0.5 / protocol.step
    if min(rates) < needed * (1 - RATE_TOLERANCE):
        raise ModelError(
            f"The model {model!r} returned {min(rates):.4g} tokens a second; a grid of {protocol.step:g} s "
            f"needs {needed:g}, one in every two steps.",
            hint="Run it on a task with a coarser grid, or give the model offset_scores.",
        )


def decoded_trials(
    plan: Plan, batches: Sequence[Sequence[Clip]], offsets: Mapping[str, float], protocol: OffsetProtocol
) -> Generator[list[tuple[Clip, Decoded | MediaError]]]:
    """Yield every batch's clips with the stretches a trial takes of them, in order, decoding ahead."""

    def seen(clip: Clip) -> Clip:
        return replace(clip, start=clip.start + protocol.reach + offsets[clip.id])

    return decoded_apart(
        plan, batches, seen=seen, picture=protocol.window, heard=lambda clip: clip, sound=protocol.seconds
    )
