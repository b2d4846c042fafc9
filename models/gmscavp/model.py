"""GMS-CAVP, read first: frames and samples in, tokens at several scales out, one embedding a clip.

    frames (batch, time, 3, h, w) -> VideoBackbone -> two maps -> Pyramid -> tokens (batch, 25 | 5 | 1, dim)
    samples (batch, n) -> LogMel -> AudioBackbone -> two maps -> Pyramid -> tokens (batch, 25 | 5 | 1, dim)

Training compares segments of 2 s by :class:`~gmscavp.contrastive.MultiScaleAlignment` and, where the config
says so, denoises each stream given the other's tokens
(:class:`~gmscavp.diffusion.objective.MultiScaleDiffusion`). For retrieval a clip is cut into such segments,
and the weighted mean over scales and segments of their scores is the score of a pair; as every part of it is
a product of unit vectors, all parts side by side are one vector a clip, and a gallery is one matrix product.
"""

import math
from collections.abc import Sequence

import torch
from einops import rearrange
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn

from gmscavp.backbones import audio_backbone, video_backbone
from gmscavp.backbones.layers import channels_last_weights
from gmscavp.backbones.video import Frames
from gmscavp.config import GMSCAVPConfig
from gmscavp.contrastive import Alignment, MultiScaleAlignment, unit
from gmscavp.diffusion.config import Direction
from gmscavp.diffusion.objective import Diffusion, DirectedDiffusion, MultiScaleDiffusion
from gmscavp.log_mel import LogMel
from gmscavp.objective import Joint
from gmscavp.pyramid import audio_pyramid, video_pyramid
from gmscavp.segments import audio_segments, video_segments
from gmscavp.training.distributed import gathered


class GMSCAVP(nn.Module):
    """GMS-CAVP: both halves, or the contrastive one alone.

    Args:
        config: Everything it is made of.
    """

    def __init__(self, config: GMSCAVPConfig) -> None:
        super().__init__()
        self.config = config
        self.log_mel = LogMel(config.log_mel)
        self.video = video_backbone(config.video)
        self.audio = audio_backbone(config.audio, config.log_mel.bins)
        self.video_pyramid = video_pyramid(config, self.video.channels)
        self.audio_pyramid = audio_pyramid(config, self.audio.channels, self.audio.rows)
        self.alignment = MultiScaleAlignment(config)
        self.diffusion = MultiScaleDiffusion(config) if config.diffusion is not None else None
        channels_last_weights(self)

    def forward(
        self,
        frames: Frames,
        samples: Float[Tensor, "rows samples"],
        segments: int,
        seeds: Int64[Tensor, " rows"] | None = None,
    ) -> Alignment | Joint:
        """Return the objective over segments ordered clip by clip, ``segments`` of each clip.

        Where several processes share a batch, these are the segments of one; they are contrasted with all.

        Args:
            frames: That fill a segment each.
            samples: Likewise.
            segments: N_T, the segments that each clip contributes.
            seeds: What the noise of each row is drawn from; needed where there is diffusion.

        Raises:
            ValueError: There is diffusion, and no seeds.
        """
        features, diffusion = self.halves(frames, samples, seeds)
        alignment = self.contrast(gathered(features), segments)
        return alignment if diffusion is None else self.joined(alignment, diffusion)

    def halves(
        self, frames: Frames, samples: Float[Tensor, "rows samples"], seeds: Int64[Tensor, " rows"] | None
    ) -> tuple[tuple[Tensor, ...], Diffusion | None]:
        """Return what :meth:`encode` returns, and L_MSD of these rows where there is diffusion.

        Both are made row by row: features side by side, and means over rows, are those of a larger batch.

        Raises:
            ValueError: There is diffusion, and no seeds.
        """
        log_mel = self.log_mel(samples)
        video, audio = self.video_tokens(frames), self.audio_pyramid(self.audio(log_mel))
        features = (*video, *audio)
        if self.diffusion is None:
            return features, None
        if seeds is None:
            raise ValueError("A joint objective draws noise: pass the seeds of the rows.")
        return features, self.diffusion(log_mel=log_mel, frames=frames, video=video, audio=audio, seeds=seeds)

    def joined(self, alignment: Alignment, diffusion: Diffusion) -> Joint:
        """Return L of its halves."""
        assert self.diffusion is not None
        return Joint(alignment=alignment, diffusion=diffusion, weight=self.diffusion.config.weight)

    def encode(self, frames: Frames, samples: Float[Tensor, "rows samples"]) -> tuple[Tensor, ...]:
        """Return what is contrasted, ``(rows, _, dim)``: video tokens of each scale, then audio tokens."""
        return (*self.video_tokens(frames), *self.audio_tokens(samples))

    def contrast(self, features: Sequence[Tensor], segments: int) -> Alignment:
        """Return the contrastive objective over what :meth:`encode` returned."""
        scales = len(self.config.scales)
        return self.alignment(list(features[:scales]), list(features[scales:]), segments)

    def video_tokens(self, frames: Frames) -> list[Float[Tensor, "rows _ dim"]]:
        """Return the tokens of each scale, fine to coarse, of frames that fill one segment."""
        return self.video_pyramid(self.video(frames))

    def audio_tokens(self, samples: Float[Tensor, "rows samples"]) -> list[Float[Tensor, "rows _ dim"]]:
        """Return the tokens of each scale, fine to coarse, of samples that fill one segment."""
        return self.audio_pyramid(self.audio(self.log_mel(samples)))

    @torch.no_grad()
    def embed_video(
        self, frames: UInt8[Tensor, "batch time 3 height width"]
    ) -> Float[Tensor, "batch embedding"]:
        """Return a unit vector a clip, of any length; its size grows with the number of segments.

        Raises:
            ValueError: The frames are not as the config says.
        """
        return self._embed(self.video_tokens(video_segments(frames, self.config)), len(frames))

    @torch.no_grad()
    def embed_audio(self, samples: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch embedding"]:
        """Return a unit vector a clip, of any length; its size grows with the number of segments.

        Raises:
            ValueError: The samples are not ``(batch, samples)``.
        """
        return self._embed(self.audio_tokens(audio_segments(samples, self.config)), len(samples))

    def directed(self, direction: Direction) -> DirectedDiffusion:
        """Return the diffusion of one direction.

        Raises:
            ValueError: The config names none.
        """
        if self.diffusion is None:
            raise ValueError(f"The config {self.config.name!r} has no diffusion.")
        return self.diffusion.directed(direction)

    @property
    def logit_scale(self) -> Tensor:
        """Return exp(s): one number, or one for each scale."""
        return self.alignment.log_scale.detach().exp()

    def clamp(self) -> None:
        """Keep the temperature in its bounds; called after every optimiser step."""
        self.alignment.clamp()

    def _embed(self, levels: list[Tensor], batch: int) -> Tensor:
        """Lay all scales and segments side by side, each scaled by the root of its share."""
        shares = [scale.score_weight * scale.tokens for scale in self.config.scales]
        parts: list[Tensor] = []
        for tokens, share in zip(levels, shares, strict=True):
            segments = len(tokens) // batch
            weight = math.sqrt(share / sum(shares) / segments)
            parts.append(
                weight * rearrange(unit(tokens, self.config.normalise), "(b s) d -> b (s d)", b=batch)
            )
        return torch.cat(parts, dim=1)
