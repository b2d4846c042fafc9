"""What the diffusion half of a GMS-CAVP is made of, and how it is sampled. No torch here.

The paper's public text names a multi-scale spatial-temporal diffusion and nothing of what it is made of:
every field here is ours, but where a docstring names the paper that a value comes from.
"""

import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import ClassVar, Literal

from gmscavp.complaints import Misuse
from gmscavp.inputs import STRICT

Direction = Literal["v2a", "a2v"]
Prediction = Literal["eps", "v", "x0"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetConfig:
    """What is diffused at one scale: a segment of either stream, reduced to a resolution.

    Attributes:
        tokens: Names the scale of the pyramid: the tokens of this scale and of all coarser ones are the
            condition.
        mel_frames: Frames of log-mel in a segment.
        mel_bins: Bins of log-mel.
        mel_patch: Frames and bins that make one token of the denoiser.
        frames: Frames of video in a segment; with what follows, of no use where only ``v2a`` is diffused.
        size: Their height and width, in pixels.
        frame_patch: Frames, and height and width in pixels, that make one token of the denoiser.
        weight: u_s, the share of this scale in L_MSD.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = STRICT

    tokens: int
    mel_frames: int
    mel_bins: int
    mel_patch: tuple[int, int]
    frames: int = 1
    size: int = 1
    frame_patch: tuple[int, int] = (1, 1)
    weight: float = 1.0

    def grid(self, direction: Direction) -> tuple[int, int, int, int]:
        """Return channels, time, height and width of what is diffused; a log-mel is one column of bins."""
        if direction == "v2a":
            return (1, self.mel_frames, self.mel_bins, 1)
        return (3, self.frames, self.size, self.size)

    def patch(self, direction: Direction) -> tuple[int, int, int]:
        """Return time, height and width of a patch."""
        if direction == "v2a":
            return (*self.mel_patch, 1)
        return (*self.frame_patch, self.frame_patch[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionConfig:
    """The tokens that a denoiser is conditioned on.

    Attributes:
        tokens: In a segment at each scale, fine to coarse.
        dim: Length of a token.
        normalise: ``token`` makes every token a unit vector, ``segment`` all of a segment's at one scale,
            ``none`` leaves them as the pyramid gives them.
        given: Which scales a target is given: ``coarser``, its own and all coarser ones, or ``all``.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = STRICT

    tokens: tuple[int, ...]
    dim: int
    normalise: Literal["token", "segment", "none"]
    given: Literal["coarser", "all"] = "coarser"

    def given_at(self, tokens: int) -> tuple[int, ...]:
        """Return the tokens of each scale that a target of ``tokens`` is given."""
        return self.tokens if self.given == "all" else self.tokens[self.tokens.index(tokens) :]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffusionConfig:
    """The diffusion half of a GMS-CAVP.

    Attributes:
        targets: What is diffused, fine to coarse; one alone is single-scale diffusion.
        directions: ``v2a`` diffuses log-mel given video, ``a2v`` frames given audio.
        weight: β, the share of L_MSD beside L_MSA.
        schedule: ``scaled-linear`` is linear in the root of β from ``beta_start`` to ``beta_end``
            (Diff-Foley, Stable Diffusion); ``cosine`` is that of Nichol and Dhariwal (arXiv 2102.09672).
        beta_start: β of the first step.
        beta_end: β of the last step.
        steps: Steps of the schedule.
        time: ``continuous`` draws t uniformly in (0, 1], ``discrete`` among the steps.
        prediction: What the denoiser gives: the noise, the velocity (arXiv 2202.00512), or the data.
        condition: Whether the denoisers read the tokens ``normalised``, as the contrast compares them, or
            ``raw``, as the pyramid gives them.
        condition_dropout: Share of rows whose condition is replaced by a learned null; 0.2 is Diff-Foley's.
        coarse_to_fine: Whether a finer scale also sees the next coarser version of its target.
        coarse_noise: Standard deviation of the noise put on that coarser version, in training and in
            sampling, so that what is sampled may stand in for data (arXiv 2106.15282).
        width: Channels of the denoisers.
        depth: Their blocks.
        heads: Heads of their attention.
        expansion: Channels inside a feed-forward layer, by ``width``.
        time_bias: Whether cross-attention favours the same instant; without, places alone tell the time.
        mel_mean: Of log-mel in [0, 1]; what is diffused has this taken off and is divided by ``mel_std``.
        mel_std: As said.
        pixel_mean: Likewise of pixels in [0, 1].
        pixel_std: As said.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = STRICT

    targets: tuple[TargetConfig, ...]
    directions: tuple[Direction, ...] = ("v2a", "a2v")
    weight: float = 1.0
    schedule: Literal["scaled-linear", "cosine"] = "scaled-linear"
    beta_start: float = 0.00085
    beta_end: float = 0.012
    steps: int = 1000
    time: Literal["continuous", "discrete"] = "continuous"
    prediction: Prediction = "v"
    condition: Literal["normalised", "raw"] = "normalised"
    condition_dropout: float = 0.2
    coarse_to_fine: bool = True
    coarse_noise: float = 0.1
    width: int = 96
    depth: int = 2
    heads: int = 4
    expansion: int = 2
    time_bias: bool = True
    mel_mean: float = 0.4
    mel_std: float = 0.2
    pixel_mean: float = 0.4
    pixel_std: float = 0.25

    def __post_init__(self) -> None:
        """Refuse what cannot be built.

        Raises:
            ValueError: No target or direction, one that comes twice, a grid that does not divide the finer
                one or is not divided by its patch, or heads that do not divide the width.
        """
        if not self.targets or not self.directions or len(set(self.directions)) < len(self.directions):
            raise ValueError("A diffusion needs at least one target, and one direction or two.")
        if self.width % self.heads:
            raise ValueError(f"{self.heads} heads do not divide a width of {self.width}.")
        if not all(target.weight > 0 for target in self.targets):
            raise ValueError("Every diffused scale needs a weight above 0: leave out the others.")
        for direction, target in itertools.product(self.directions, self.targets):
            refuse_remainder("patch", target.grid(direction)[1:], target.patch(direction))
        for finer, coarser in itertools.pairwise(self.targets):
            if finer.tokens <= coarser.tokens:
                raise ValueError("List the diffused scales fine to coarse.")
            for direction in self.directions:
                refuse_remainder("coarser grid", finer.grid(direction), coarser.grid(direction))


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingConfig:
    """How a target is sampled.

    Attributes:
        sampler: ``dpm-solver++`` is its second-order multistep form (arXiv 2211.01095); ``ddim`` takes no
            noise on its way (arXiv 2010.02502).
        steps: Predictions of the data at each scale; classifier-free guidance takes two evaluations for one.
        spacing: Whether the steps are equidistant in ``time`` or in ``log-snr``.
        guidance: w of classifier-free guidance; 1 is none.
        alignment: g of alignment guidance; 0 is none.
        overlap: Seconds that neighbouring windows share, of a clip that takes several; a whole number of
            frames of every target.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = STRICT

    sampler: Literal["dpm-solver++", "ddim"] = "dpm-solver++"
    steps: int = 25
    spacing: Literal["time", "log-snr"] = "time"
    guidance: float = 2.0
    alignment: float = 0.0
    overlap: float = 0.8

    def __post_init__(self) -> None:
        """Refuse fewer than two steps.

        Raises:
            ValueError: There are.
        """
        if self.steps < 2:
            raise ValueError(f"Sampling takes at least 2 steps, not {self.steps}.")

    def __str__(self) -> str:
        """Say it in a line."""
        guided = f"w {self.guidance:g}" + (f", g {self.alignment:g}" if self.alignment else "")
        return f"{self.sampler}, {self.steps} steps in {self.spacing}, {guided}, overlap {self.overlap:g} s"

    def overridden(self, given: Mapping[str, str]) -> "SamplingConfig":
        """Return the same with other values, read from text; what is no field is left alone.

        Raises:
            Misuse: A value does not fit its field.
        """
        from pydantic import TypeAdapter, ValidationError

        known = asdict(self)
        changes = {name: value for name, value in given.items() if name in known}
        try:
            return TypeAdapter(SamplingConfig).validate_python(known | changes)
        except ValidationError as error:
            wrong = error.errors()[0]
            name = ".".join(str(part) for part in wrong["loc"])
            raise Misuse(
                f"The sampling argument {name!r}: {wrong['msg']}.", hint="Pass other --model-args."
            ) from error


def refuse_remainder(what: str, sizes: tuple[int, ...], parts: tuple[int, ...]) -> None:
    """Refuse parts that do not divide sizes.

    Raises:
        ValueError: One does not.
    """
    if any(part < 1 or size % part for size, part in zip(sizes, parts, strict=True)):
        raise ValueError(f"A {what} of {parts} does not divide a grid of {sizes}.")


def targets(
    *,
    tokens: tuple[int, ...],
    mel_frames: tuple[int, ...],
    mel_bins: tuple[int, ...],
    mel_patch: tuple[int, int],
    sizes: tuple[int, ...],
    frame_patches: tuple[int, ...],
) -> tuple[TargetConfig, ...]:
    """Return what is diffused at each scale: as many frames of video as tokens, in patches of one frame."""
    return tuple(
        TargetConfig(
            tokens=count,
            mel_frames=instants,
            mel_bins=bins,
            mel_patch=mel_patch,
            frames=count,
            size=size,
            frame_patch=(1, patch),
        )
        for count, instants, bins, size, patch in zip(
            tokens, mel_frames, mel_bins, sizes, frame_patches, strict=True
        )
    )
