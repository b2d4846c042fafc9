"""Feature maps to tokens at several scales: multi-resolution heads, then hierarchical pooling.

Every scale has a head of its own, which reads maps at the resolution that the scale needs and gives one
token an instant; the tokens are then pooled level by level (25 -> 5 -> 1). With max-pooling the coarsest
level is the maximum over the segment, which is CAVP's vector.
"""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from gmscavp.backbones.maps import Maps
from gmscavp.config import GMSCAVPConfig, ScaleConfig


class PooledHead(nn.Module):
    """token(t) = W · summary(t) + b: CAVP's projection."""

    def __init__(self, channels: int, dim: int) -> None:
        super().__init__()
        self.project = nn.Linear(channels, dim)

    def forward(self, maps: Maps) -> Float[Tensor, "batch time dim"]:
        """Return one token an instant."""
        return self.project(maps.summary)


class VideoHead(nn.Module):
    """Joins the maps at every place, then pools space by maximum and by mean.

    joined(t, p) = relu(A * coarse(t, p) + B * fine(t, p)); token(t) = W · mix(max over p, mean over p).
    An object and what it does meet at a place before space is pooled, so that a token can tell who hit.
    """

    def __init__(self, channels: tuple[int, int], hidden: int, dim: int, *, fine: bool) -> None:
        super().__init__()
        self.fine = nn.Conv2d(channels[0], hidden, 3, 2, 1) if fine else None
        self.coarse = nn.Conv2d(channels[1], hidden, 1)
        self.mix = TokenMixer(2 * hidden, 2 * hidden, dim)

    def forward(self, maps: Maps) -> Float[Tensor, "batch time dim"]:
        """Return one token an instant."""
        fine, coarse = maps.fine, maps.coarse
        batch, time = coarse.shape[:2]
        joined = self.coarse(coarse.flatten(0, 1))
        if self.fine is not None:
            joined = joined + self.fine(fine.flatten(0, 1))
        joined = F.relu(joined, inplace=True)
        pooled = torch.cat(
            [F.max_pool2d(joined, joined.shape[2:]), F.avg_pool2d(joined, joined.shape[2:])], dim=1
        )
        return self.mix(pooled.flatten(1).unflatten(0, (batch, time)))


class AudioHead(nn.Module):
    """Reads every frequency row with weights of its own, so that pitch stays absolute.

    joined(t) = relu(A · coarse(t) + B · fine(t)) over all channels and rows; token(t) = W · mix(joined).
    """

    def __init__(
        self, channels: tuple[int, int], rows: tuple[int, int], hidden: int, dim: int, *, fine: bool
    ) -> None:
        super().__init__()
        self.fine = nn.Linear(channels[0] * rows[0], 2 * hidden) if fine else None
        self.coarse = nn.Linear(channels[1] * rows[1], 2 * hidden)
        self.mix = TokenMixer(2 * hidden, 2 * hidden, dim)

    def forward(self, maps: Maps) -> Float[Tensor, "batch time dim"]:
        """Return one token an instant."""
        fine, coarse = (rearrange(each, "b t c f -> b t (f c)") for each in (maps.fine, maps.coarse))
        joined = self.coarse(coarse)
        if self.fine is not None:
            joined = joined + self.fine(fine)
        return self.mix(F.relu(joined))


class TokenMixer(nn.Module):
    """Lets an instant see its neighbours: a convolution over three instants beside a linear layer, then W."""

    def __init__(self, inputs: int, hidden: int, dim: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, hidden)
        self.neighbours = nn.Conv1d(hidden, hidden, 3, padding=1)
        self.project = nn.Linear(hidden, dim)

    def forward(self, features: Float[Tensor, "batch time inputs"]) -> Float[Tensor, "batch time dim"]:
        """Return one token an instant."""
        hidden = F.relu(self.linear(features))
        moved = F.relu(self.neighbours(hidden.transpose(1, 2))).transpose(1, 2)
        return self.project(hidden + moved)


class Pyramid(nn.Module):
    """One head and one pooling path a scale, for one stream."""

    def __init__(self, config: GMSCAVPConfig, heads: list[nn.Module]) -> None:
        super().__init__()
        self.scales = config.scales
        self.heads = nn.ModuleList(heads)

    def forward(self, maps: Maps) -> list[Float[Tensor, "batch tokens dim"]]:
        """Return the tokens of each scale, fine to coarse; not yet normalised."""
        levels: list[Tensor] = []
        for index, tokens in enumerate(self.instants(maps)):
            for scale in self.scales[: index + 1]:
                tokens = pool(tokens, scale.tokens, self.scales[index])
            levels.append(tokens)
        return levels

    def instants(self, maps: Maps) -> list[Float[Tensor, "batch time dim"]]:
        """Return the tokens of each scale before any is pooled: one an instant, of any number."""
        return [head(maps) for head in self.heads]


def pool(
    tokens: Float[Tensor, "batch time dim"], length: int, scale: ScaleConfig
) -> Float[Tensor, "batch length dim"]:
    """Pool equal, adjoining windows of tokens down to ``length`` tokens, by maximum or by mean."""
    windows = tokens.unflatten(1, (length, tokens.shape[1] // length))
    return windows.amax(dim=2) if scale.pooling == "max" else windows.mean(dim=2)


def video_pyramid(config: GMSCAVPConfig, channels: tuple[int, int]) -> Pyramid:
    """Return the pyramid over maps of the video backbone with these channels."""

    def head(scale: ScaleConfig) -> nn.Module:
        if scale.head == "pooled":
            return PooledHead(channels[1], config.dim)
        return VideoHead(channels, config.head_channels, config.dim, fine=scale.head == "fine")

    return Pyramid(config, [head(scale) for scale in config.scales])


def audio_pyramid(config: GMSCAVPConfig, channels: tuple[int, int], rows: tuple[int, int]) -> Pyramid:
    """Return the pyramid over maps of the audio backbone with these channels and frequency rows."""

    def head(scale: ScaleConfig) -> nn.Module:
        if scale.head == "pooled":
            return PooledHead(channels[1], config.dim)
        return AudioHead(channels, rows, config.head_channels, config.dim, fine=scale.head == "fine")

    return Pyramid(config, [head(scale) for scale in config.scales])
