"""A model that embeds both streams, compares them and makes one from the other, as a harness asks."""

from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

import torch
from torch import Tensor

from gmscavp.retriever import Frames, Retriever, Samples
from gmscavp.sound.foley import Foley
from gmscavp.synchrony.heads import JUDGE, SYNC
from gmscavp.synchrony.listener import Lagging, Listener


class SilentClips(Frames, Protocol):
    """Frames of clips that sound is to be made for, ``seconds`` long if it says so."""

    @property
    def clips(self) -> Any: ...  # noqa: D102
    @property
    def seconds(self) -> float | None: ...  # noqa: D102


class AudioVideoModel:
    """Embeds clips, compares and makes sounds; what it does not embed with is loaded when it is asked.

    Args:
        retriever: Embeds.
        foley: Loads what makes sound.
        listener: Loads the head that an argument of the model names: ``sync`` or ``judge``.
        batch: Makes the harness' batch of sounds, of ``samples``, ``sample_rate`` and ``clips``.
    """

    def __init__(
        self,
        retriever: Retriever,
        *,
        foley: Callable[[], Foley],
        listener: Callable[[str], Listener],
        batch: Callable[..., Any],
    ) -> None:
        self.retriever, self.load_foley, self.batch = retriever, foley, batch
        self.foley: Foley | None = None
        self.listener = cache(listener)

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

    def offset_scores(self, video: Frames, audio: Lagging) -> Tensor:
        """Return ``(batch, offsets)``: for each of ``audio.offsets`` the logit that the sound is so late.

        Raises:
            ValueError: The streams are not as the model reads them, or the sound does not hold an offset.
        """
        return self.listener(SYNC).offset_scores(video, audio)

    def alignment_scores(self, video: Frames, audio: Samples) -> Tensor:
        """Return ``(batch,)``: the logit that the sound is the picture's own, and in time.

        Raises:
            ValueError: The streams are not as the model reads them.
        """
        return self.listener(JUDGE).alignment_scores(video, audio)

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
