"""What a model must be able to do, and the typed batches it is given.

A model is any object with the methods of its capabilities; there is nothing to inherit from.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from avbench.clips import Clip
from avbench.errors import MediaError

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoBatch:
    """Frames of some clips, all of the same length.

    Attributes:
        frames: ``(batch, time, channel=3, height, width)``, uint8 RGB in 0 … 255. Empty
            (``(batch, 0, 3, 0, 0)``) for a model that reads no video.
        fps: Frames a second; frame ``k`` shows the instant ``k / fps``.
        clips: The clips, in the order of the batch.
        seconds: How long each clip lasts, where sound is to be made for it or found in time with it: a model
            that reads no video knows it from here alone.
    """

    frames: "Tensor"
    fps: float
    clips: tuple[Clip, ...]
    seconds: float | None = None

    def pixels(self) -> "Tensor":
        """Return the frames as float32 in [0, 1], same axes."""
        return self.frames.float() / 255.0

    def to(self, device: str) -> "VideoBatch":
        """Return the batch with its frames on ``device``."""
        return replace(self, frames=self.frames.to(device))


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioBatch:
    """Samples of some clips, all of the same length.

    Attributes:
        samples: ``(batch, channel, time)``, float32 in [-1, 1]. Empty (``(batch, 1, 0)``) for a model that
            reads no audio.
        sample_rate: In Hz.
        clips: The clips, in the order of the batch.
        lead: Seconds of sound before the first frame of the video batch beside it.
        offsets: How late the sound may be, in seconds: the candidates a model is asked to score.
    """

    samples: "Tensor"
    sample_rate: int
    clips: tuple[Clip, ...]
    lead: float = 0.0
    offsets: tuple[float, ...] = ()

    def to(self, device: str) -> "AudioBatch":
        """Return the batch with its samples on ``device``."""
        return replace(self, samples=self.samples.to(device))


@runtime_checkable
class RetrievalModel(Protocol):
    """Embeds both streams into one space; the score of a pair is the cosine of its embeddings.

    ``(batch, dim)``, or ``(batch, time, dim)`` for time-aligned tokens, whose score is the mean cosine over
    time. float32, finite, one row per clip, independent of which other clips are in the batch.
    """

    def embed_video(self, batch: VideoBatch) -> "Tensor":
        """Embed the frames of each clip."""
        ...

    def embed_audio(self, batch: AudioBatch) -> "Tensor":
        """Embed the samples of each clip."""
        ...


@runtime_checkable
class GenerationModel(Protocol):
    """Makes sound for video.

    What a clip gets depends on that clip and the seed alone, never on the rest of the batch.
    ``batch.seconds`` says how long it must last; what is longer is cut, what ends more than 0.1 s early is
    ``too-short``.
    """

    def generate_audio(self, batch: VideoBatch, seed: int) -> AudioBatch | Sequence[AudioBatch | MediaError]:
        """Return the sound of each clip, in the order of the batch.

        Either one batch, or one item a clip: a batch of that clip alone, with a length and a rate of its own,
        or a :class:`~avbench.errors.MediaError`, returned and not raised, whose reason the clip is left out
        under: ``no-output``, ``corrupt``, ``too-short`` …
        """
        ...


@runtime_checkable
class OffsetModel(Protocol):
    """Scores how late the sound is.

    A trial has W seconds of picture and W + 2R seconds of sound, where R is ``audio.lead``. An offset o > 0
    says that the sound is late: what is seen at t seconds into the picture is heard at lead + t + o seconds
    into the sound, so every offset compares the whole picture with as much real sound. (Synchformer's sign is
    the opposite.)

    A model without this method, but with time tokens, is scored all the same: ``embed_video`` over W seconds,
    ``embed_audio`` over W + 2R at the same tokens a second, slid along each other.
    """

    def offset_scores(self, video: VideoBatch, audio: AudioBatch) -> "Tensor":
        """Return ``(batch, offset)`` over ``audio.offsets``, finite, the likelier the higher.

        They are read as logits: their softmax is what the model believes. A clip's do not depend on the rest
        of the batch. Each stream is to be embedded once, however many offsets there are.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What an embedder hears in some clips.

    Attributes:
        rows: ``(batch, rows, dim)``, float32: one row a window, or one row a clip where it has no windows.
        logits: ``(batch, classes)``, float32, or ``None`` where it names no classes.
    """

    rows: "Tensor"
    logits: "Tensor | None" = None


@runtime_checkable
class AudioEmbedder(Protocol):
    """A frozen network that metrics look through."""

    def hear(self, batch: AudioBatch) -> Heard:
        """Embed mono clips ``(batch, channel=1, time)`` at the record's sample rate, all of one length.

        What it hears in a clip does not depend on the others of the batch.
        """
        ...


@runtime_checkable
class TextEmbedder(Protocol):
    """An audio embedder that also reads: the score of a text and a clip is the cosine of their rows."""

    def read(self, texts: Sequence[str]) -> "Tensor":
        """Embed texts: ``(text, dim)``, float32."""
        ...
