"""Tokens of the other stream, as a denoiser reads them: every scale with its place in time."""

import math
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from gmscavp.contrastive import unit
from gmscavp.diffusion.config import ConditionConfig

FREQUENCIES = 8


class ConditionEncoder(nn.Module):
    """c_{s,k} = W_s · token_{s,k} + place of the instant k of scale s + e_s, or all null where dropped.

    The tokens are those that the contrast compares: normalised alike, then scaled to unit variance; or, with
    ``normalise="none"``, as the pyramid gives them.

    Args:
        config: The tokens.
        width: Channels of the denoiser.
    """

    places: Tensor

    def __init__(self, config: ConditionConfig, width: int) -> None:
        super().__init__()
        self.normalise: Literal["token", "segment", "none"] = config.normalise
        self.project = nn.ModuleList(nn.Linear(config.dim, width) for _ in config.tokens)
        self.place = nn.Linear(2 * FREQUENCIES, width)
        self.null = nn.Parameter(torch.zeros(width))
        self.register_buffer("places", waves(torch.cat([centres(n) for n in config.tokens])[:, None]), False)

    def forward(
        self, levels: list[Float[Tensor, "rows _ dim"]], dropped: Bool[Tensor, " rows"]
    ) -> Float[Tensor, "rows tokens width"]:
        """Return the tokens of all scales, fine to coarse, side by side.

        Args:
            levels: Tokens of each scale, not yet normalised.
            dropped: Rows whose condition is the null.
        """
        encoded = [project(self.read(tokens)) for tokens, project in zip(levels, self.project, strict=True)]
        known = torch.where(dropped[:, None, None], self.null, torch.cat(encoded, dim=1))
        return known + self.place(self.places)

    def read(self, tokens: Float[Tensor, "rows tokens dim"]) -> Float[Tensor, "rows tokens dim"]:
        """Return the tokens of one scale as they are projected."""
        if self.normalise == "none":
            return tokens
        size = tokens.shape[1] * tokens.shape[2]
        return unit(tokens, self.normalise).unflatten(1, tokens.shape[1:]) * math.sqrt(size)


def centres(count: int) -> Float[Tensor, " count"]:
    """Return where ``count`` equal parts of [0, 1] have their middles."""
    return (torch.arange(count) + 0.5) / count


def waves(places: Float[Tensor, "tokens axes"]) -> Float[Tensor, "tokens features"]:
    """Return sine and cosine of each coordinate in [0, 1] at frequencies π, 2π, 4π and so on."""
    angles = places[..., None] * math.pi * 2.0 ** torch.arange(FREQUENCIES)
    return torch.cat([angles.sin(), angles.cos()], dim=-1).flatten(1)
