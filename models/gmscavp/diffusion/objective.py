r"""The multi-scale spatial-temporal diffusion objective.

.. code-block:: text

    x_t      = α x_0 + σ ε                      x_0: data at the resolution of s, t ~ U(0, 1], ε ~ N(0, 1)
    L_diff^s = E ‖ f_s(x_t, λ_t, c_{≥s}, x_0^{s+1}) - y ‖² / size of x_0
    L_MSD    = Σ_s u_s L_diff^s / Σ_s u_s       averaged over the directions
    L        = L_MSA + β L_MSD

y is the noise, the velocity or the data; c_{≥s} the other stream's tokens at s and all coarser scales, by
cross-attention; x_0^{s+1} the next coarser version of the same target, slightly noised. As x_0 is data, no
gradient can collapse it; the encoders learn through c alone. Our reading of GMS-CAVP (arXiv 2601.19606).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

from gmscavp.backbones.video import Frames
from gmscavp.config import GMSCAVPConfig
from gmscavp.diffusion.condition import ConditionEncoder
from gmscavp.diffusion.config import ConditionConfig, DiffusionConfig, Direction
from gmscavp.diffusion.denoiser import Denoiser, sees_coarser
from gmscavp.diffusion.parameterisation import data_from, noised, regression_target
from gmscavp.diffusion.schedule import NoiseSchedule
from gmscavp.diffusion.targets import Grid, enlarged, frame_targets, mel_targets
from gmscavp.draws import drawn

Levels = list[Float[Tensor, "rows _ dim"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diffusion:
    """L_MSD and what it is made of.

    Attributes:
        total: L_MSD, a scalar with gradient.
        parts: L_diff^s, detached, by ``diffusion/<direction>/<scale>``, the finest scale being 0.
    """

    total: Tensor
    parts: Mapping[str, Tensor]

    def detached(self) -> "Diffusion":
        """Return the same without a graph."""
        return replace(self, total=self.total.detach())


def mean_of(pieces: Sequence[tuple[Diffusion, float]]) -> Diffusion:
    """Return L_MSD of a batch, a mean over its rows, from that of its pieces and their shares of the rows."""
    names = pieces[0][0].parts
    return Diffusion(
        total=torch.stack([share * each.total for each, share in pieces]).sum(),
        parts={
            name: torch.stack([share * each.parts[name] for each, share in pieces]).sum() for name in names
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """What the rows of one direction draw.

    Attributes:
        log_snr: λ, a tensor a scale.
        noise: ε, a grid a scale.
        coarse: ε on the next coarser version, a grid for each scale that sees one.
        dropped: Rows whose condition is dropped, at all scales.
    """

    log_snr: list[Float[Tensor, " rows"]]
    noise: list[Grid]
    coarse: list[Grid]
    dropped: Bool[Tensor, " rows"]


class MultiScaleDiffusion(nn.Module):
    """L_MSD, over one direction or both.

    Args:
        config: With ``diffusion`` set.
    """

    def __init__(self, config: GMSCAVPConfig) -> None:
        super().__init__()
        assert config.diffusion is not None
        self.config: DiffusionConfig = config.diffusion
        self.directions = nn.ModuleDict(
            {each: DirectedDiffusion(self.config, each, config.condition) for each in self.config.directions}
        )

    def forward(
        self,
        *,
        log_mel: Float[Tensor, "rows bins frames"],
        frames: Frames,
        video: Levels,
        audio: Levels,
        seeds: Int64[Tensor, " rows"],
    ) -> Diffusion:
        """Return the objective.

        Args:
            log_mel: In [0, 1]; diffused given ``video``.
            frames: Diffused given ``audio``.
            video: Tokens of each scale, fine to coarse.
            audio: Likewise.
            seeds: Of the rows: what they draw depends on nothing else.
        """
        totals: list[Tensor] = []
        parts: dict[str, Tensor] = {}
        weights = [target.weight for target in self.config.targets]
        for direction in self.config.directions:
            hears = direction == "v2a"
            targets = mel_targets(log_mel, self.config) if hears else frame_targets(frames, self.config)
            losses = self.directed(direction).losses(targets, video if hears else audio, seeds)
            terms = [weight * loss for weight, loss in zip(weights, losses, strict=True)]
            totals.append(torch.stack(terms).sum() / sum(weights))
            parts |= {f"diffusion/{direction}/{scale}": loss.detach() for scale, loss in enumerate(losses)}
        return Diffusion(total=torch.stack(totals).mean(), parts=parts)

    def directed(self, direction: Direction) -> "DirectedDiffusion":
        """Return one direction.

        Raises:
            ValueError: The model was not made for it.
        """
        if direction not in self.directions:
            raise ValueError(
                f"The model has no diffusion {direction}: its config names {[*self.directions]}."
            )
        directed = self.directions[direction]
        assert isinstance(directed, DirectedDiffusion)
        return directed


class DirectedDiffusion(nn.Module):
    """The diffusion of one stream given the tokens of the other.

    Args:
        config: What is diffused, and how.
        direction: Which stream.
        condition: The tokens of the other.
    """

    def __init__(self, config: DiffusionConfig, direction: Direction, condition: ConditionConfig) -> None:
        super().__init__()
        self.config = config
        self.direction: Direction = direction
        self.schedule = NoiseSchedule(config)
        self.encoder = ConditionEncoder(condition, config.width)
        self.denoiser = Denoiser(config, direction, condition)

    def draw(self, seeds: Int64[Tensor, " rows"], like: Tensor) -> Noise:
        """Draw times, noise and dropped rows, each row from its own seed."""
        grids = [target.grid(self.direction) for target in self.config.targets]
        coarse = [grids[i + 1] for i in range(len(grids)) if sees_coarser(self.config, i)]
        own = seeds + (self.direction == "a2v")
        uniform, normal = drawn(own, len(grids) + 1, [*grids, *coarse], like)
        return Noise(
            log_snr=[self.schedule(self.schedule.time(column)) for column in uniform[:, 1:].unbind(1)],
            noise=normal[: len(grids)],
            coarse=normal[len(grids) :],
            dropped=uniform[:, 0] < self.config.condition_dropout,
        )

    def losses(
        self, targets: list[Grid], condition: Levels, seeds: Int64[Tensor, " rows"]
    ) -> list[Float[Tensor, ""]]:
        """Return L_diff^s of each scale.

        Args:
            targets: x_0 of each scale, fine to coarse.
            condition: Tokens of the other stream at each scale of the pyramid.
            seeds: Of the rows.
        """
        dtype = torch.float64 if condition[0].dtype == torch.float64 else torch.float32
        targets = [target.to(dtype) for target in targets]
        draw = self.draw(seeds, targets[0])
        encoded = self.encoder(condition, draw.dropped)
        losses: list[Tensor] = []
        for scale, (data, noise, log_snr) in enumerate(zip(targets, draw.noise, draw.log_snr, strict=True)):
            noisy = noised(data, noise, log_snr)
            coarser = None
            if sees_coarser(self.config, scale):
                coarser = self.blurred(targets[scale + 1], draw.coarse[scale], scale)
            predicted = self.denoiser(noisy, coarser, log_snr, encoded, scale)
            wanted = regression_target(data, noise, log_snr, self.config.prediction)
            losses.append((predicted.to(wanted.dtype) - wanted).square().mean())
        return losses

    def blurred(self, coarser: Grid, noise: Grid, scale: int) -> Grid:
        """Return the coarser version of a target as the denoiser sees it: a little noisy, enlarged."""
        size = self.config.targets[scale].grid(self.direction)[1:]
        return enlarged(coarser + self.config.coarse_noise * noise, size)

    def data(
        self,
        noisy: Grid,
        log_snr: Float[Tensor, ""],
        *,
        coarser: Grid | None,
        encoded: Float[Tensor, "rows tokens width"],
        scale: int,
    ) -> Grid:
        """Return the predicted x_0 of rows that are all at one log-SNR."""
        rows = log_snr.expand(len(noisy))
        predicted = self.denoiser(noisy, coarser, rows, encoded, scale)
        return data_from(predicted, noisy, rows, self.config.prediction)
