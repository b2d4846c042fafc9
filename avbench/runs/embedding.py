"""One stream of some clips through a model: embedded, checked; a failing clip is left out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from avbench.records import ModelInputs
from avbench.runs.attempts import Attempts
from avbench.runs.border import Embeddings, check_embeddings, usable
from avbench.runs.slots import Slots, audio_batch, video_batch
from avbench.store import Modality, Row


@dataclass(slots=True, kw_only=True)
class Embedder:
    """A loaded model, and how it has fared so far.

    Attributes:
        name: The model's name, for messages.
        model: An object with ``embed_video`` and ``embed_audio``.
        inputs: What it reads.
        device: Where it computes.
        batch_size: Rows of every batch it is given.
        attempts: What became of the clips so far.
    """

    name: str
    model: Any
    inputs: ModelInputs
    device: str
    batch_size: int
    attempts: Attempts = field(init=False)

    def __post_init__(self) -> None:
        self.attempts = Attempts(name=self.name, batch_size=self.batch_size)

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
        return self.attempts.over(
            slots, f"embed_{modality}", lambda filled: self._forward(filled, modality), _fault
        )

    def _forward(self, slots: Slots, modality: Modality) -> Embeddings:
        import torch

        with torch.inference_mode():
            output = (
                self.model.embed_video(video_batch(slots, self.inputs, self.device))
                if modality == "video"
                else self.model.embed_audio(audio_batch(slots, self.inputs, self.device))
            )
        return check_embeddings(self.name, f"embed_{modality}", output, len(slots))


def _fault(row: Row) -> str:
    return "" if usable(row[np.newaxis])[0] else "returned NaN or infinity"
