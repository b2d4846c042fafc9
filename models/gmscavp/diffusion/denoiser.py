r"""The denoiser of one direction: a small transformer over patches, shared by all scales.

.. code-block:: text

    h = P_s · patches(x_t, coarser x_0) + place + e_s
    h = h + SelfAttention(modulated by λ)          these three ``depth`` times
    h = h + CrossAttention(h, condition at s and coarser)
    h = h + FeedForward(modulated by λ)
    prediction = unpatch(Q_s · norm(h))

Only P_s and Q_s belong to a scale. Cross-attention knows time: head h subtracts slope_h · distance, the
distance between the instants of a patch and of a condition token, counted in tokens of scale s and measured
from the edge of what the token spans (linear biases as in arXiv 2108.12409). One head has slope 0 and sees
everything alike; without ``time_bias`` all have.
"""

import math

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from gmscavp.diffusion.condition import centres, waves
from gmscavp.diffusion.config import ConditionConfig, DiffusionConfig, Direction
from gmscavp.diffusion.targets import Grid

LOG_SNR_WAVES = 16


class Denoiser(nn.Module):
    """Predicts noise, velocity or data of a noisy grid, at any scale.

    Args:
        config: Its size, and the grids.
        direction: Which stream it denoises.
        condition: The tokens it is given.
    """

    frequencies: Tensor

    def __init__(self, config: DiffusionConfig, direction: Direction, condition: ConditionConfig) -> None:
        super().__init__()
        width = config.width
        scales = [
            ScaleOfGrid(config, direction, condition, index, sees_coarser=sees_coarser(config, index))
            for index in range(len(config.targets))
        ]
        self.scales = nn.ModuleList(scales)
        self.place = nn.Linear(scales[0].places.shape[1], width)
        self.register_buffer("frequencies", torch.logspace(-1.5, 0.75, LOG_SNR_WAVES), persistent=False)
        self.level = nn.Sequential(nn.Linear(2 * LOG_SNR_WAVES, width), nn.SiLU(), nn.Linear(width, width))
        self.blocks = nn.ModuleList(Block(width, config.heads, config.expansion) for _ in range(config.depth))
        self.norm = nn.LayerNorm(width)

    def forward(
        self,
        noisy: Grid,
        coarser: Grid | None,
        log_snr: Float[Tensor, " rows"],
        condition: Float[Tensor, "rows tokens width"],
        index: int,
    ) -> Grid:
        """Return the prediction, of the shape of ``noisy``.

        Args:
            noisy: x_t.
            coarser: The next coarser version of x_0, enlarged; none at the coarsest scale.
            log_snr: λ of x_t.
            condition: Of all scales, encoded.
            index: Which of the diffused scales this is, the finest being 0.
        """
        scale = self.scales[index]
        assert isinstance(scale, ScaleOfGrid)
        angles = log_snr[:, None] * self.frequencies
        level = F.silu(self.level(torch.cat([angles.sin(), angles.cos()], dim=1)))
        hidden = scale.embed(noisy, coarser) + self.place(scale.places)
        heard = condition[:, -scale.distance.shape[2] :]
        for block in self.blocks:
            hidden = block(hidden, heard, scale.distance, level)
        return scale.unembed(self.norm(hidden))


class ScaleOfGrid(nn.Module):
    """What belongs to one scale of one direction: patches, their places, and their distances to tokens."""

    places: Tensor
    distance: Tensor

    def __init__(
        self,
        config: DiffusionConfig,
        direction: Direction,
        condition: ConditionConfig,
        index: int,
        *,
        sees_coarser: bool,
    ) -> None:
        super().__init__()
        target = config.targets[index]
        channels, *size = target.grid(direction)
        self.patch = target.patch(direction)
        self.counts = [whole // part for whole, part in zip(size, self.patch, strict=True)]
        values = channels * math.prod(self.patch)
        self.read = nn.Linear(values * (2 if sees_coarser else 1), config.width)
        self.write = nn.Linear(config.width, values)
        self.scale = nn.Parameter(torch.zeros(config.width))
        middles = torch.cartesian_prod(*(centres(count) for count in self.counts))
        self.register_buffer("places", waves(middles), persistent=False)
        apart = distances(middles[:, 0], condition.given_at(target.tokens), config.heads)
        self.register_buffer("distance", apart * config.time_bias, persistent=False)

    def embed(self, noisy: Grid, coarser: Grid | None) -> Float[Tensor, "rows patches width"]:
        """Return one token a patch."""
        seen = noisy if coarser is None else torch.cat([noisy, coarser], dim=1)
        time, height, width = self.patch
        patches = rearrange(seen, "b c (t p) (h q) (w r) -> b (t h w) (c p q r)", p=time, q=height, r=width)
        return self.read(patches) + self.scale

    def unembed(self, hidden: Float[Tensor, "rows patches width"]) -> Grid:
        """Return the grid that tokens stand for."""
        (t, h, w), (p, q, r) = self.counts, self.patch
        return rearrange(
            self.write(hidden), "b (t h w) (c p q r) -> b c (t p) (h q) (w r)", t=t, h=h, w=w, p=p, q=q, r=r
        )


class Block(nn.Module):
    """Self-attention, cross-attention, feed-forward; the noise level shifts and scales what they read."""

    def __init__(self, width: int, heads: int, expansion: int) -> None:
        super().__init__()
        self.heads = heads
        self.modulation = nn.Linear(width, 4 * width)
        self.own, self.own_out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.norm, self.query = nn.LayerNorm(width), nn.Linear(width, width)
        self.heard, self.heard_out = nn.Linear(width, 2 * width), nn.Linear(width, width)
        self.inner = nn.Linear(width, expansion * width)
        self.outer = nn.Linear(expansion * width, width)

    def forward(
        self,
        hidden: Float[Tensor, "rows patches width"],
        condition: Float[Tensor, "rows tokens width"],
        bias: Float[Tensor, "heads patches tokens"],
        level: Float[Tensor, "rows width"],
    ) -> Float[Tensor, "rows patches width"]:
        """Return the tokens, one block on."""
        gain, shift, gain2, shift2 = self.modulation(level)[:, None].chunk(4, dim=2)
        query, key, value = self.own(plain_norm(hidden) * (1 + gain) + shift).chunk(3, dim=2)
        hidden = hidden + self.own_out(self.attend(query, key, value, None))
        key, value = self.heard(condition).chunk(2, dim=2)
        hidden = hidden + self.heard_out(self.attend(self.query(self.norm(hidden)), key, value, bias))
        inner = F.gelu(self.inner(plain_norm(hidden) * (1 + gain2) + shift2))
        return hidden + self.outer(inner)

    def attend(self, query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None) -> Tensor:
        """Return the values that each query attends to: softmax(q k / √d + bias) v."""
        q, k, v = (rearrange(each, "b n (h d) -> b h n d", h=self.heads) for each in (query, key, value))
        scores = (q / math.sqrt(q.shape[3])) @ k.transpose(2, 3)
        if bias is not None:
            scores = scores + bias.to(scores.dtype)
        # Fused attention has a backward that takes three times as long on a CPU, for grids as small as these.
        return rearrange(scores.softmax(dim=3).to(v.dtype) @ v, "b h n d -> b n (h d)")


def plain_norm(hidden: Tensor) -> Tensor:
    """Normalise each token; gain and shift come from the noise level."""
    return F.layer_norm(hidden, hidden.shape[-1:])


def distances(
    instants: Float[Tensor, " patches"], tokens: tuple[int, ...], heads: int
) -> Float[Tensor, "heads patches tokens"]:
    """Return -slope_h · distance in time; slopes are 0, then from 1/4 to 4."""
    middles = torch.cat([centres(count) for count in tokens])
    halves = torch.cat([torch.full((count,), 0.5 / count) for count in tokens])
    apart = ((instants[:, None] - middles).abs() - halves).clamp(min=0) * tokens[0]
    slopes = torch.cat([torch.zeros(1), torch.logspace(-2, 2, heads - 1, base=2)]) if heads > 1 else None
    return -apart[None] if slopes is None else -slopes[:, None, None] * apart


def sees_coarser(config: DiffusionConfig, index: int) -> bool:
    """Say whether a scale is conditioned on the next coarser version of its target."""
    return config.coarse_to_fine and index + 1 < len(config.targets)
