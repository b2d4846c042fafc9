"""A network that hears one clip, behind the interface that is given batches of them."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from avbench.errors import MediaError, ModelError
from avbench.protocols import AudioBatch, Heard

Heeding = Callable[
    [Float[Tensor, " time"]], tuple[Float[Tensor, "rows dim"], Float[Tensor, " classes"] | None]
]
"""From the samples of a clip to its rows, and its logits where there are any."""


class ClipByClip:
    """Hears each clip on its own: rounding inside a convolution depends on the batch, and results must not.

    Args:
        heed: Hears one clip; a network in evaluation mode.
        name: The embedder's, for messages.
        sample_rate: What it hears, in Hz.
        shortest: Samples of the shortest clip it has something to say of.
        device: Where it computes.
    """

    def __init__(self, heed: Heeding, *, name: str, sample_rate: int, shortest: int, device: str) -> None:
        self.heed = heed
        self.name = name
        self.sample_rate = sample_rate
        self.shortest = shortest
        self.device = device

    def hear(self, batch: AudioBatch) -> Heard:
        """Embed mono clips ``(batch, channel=1, time)`` at the record's sample rate.

        Raises:
            ModelError: They have another rate, or are not mono.
            MediaError: They are too short: reason ``too-short``.
        """
        samples = mono(batch, name=self.name, sample_rate=self.sample_rate)
        if samples.shape[1] < self.shortest:
            raise MediaError(
                "too-short",
                f"The embedder {self.name!r} hears clips of {self.shortest / self.sample_rate:g} s and more, "
                f"not of {samples.shape[1] / self.sample_rate:g} s.",
            )
        with torch.inference_mode():
            heard = [self.heed(clip) for clip in samples.to(self.device)]
        logits = [each for _, each in heard if each is not None]
        return Heard(
            rows=torch.stack([rows for rows, _ in heard]).float(),
            logits=torch.stack(logits).float() if logits else None,
        )


def mono(batch: AudioBatch, *, name: str, sample_rate: int) -> Float[Tensor, "batch time"]:
    """Return the samples of a batch that is mono and of the right rate.

    Raises:
        ModelError: It is not; resampling is the caller's.
    """
    channels = batch.samples.shape[1]
    if batch.sample_rate != sample_rate or channels != 1:
        raise ModelError(
            f"The embedder {name!r} hears mono at {sample_rate} Hz, not {channels} channels at "
            f"{batch.sample_rate} Hz.",
            hint="Resample and mix down before it hears them.",
        )
    return batch.samples[:, 0].float()
