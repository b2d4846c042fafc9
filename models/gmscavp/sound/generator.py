"""A generator: a denoiser of log-mel that is given the video tokens of a trained, frozen encoder.

.. code-block:: text

    frames  -> encoder (frozen) -> tokens at several scales -> condition c
    samples -> LogMel -> x_0 at several resolutions
    L_diff  = Σ_s u_s E ‖ f_s(x_t, λ_t, c_{≥s}, x_0^{s+1}) - y ‖² / Σ_s u_s

The second stage of Diff-Foley (arXiv 2306.17203, section 3), with the multi-scale diffusion of GMS-CAVP in
place of a latent U-Net: what encoders learned is looked at through one denoiser, whichever encoder it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from gmscavp.backbones.video import Frames
from gmscavp.diffusion.objective import DirectedDiffusion, Levels
from gmscavp.diffusion.targets import mel_targets
from gmscavp.log_mel import LogMel
from gmscavp.sound.generator_config import GeneratorConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Denoising:
    """L_diff and what it is made of.

    Attributes:
        total: A scalar with gradient.
        parts: L_diff^s, detached, by ``diffusion/v2a/<scale>``, the finest scale being 0.
    """

    total: Tensor
    parts: Mapping[str, Tensor]


class Encoder(Protocol):
    """A trained model, frozen and in eval mode. No module, so that no state or optimiser ever holds it."""

    @property
    def network(self) -> nn.Module: ...  # noqa: D102

    def tokens(self, frames: Frames) -> Levels:
        """Return video tokens of each scale, fine to coarse, of frames that fill one segment."""
        ...

    def score(self, video: Levels, log_mel: Float[Tensor, "rows bins frames"]) -> Float[Tensor, " rows"]:
        """Return log p(video | log-mel) of each row, up to a constant, as the contrast has it."""
        ...


class Generator(nn.Module):
    """Log-mel from video tokens.

    Args:
        config: Everything it is made of, but the encoder.
        encoder: Where the tokens come from.
    """

    def __init__(self, config: GeneratorConfig, encoder: Encoder) -> None:
        super().__init__()
        self.config = config
        self.encoder = encoder
        self.log_mel = LogMel(config.log_mel)
        self.directed = DirectedDiffusion(config.diffusion, "v2a", config.condition)

    def forward(
        self,
        frames: Frames,
        samples: Float[Tensor, "rows samples"],
        segments: int,
        seeds: Int64[Tensor, " rows"],
    ) -> Denoising:
        """Return the objective over segments; how many of them are of one clip makes no difference.

        Args:
            frames: That fill a segment each.
            samples: Likewise.
            segments: Of each clip.
            seeds: What the noise of each row is drawn from.
        """
        targets = mel_targets(self.log_mel(samples), self.config.diffusion)
        losses = self.directed.losses(targets, self.condition(frames), seeds)
        weights = [target.weight for target in self.config.diffusion.targets]
        terms = [weight * loss for weight, loss in zip(weights, losses, strict=True)]
        parts = {f"diffusion/v2a/{scale}": loss.detach() for scale, loss in enumerate(losses)}
        return Denoising(total=torch.stack(terms).sum() / sum(weights), parts=parts)

    @torch.no_grad()
    def condition(self, frames: Frames) -> Levels:
        """Return the encoder's tokens of frames that fill one segment, where and as the denoiser computes.

        In float32 whatever is around, so that a denoiser is given in training what it is given later.
        """
        like = self.directed.encoder.null
        seen = frames if frames.dtype == torch.uint8 else frames.float()
        self.encoder.network.to(like.device)
        with torch.autocast(like.device.type, enabled=False):
            return [each.to(like.dtype) for each in self.encoder.tokens(seen.to(like.device))]

    def clamp(self) -> None:
        """Keep nothing in bounds: there is no temperature."""
