"""CAVP, read first: both backbones, one linear layer each, the maximum over time, a unit vector.

    frames  ->           video backbone -> one summary a frame  -> Linear -> max over time -> unit vector
    samples -> LogMel -> audio backbone -> one summary a frame  -> Linear -> max over time -> unit vector

A clip longer than a segment is cut into segments, and the maximum is taken over the tokens of all of
them: one vector a clip, whatever its length.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn
from torch.nn import functional as F

from cavp.config import CAVPConfig
from cavp.loss import cavp_loss
from gmscavp.backbones import audio_backbone, video_backbone
from gmscavp.backbones.layers import channels_last_weights
from gmscavp.backbones.video import Frames
from gmscavp.log_mel import LogMel
from gmscavp.segments import audio_segments, video_segments
from gmscavp.training.distributed import gathered


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """CAVP's objective and its two parts.

    Attributes:
        total: L = L_S + λ L_T, a scalar with gradient.
        semantic: L_S, detached, alone in a tuple.
        temporal: L_T, likewise.
    """

    total: Tensor
    semantic: tuple[Tensor, ...]
    temporal: tuple[Tensor, ...]

    @property
    def parts(self) -> Mapping[str, Tensor]:
        """Return L_S and L_T, named as a scale of GMS-CAVP is."""
        return {"semantic/0": self.semantic[0], "temporal/0": self.temporal[0]}


class CAVP(nn.Module):
    """Contrastive audio-visual pretraining.

    Args:
        config: Everything it is made of.
    """

    def __init__(self, config: CAVPConfig) -> None:
        super().__init__()
        self.config = config
        self.log_mel = LogMel(config.log_mel)
        self.video = video_backbone(config.video)
        self.audio = audio_backbone(config.audio, config.log_mel.bins)
        self.video_projection = nn.Linear(self.video.channels[1], config.dim)
        self.audio_projection = nn.Linear(self.audio.channels[1], config.dim)
        self.log_scale = nn.Parameter(torch.tensor(math.log(config.logit_scale)))
        channels_last_weights(self)

    def forward(
        self,
        frames: Frames,
        samples: Float[Tensor, "rows samples"],
        segments: int,
        seeds: Int64[Tensor, " rows"] | None = None,
    ) -> Contrast:
        """Return the objective over segments ordered clip by clip, ``segments`` of each clip.

        Where several processes share a batch, these are the segments of one, and the objective is over all.
        Nothing here is drawn: ``seeds``, which a network with diffusion needs, are left unused.
        """
        return self.contrast(gathered(self.encode(frames, samples)), segments)

    def encode(self, frames: Frames, samples: Float[Tensor, "rows samples"]) -> tuple[Tensor, ...]:
        """Return what is contrasted: a unit vector of video and one of audio a segment, ``(rows, dim)``."""
        video = normal(self.video_tokens(frames).amax(dim=1))
        return video, normal(self.audio_tokens(samples).amax(dim=1))

    def contrast(self, features: Sequence[Tensor], segments: int) -> Contrast:
        """Return the objective over what :meth:`encode` returned."""
        video, audio = features
        weight = self.config.temporal_weight
        # In bfloat16 the logits would be off by a tenth.
        with torch.autocast(video.device.type, enabled=False):
            total, semantic, temporal = cavp_loss(
                video, audio, self.log_scale, segments=segments, temporal_weight=weight
            )
        return Contrast(total=total, semantic=(semantic.detach(),), temporal=(temporal.detach(),))

    @property
    def logit_scale(self) -> Tensor:
        """Return exp(s)."""
        return self.log_scale.detach().exp()

    @torch.no_grad()
    def clamp(self) -> None:
        """Keep the temperature in its bounds; called after every optimiser step."""
        self.log_scale.clamp_(0, math.log(self.config.max_logit_scale))

    def video_tokens(self, frames: Frames) -> Float[Tensor, "rows time dim"]:
        """Return one token a frame."""
        return self.video_projection(self.video(frames).summary)

    def audio_tokens(self, samples: Float[Tensor, "rows samples"]) -> Float[Tensor, "rows time dim"]:
        """Return one token for each frame's worth of samples."""
        return self.audio_projection(self.audio(self.log_mel(samples)).summary)

    @torch.no_grad()
    def embed_video(self, frames: UInt8[Tensor, "batch time 3 height width"]) -> Float[Tensor, "batch dim"]:
        """Return a unit vector a clip, of any length.

        Raises:
            ValueError: The frames are not as the config says.
        """
        tokens = self.video_tokens(video_segments(frames, self.config))
        return normal(tokens.unflatten(0, (len(frames), -1)).amax(dim=(1, 2)))

    @torch.no_grad()
    def embed_audio(self, samples: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch dim"]:
        """Return a unit vector a clip, of any length.

        Raises:
            ValueError: The samples are not ``(batch, samples)``.
        """
        tokens = self.audio_tokens(audio_segments(samples, self.config))
        return normal(tokens.unflatten(0, (len(samples), -1)).amax(dim=(1, 2)))


def normal(vectors: Float[Tensor, "rows dim"]) -> Float[Tensor, "rows dim"]:
    """Return unit vectors, in float32 at least."""
    return F.normalize(vectors if vectors.dtype == torch.float64 else vectors.float(), dim=1)
