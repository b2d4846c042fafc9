"""A model that embeds both streams and makes one from the other, behind the interface of a harness."""

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor

from gmscavp.foley import Foley
from gmscavp.retriever import Frames, Retriever, Samples


class SilentClips(Frames, Protocol):
    """Frames of clips that sound is to be made for, ``seconds`` long if it says so."""

    @property
    def clips(self) -> Any: ...  # noqa: D102
    @property
    def seconds(self) -> float | None: ...  # noqa: D102


class AudioVideoModel:
    """Embeds clips, and makes sound for them; what it makes sound with is loaded when it is first asked to.

    Args:
        retriever: Embeds.
        foley: Loads what makes sound.
        batch: Makes the harness' batch of sounds, of ``samples``, ``sample_rate`` and ``clips``.
    """

    def __init__(self, retriever: Retriever, foley: Callable[[], Foley], batch: Callable[..., Any]) -> None:
        self.retriever, self.load_foley, self.batch = retriever, foley, batch
        self.foley: Foley | None = None

    @property
    def model(self) -> Any:
        """The network that embeds."""
        return self.retriever.model

    def embed_video(self, batch: Frames) -> Tensor:
        """Return ``(batch, dim)`` float32, a unit vector a clip."""
        return self.retriever.embed_video(batch)

    def embed_audio(self, batch: Samples) -> Tensor:
        """Return ``(batch, dim)`` float32, a unit vector a clip; channels are averaged."""
        return self.retriever.embed_audio(batch)

    def generate_audio(self, batch: SilentClips, seed: int) -> Any:
        """Return sounds ``(batch, channel=1, time)``, each from its clip's frames and the seed alone.

        Raises:
            ValueError: The frames have another rate or size than the model reads.
        """
        expected = self.model.config.video.fps
        if batch.fps != expected:
            raise ValueError(f"The model reads {expected} frames a second, not {batch.fps}.")
        if self.foley is None:
            # A harness may be in inference mode: weights loaded there could not carry guidance's gradient.
            with torch.inference_mode(False):
                self.foley = self.load_foley()
        sounds = self.foley.sound(batch.frames, seed, batch.seconds)
        rate = self.foley.generator.config.log_mel.sample_rate
        return self.batch(samples=sounds, sample_rate=rate, clips=batch.clips)
