r"""The multi-scale alignment objective.

.. code-block:: text

    z_ij   = exp(s) <v_i, a_j>                          v_i, a_j: unit vectors of M = N_V · N_T segments
    L_S    = 1/2 [ CE(z, diagonal) + CE(zᵀ, diagonal) ] semantic: over all M × M
    L_T    = the same over each diagonal N_T × N_T block of z   temporal: within a clip
    L_MSA  = Σ_s w_s (L_S^s + λ L_T^s) / Σ_s w_s        over the scales s of the pyramid

At a scale of T tokens, v_i is the T tokens of a segment side by side, so that <v_i, a_j> compares tokens
that belong to the same instant. L_S and L_T are CAVP's (Diff-Foley, arXiv 2306.17203); the sum over
scales is our reading of GMS-CAVP (arXiv 2601.19606). One s serves all scales, or each has its own: a field of
the config. Rows are ordered clip by clip: [clip 0: segment 0, 1, 2, clip 1 …].
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from gmscavp.config import GMSCAVPConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """The objective and what it is made of.

    Attributes:
        total: L_MSA, a scalar with gradient.
        semantic: L_S of each scale, fine to coarse, detached.
        temporal: L_T of each scale, fine to coarse, detached.
    """

    total: Tensor
    semantic: tuple[Tensor, ...]
    temporal: tuple[Tensor, ...]

    @property
    def parts(self) -> Mapping[str, Tensor]:
        """Return L_S and L_T by ``semantic/<scale>`` and ``temporal/<scale>``, the finest scale being 0."""
        named = {"semantic": self.semantic, "temporal": self.temporal}
        return {
            f"{name}/{scale}": loss for name, losses in named.items() for scale, loss in enumerate(losses)
        }


def unit(
    tokens: Float[Tensor, "rows tokens dim"], normalise: Literal["token", "segment"]
) -> Float[Tensor, "rows tokens*dim"]:
    """Return each row's tokens side by side as one unit vector.

    ``token`` gives every token the same norm, so that a product of rows is the mean cosine of their tokens;
    ``segment`` keeps the tokens' relative norms.
    """
    tokens = tokens if tokens.dtype == torch.float64 else tokens.float()
    if normalise == "token":
        return (F.normalize(tokens, dim=2) / math.sqrt(tokens.shape[1])).flatten(1)
    return F.normalize(tokens.flatten(1), dim=1)


def semantic_contrast(logits: Float[Tensor, "rows rows"]) -> Float[Tensor, ""]:
    """L_S: cross-entropy of every segment against all others, both directions."""
    target = torch.arange(len(logits), device=logits.device)
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


def temporal_contrast(logits: Float[Tensor, "rows rows"], segments: int) -> Float[Tensor, ""]:
    """L_T: cross-entropy of every segment against the ``segments`` of its own clip, both directions."""
    blocks = rearrange(logits, "(i s) (j t) -> i j s t", s=segments, t=segments)
    own = blocks.diagonal(dim1=0, dim2=1)  # (s, t, clip)
    target = torch.arange(segments, device=logits.device).expand(own.shape[2], -1)
    video = F.cross_entropy(rearrange(own, "s t clip -> clip t s"), target)
    audio = F.cross_entropy(rearrange(own, "s t clip -> clip s t"), target)
    return (video + audio) / 2


class MultiScaleAlignment(nn.Module):
    """L_MSA with its learned temperature: s is ``log_scale``, kept in [0, ln max] by :meth:`clamp`.

    It is a scalar, or has one value a scale where ``temperature`` is ``scale``.
    """

    def __init__(self, config: GMSCAVPConfig) -> None:
        super().__init__()
        self.config = config
        shape = (len(config.scales),) if config.temperature == "scale" else ()
        self.log_scale = nn.Parameter(torch.full(shape, math.log(config.logit_scale)))

    def forward(
        self,
        video: list[Float[Tensor, "rows _ dim"]],
        audio: list[Float[Tensor, "rows _ dim"]],
        segments: int,
    ) -> Alignment:
        """Return the objective over tokens of each scale; rows of both streams in the same order.

        Args:
            video: Tokens of each scale.
            audio: Tokens of each scale.
            segments: N_T, the segments that each clip contributes.
        """
        semantic: list[Tensor] = []
        temporal: list[Tensor] = []
        # In bfloat16 the logits would be off by a tenth.
        with torch.autocast(self.log_scale.device.type, enabled=False):
            for v, a, s in zip(video, audio, self.log_scale.expand(len(video)), strict=True):
                normalise = self.config.normalise
                logits = s.exp() * unit(v, normalise) @ unit(a, normalise).T
                semantic.append(semantic_contrast(logits))
                temporal.append(temporal_contrast(logits, segments))
        weights = [scale.weight for scale in self.config.scales]
        terms = (
            w * (of_scale + self.config.temporal_weight * within)
            for w, of_scale, within in zip(weights, semantic, temporal, strict=True)
        )
        total = torch.stack(list(terms)).sum() / sum(weights)
        return Alignment(
            total=total,
            semantic=tuple(each.detach() for each in semantic),
            temporal=tuple(each.detach() for each in temporal),
        )

    @torch.no_grad()
    def clamp(self) -> None:
        """Keep the temperature in its bounds; called after every optimiser step."""
        self.log_scale.clamp_(0, math.log(self.config.max_logit_scale))
