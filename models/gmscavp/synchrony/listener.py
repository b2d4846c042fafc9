"""How late the sound of clips is, and whether it is theirs, behind the interface of a harness."""

from typing import Any, Protocol

import torch
from torch import Tensor

from gmscavp.retriever import Frames, Samples


class Lagging(Samples, Protocol):
    """Sound that begins ``lead`` seconds before the picture, and the ``offsets`` it may have."""

    @property
    def lead(self) -> float: ...  # noqa: D102
    @property
    def offsets(self) -> tuple[float, ...]: ...  # noqa: D102


ROUNDING = 0.5
"""Tokens by which picture, lead and offset may together outlast the sound: lengths are rounded."""


class Listener:
    """Asks a head about clips, each on its own: rounding depends on the batch, and results must not.

    Args:
        head: Over its encoder; in eval mode from here on.
        device: Where it computes.
    """

    def __init__(self, head: Any, device: str) -> None:
        self.head, self.device = head.eval().requires_grad_(False).to(device), device
        self.head.encoder.network.to(device)

    @torch.no_grad()
    def offset_scores(self, video: Frames, audio: Lagging) -> Tensor:
        """Return ``(batch, offsets)``.

        Raises:
            ValueError: The streams are not as the model reads them, or the sound does not hold an offset.
        """
        self.refuse(video, audio)
        seconds = audio.samples.shape[2] / audio.sample_rate
        room = seconds - video.frames.shape[1] / video.fps + ROUNDING / video.fps
        lags = [audio.lead + offset for offset in audio.offsets]
        if beyond := [each for each in lags if not -ROUNDING / video.fps <= each <= room]:
            raise ValueError(f"Sound of {seconds:g} s does not hold the picture at {beyond[0]:g} s.")
        asked = torch.tensor([lags], device=self.device)
        return torch.cat([self.head.scores(*clip, asked) for clip in self.clips(video, audio)])

    @torch.no_grad()
    def alignment_scores(self, video: Frames, audio: Samples) -> Tensor:
        """Return ``(batch,)``.

        Raises:
            ValueError: The streams are not as the model reads them.
        """
        self.refuse(video, audio)
        return torch.cat([self.head.logits(*clip) for clip in self.clips(video, audio)])

    def clips(self, video: Frames, audio: Samples) -> list[tuple[list[Tensor], list[Tensor]]]:
        """Return the tokens of picture and sound of each clip, channels of the sound averaged."""
        look, listen = self.head.encoder.seen, self.head.encoder.heard
        frames = video.frames.to(self.device).split(1)
        samples = audio.samples.to(self.device).mean(dim=1).split(1)
        return [(look(seen), listen(heard)) for seen, heard in zip(frames, samples, strict=True)]

    def refuse(self, video: Frames, audio: Samples) -> None:
        """Refuse streams that are not as the model reads them.

        Raises:
            ValueError: They are not.
        """
        config = self.head.config
        if video.fps != config.video.fps:
            raise ValueError(f"The model reads {config.video.fps} frames a second, not {video.fps}.")
        if audio.sample_rate != config.log_mel.sample_rate:
            raise ValueError(
                f"The model reads samples at {config.log_mel.sample_rate} Hz, not {audio.sample_rate}."
            )
        size = config.video.size
        if video.frames.shape[1] == 0 or video.frames.shape[2:] != (3, size, size):
            raise ValueError(
                f"Frames must be (batch, time, 3, {size}, {size}) with time > 0, not "
                f"{tuple(video.frames.shape)}."
            )
