r"""How late a sound is: tokens of every instant of picture and sound, compared at every lag.

.. code-block:: text

    v_l(t)      projected token of frame t at scale l, less its mean over the window
    a_l(p)      projected sound at place p of scale l; K places a token, so p lasts 1 / (K fps) seconds
    s(p)        = Σ_l Σ_t <v_l(t), a_l(p + K t)> / width                 one number a lag: a diagonal
    score(o)    = s at place (lead + o) K fps, linear between whole places

As the mean is taken off, a picture that stands still scores all offsets alike, and what can be told from the
sound alone cancels: Σ_t <v(t), c> = 0 for any constant c. Nothing is embedded once for each offset.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional as F

from gmscavp.backbones.video import Frames
from gmscavp.draws import drawn
from gmscavp.pyramid import TokenMixer
from gmscavp.synchrony.config import HeadConfig, OffsetConfig

Levels = Sequence[Float[Tensor, "rows _ dim"]]


@runtime_checkable
class InstantEncoder(Protocol):
    """A trained model, frozen and in eval mode. No module, so that no state or optimiser ever holds it."""

    @property
    def network(self) -> nn.Module: ...  # noqa: D102

    def seen(self, frames: Frames) -> list[Float[Tensor, "rows time dim"]]:
        """Return a token a frame at each scale, of any number of frames."""
        ...

    def heard(self, samples: Float[Tensor, "rows samples"]) -> list[Float[Tensor, "rows time dim"]]:
        """Return a token for each frame's worth of samples at each scale, likewise."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadLoss:
    """What a head minimises, and its detached parts by name."""

    total: Tensor
    parts: Mapping[str, Tensor]


class OffsetHead(nn.Module):
    """Scores lags.

    Args:
        config: Everything it is made of, but the encoder.
        encoder: Where the tokens come from.
    """

    def __init__(self, config: OffsetConfig, encoder: InstantEncoder) -> None:
        super().__init__()
        self.config, self.encoder = config, encoder
        width = config.width
        self.video = nn.ModuleList(TokenMixer(dim, width, width) for dim in config.dims)
        self.audio = nn.ModuleList(TokenMixer(dim, width, config.phases * width) for dim in config.dims)

    def forward(
        self,
        video: Float[Tensor, "rows seen dims"],
        audio: Float[Tensor, "rows heard dims"],
        truth: Float[Tensor, " rows"],
        seeds: Int64[Tensor, " rows"] | None = None,
    ) -> HeadLoss:
        """Return -log p(true lag) among lags that lie ``spacing`` apart, averaged over rows.

        They fill what the sound leaves room for, the true one among them, wherever it is.

        Args:
            video: Tokens of the picture, all scales side by side.
            audio: Tokens of the sound, likewise.
            truth: The true lag: seconds from the first sample to what belongs to the first frame.
            seeds: Of the rows; what is left of the picture is drawn from the first. None leaves all.
        """
        if seeds is not None:
            left = drawn_part(self.config, seeds)
            video, truth = video[:, left], truth + left.start / self.config.video.fps
        curve = self.curve(video.split(self.config.dims, dim=2), audio.split(self.config.dims, dim=2))
        spacing = self.config.spacing
        count = int((curve.shape[1] - 1) / self.rate / spacing)
        # Round a circle that is as long as whole spacings allow, so that no row has more to choose from.
        lags = (truth[:, None] + torch.arange(count, device=truth.device) * spacing) % (count * spacing)
        logits = read(curve, lags * self.rate)
        missed = -logits.log_softmax(dim=1)[:, 0].mean()
        right = (logits[:, 0] >= logits.amax(dim=1)).float().mean()
        return HeadLoss(total=missed, parts={"offset": missed.detach(), "right": right})

    def scores(
        self, video: Levels, audio: Levels, lags: Float[Tensor, "rows lags"]
    ) -> Float[Tensor, "rows lags"]:
        """Return the score of each lag, in seconds from the first sample to the first frame."""
        return read(self.curve(video, audio), lags * self.rate)

    def curve(self, video: Levels, audio: Levels) -> Float[Tensor, "rows places"]:
        """Return s at every place from which the sound lasts as long as the picture."""
        compared = 0
        for level, (seen, heard) in enumerate(zip(video, audio, strict=True)):
            looked = self.video[level](even(seen))
            listened = self.audio[level](even(heard)).unflatten(2, (self.config.phases, -1)).flatten(1, 2)
            looked = looked - looked.mean(dim=1, keepdim=True)
            compared = compared + looked @ listened.transpose(1, 2) / self.config.width
        assert isinstance(compared, Tensor)
        return diagonals(compared, self.config.phases)

    @property
    def rate(self) -> float:
        """Return the places in a second."""
        return self.config.phases * self.config.video.fps

    def clamp(self) -> None:
        """Keep nothing in bounds; called after every optimiser step."""


def drawn_part(config: HeadConfig, seeds: Int64[Tensor, " rows"]) -> slice:
    """Draw which instants are left of the windows of a batch, from its first seed: any part, long enough."""
    uniform, _ = drawn(seeds[:1].cpu(), 2, [], torch.empty(0))
    length, place = uniform[0].tolist()
    shortest = round(config.shortest_seconds * config.video.fps)
    kept = shortest + int(length * (config.frames - shortest + 1))
    start = int(place * (config.frames - kept + 1))
    return slice(start, start + kept)


def even(tokens: Float[Tensor, "rows time dim"]) -> Float[Tensor, "rows time dim"]:
    """Return tokens of a mean square of 1 over the whole of a row: an instant still weighs by its norm."""
    tokens = tokens.float()
    return tokens / tokens.square().mean(dim=(1, 2), keepdim=True).add(1e-6).sqrt()


def diagonals(table: Float[Tensor, "rows time places"], step: int) -> Float[Tensor, "rows lags"]:
    """Return Σ_t table(t, p + step t) for every p at which no diagonal leaves the table."""
    rows, time, places = table.shape
    # Read with longer rows, cell (t, p + step t) stands in column p.
    sheared = F.pad(table.flatten(1), (0, time * step)).view(rows, time, places + step)
    return sheared[:, :, : places - (time - 1) * step].sum(dim=1)


def read(curve: Float[Tensor, "rows places"], at: Float[Tensor, "rows lags"]) -> Float[Tensor, "rows lags"]:
    """Return a curve between its places, linearly; beyond its ends it is as at its ends."""
    last = curve.shape[1] - 1
    at = at.clamp(0, last)
    low = at.floor().clamp(max=max(last - 1, 0)).long()
    share = at - low
    return curve.gather(1, low) * (1 - share) + curve.gather(1, (low + 1).clamp(max=last)) * share
