"""A network that embeds clips, behind the interface of a harness that hands it typed batches."""

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor


class Frames(Protocol):
    """A batch of frames: ``(batch, time, channel=3, height, width)``, uint8 RGB, ``fps`` a second."""

    @property
    def frames(self) -> Tensor: ...  # noqa: D102
    @property
    def fps(self) -> float: ...  # noqa: D102


class Samples(Protocol):
    """A batch of samples: ``(batch, channel, time)``, float32 in [-1, 1], ``sample_rate`` in Hz."""

    @property
    def samples(self) -> Tensor: ...  # noqa: D102
    @property
    def sample_rate(self) -> int: ...  # noqa: D102


class Retriever:
    """Embeds the clips of batches, each on its own.

    Args:
        model: A network with ``config``, ``embed_video`` and ``embed_audio``.
        device: Where it computes.
    """

    def __init__(self, model: Any, device: str) -> None:
        self.model = model.eval().requires_grad_(False).to(device)
        self.device = device

    def embed_video(self, batch: Frames) -> Tensor:
        """Return ``(batch, dim)`` float32, a unit vector a clip.

        Raises:
            ValueError: The frames have another rate or size than the model reads.
        """
        expected = self.model.config.video.fps
        if batch.fps != expected:
            raise ValueError(f"The model reads {expected} frames a second, not {batch.fps}.")
        return self._each(self.model.embed_video, batch.frames.to(self.device))

    def embed_audio(self, batch: Samples) -> Tensor:
        """Return ``(batch, dim)`` float32, a unit vector a clip; channels are averaged.

        Raises:
            ValueError: The samples have another rate than the model reads.
        """
        expected = self.model.config.log_mel.sample_rate
        if batch.sample_rate != expected:
            raise ValueError(f"The model reads samples at {expected} Hz, not {batch.sample_rate}.")
        return self._each(self.model.embed_audio, batch.samples.to(self.device).mean(dim=1))

    @staticmethod
    def _each(embed: Callable[[Tensor], Tensor], stream: Tensor) -> Tensor:
        """Embed clip by clip: rounding inside a convolution depends on the batch, and results must not."""
        return torch.cat([embed(clip) for clip in stream.split(1)])
