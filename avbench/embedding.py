"""One batch through a model: filled up, embedded, checked; a failing clip is found and left out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from avbench.border import Embeddings, check_embeddings, usable
from avbench.clips import Clip
from avbench.errors import AvbenchError, ModelError
from avbench.protocols import AudioBatch, VideoBatch
from avbench.records import ModelInputs
from avbench.resolve import sentence
from avbench.store import Modality, Row


class Decoded(Protocol):
    """The streams of one clip that were decoded; ``None`` for one the model does not read."""

    @property
    def frames(self) -> NDArray[np.uint8] | None: ...  # noqa: D102
    @property
    def samples(self) -> NDArray[np.float32] | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A clip of which a model reads nothing."""

    frames: None = None
    samples: None = None


Slots = Sequence[tuple[Clip, Decoded]]


@dataclass(slots=True, kw_only=True)
class Embedder:
    """A loaded model, and how it has fared so far.

    Attributes:
        name: The model's name, for messages.
        model: An object with ``embed_video`` and ``embed_audio``.
        inputs: What it reads.
        device: Where it computes.
        batch_size: Rows of every batch it is given.
        failed: Clips it returned nothing usable for, by stream.
        worked: The streams it has returned something usable for.
        trouble: What went wrong last.
    """

    name: str
    model: Any
    inputs: ModelInputs
    device: str
    batch_size: int
    failed: Counter[Modality] = field(default_factory=Counter)
    worked: set[Modality] = field(default_factory=set)
    trouble: str = field(default="")

    def embed(self, slots: Slots, modality: Modality) -> Mapping[str, Row]:
        """Embed one stream of some clips.

        Args:
            slots: At most ``batch_size`` clips; the batch is filled up by repeating the first.
            modality: Which stream.

        Returns:
            ``(dim,)`` or ``(time, dim)`` by clip id; a clip without a finite output is absent.

        Raises:
            ModelError: The model broke its contract, or has failed on every clip of a batch's worth.
        """
        try:
            rows = self._forward(slots, modality)
            outputs = {slot[0].id: row for slot, row in zip(slots, rows, strict=False)}
        except AvbenchError:
            raise
        except (Exception, SystemExit) as error:
            self.trouble = sentence(error)
            outputs = self._one_by_one(slots, modality)
        finite = {clip_id: row for clip_id, row in outputs.items() if usable(row[np.newaxis])[0]}
        if len(finite) < len(outputs):
            self.trouble = f"embed_{modality} returned NaN or infinity"
        self.worked |= {modality} if finite else set()
        self.failed[modality] += len(slots) - len(finite)
        self.refuse_failure(modality, self.batch_size)
        return finite

    def refuse_failure(self, modality: Modality, clips: int) -> None:
        """Give up on a model that has worked on none of so many clips or more.

        Raises:
            ModelError: It has.
        """
        if modality not in self.worked and self.failed[modality] >= clips:
            raise ModelError(
                f"The model {self.name!r} failed on every clip: {self.trouble}.",
                hint="Mend the model; `avbench plugins check MODEL` tries one on two made clips.",
            )

    def _one_by_one(self, slots: Slots, modality: Modality) -> dict[str, Row]:
        outputs: dict[str, Row] = {}
        for slot in slots:
            try:
                outputs[slot[0].id] = self._forward([slot], modality)[0]
            except AvbenchError:
                raise
            except (Exception, SystemExit) as error:
                self.trouble = sentence(error)
        return outputs

    def _forward(self, slots: Slots, modality: Modality) -> Embeddings:
        import torch

        filled = [*slots, *([slots[0]] * (self.batch_size - len(slots)))]
        with torch.inference_mode():
            output = (
                self.model.embed_video(video_batch(filled, self.inputs, self.device))
                if modality == "video"
                else self.model.embed_audio(audio_batch(filled, self.inputs, self.device))
            )
        return check_embeddings(self.name, f"embed_{modality}", output, self.batch_size)


def video_batch(slots: Slots, inputs: ModelInputs, device: str) -> VideoBatch:
    """Stack the frames of some clips, all of the same length, as a model is given them."""
    import torch

    frames = [decoded.frames for _, decoded in slots]
    there = [each for each in frames if each is not None]
    stacked = np.stack(there) if there else np.zeros((len(slots), 0, 3, 0, 0), np.uint8)
    fps = inputs.video.fps if inputs.video else 0.0
    clips = tuple(clip for clip, _ in slots)
    return VideoBatch(frames=torch.from_numpy(stacked), fps=fps, clips=clips).to(device)


def audio_batch(slots: Slots, inputs: ModelInputs, device: str) -> AudioBatch:
    """Stack the samples of some clips, all of the same length, as a model is given them."""
    import torch

    samples = [decoded.samples for _, decoded in slots]
    there = [each for each in samples if each is not None]
    stacked = np.stack(there) if there else np.zeros((len(slots), 1, 0), np.float32)
    rate = inputs.audio.sample_rate if inputs.audio else 0
    clips = tuple(clip for clip, _ in slots)
    return AudioBatch(samples=torch.from_numpy(stacked), sample_rate=rate, clips=clips).to(device)
