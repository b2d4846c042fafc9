"""What a GMS-CAVP is made of, and the named configurations. No torch here: listing models stays cheap.

Whatever the paper's public text leaves open is a field of these classes, so that it can be varied and is
written into every checkpoint.
"""

import itertools
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

from gmscavp.diffusion.config import ConditionConfig, DiffusionConfig, refuse_remainder, targets
from gmscavp.inputs import CAVP_LOG_MEL, CNN14, SLOWONLY, STRICT, AudioConfig, LogMelConfig, VideoConfig
from gmscavp.training.config import TrainingConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleConfig:
    """One level of the pyramid.

    Attributes:
        tokens: Tokens in a segment at this scale.
        head: Which maps it reads, and how. ``pooled`` is CAVP's own head: the mean of the coarse map over
            space or frequency, then a linear layer. ``coarse`` convolves the coarse map before space or
            frequency is pooled away, ``fine`` the fine map together with the coarse one.
        pooling: How full-rate tokens are brought down to ``tokens``, level by level.
        weight: w_s, the share of this scale in the objective.
        score_weight: What each of its tokens counts in the score of a pair.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = STRICT

    tokens: int
    head: Literal["pooled", "coarse", "fine"]
    pooling: Literal["max", "mean"] = "max"
    weight: float = 1.0
    score_weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GMSCAVPConfig:
    """A GMS-CAVP.

    Attributes:
        name: What the user types as ``config=``.
        log_mel: Audio features.
        video: The video backbone.
        audio: The audio backbone.
        segment_seconds: What the networks see at once; longer clips are cut into segments.
        dim: Length of a token.
        scales: The pyramid, fine to coarse.
        head_channels: Channels inside a ``fine`` or ``coarse`` head.
        normalise: ``token`` makes every token a unit vector, so that a pair scores the mean cosine over time;
            ``segment`` makes a segment's tokens at one scale one unit vector, so that a moment weighs by
            its norm.
        temporal_weight: λ, the share of the temporal contrast beside the semantic one.
        temperature: ``shared`` learns one s for all scales, ``scale`` one for each.
        logit_scale: Initial exp(s).
        max_logit_scale: Where exp(s) is clamped after each step.
        diffusion: The diffusion half; None trains by contrast alone.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = STRICT

    name: str
    log_mel: LogMelConfig = field(default_factory=LogMelConfig)
    video: VideoConfig = field(default_factory=VideoConfig)
    audio: AudioConfig = field(default_factory=AudioConfig)
    segment_seconds: float = 2.0
    dim: int = 128
    scales: tuple[ScaleConfig, ...]
    head_channels: int = 64
    normalise: Literal["token", "segment"] = "segment"
    temporal_weight: float = 1.0
    temperature: Literal["shared", "scale"] = "shared"
    logit_scale: float = 1 / 0.07
    max_logit_scale: float = 100.0
    diffusion: DiffusionConfig | None = None

    def __post_init__(self) -> None:
        """Refuse a pyramid or a diffusion that cannot be built.

        Raises:
            ValueError: A level does not divide the one before it, or what is diffused does not divide the
                input or names no level.
        """
        lengths = (self.frames, *(scale.tokens for scale in self.scales))
        if not self.scales:
            raise ValueError("A pyramid needs at least one scale.")
        for finer, coarser in itertools.pairwise(lengths):
            if coarser < 1 or finer % coarser:
                raise ValueError(
                    f"A level of {coarser} tokens cannot be pooled from one of {finer}: list the scales "
                    "fine to coarse, each length a divisor of the one before."
                )
        if self.diffusion is not None:
            self.refuse_diffusion(self.diffusion)

    def refuse_diffusion(self, diffusion: DiffusionConfig) -> None:
        """Refuse a diffusion that does not go with the pyramid and the input.

        Raises:
            ValueError: It does not.
        """
        levels = [scale.tokens for scale in self.scales]
        for target in diffusion.targets:
            if target.tokens not in levels:
                raise ValueError(f"What is diffused at {target.tokens} tokens has no scale among {levels}.")
        finest = diffusion.targets[0]
        if "v2a" in diffusion.directions:
            mel_frames = self.samples // self.log_mel.hop
            refuse_remainder("target", (mel_frames, self.log_mel.bins), (finest.mel_frames, finest.mel_bins))
        if "a2v" in diffusion.directions:
            refuse_remainder("target", (self.frames, self.video.size), (finest.frames, finest.size))

    @property
    def condition(self) -> ConditionConfig:
        """Return the tokens of either stream, as the denoisers of the other are given them."""
        tokens = tuple(scale.tokens for scale in self.scales)
        raw = self.diffusion is not None and self.diffusion.condition == "raw"
        return ConditionConfig(tokens=tokens, dim=self.dim, normalise="none" if raw else self.normalise)

    @property
    def frames(self) -> int:
        """Return the frames in a segment, which is also its number of full-rate tokens."""
        return round(self.segment_seconds * self.video.fps)

    @property
    def samples(self) -> int:
        """Return the audio samples in a segment."""
        return round(self.segment_seconds * self.log_mel.sample_rate)


SMALL = GMSCAVPConfig(
    name="small",
    scales=(
        ScaleConfig(tokens=25, head="fine"),
        ScaleConfig(tokens=5, head="coarse"),
        ScaleConfig(tokens=1, head="pooled"),
    ),
)

SMALL_DIFFUSION = replace(
    SMALL,
    name="small-diffusion",
    diffusion=DiffusionConfig(
        targets=targets(
            tokens=(25, 5, 1),
            mel_frames=(50, 10, 2),
            mel_bins=(32, 16, 8),
            mel_patch=(2, 8),
            sizes=(8, 4, 2),
            frame_patches=(4, 4, 2),
        )
    ),
)

BASE = GMSCAVPConfig(
    name="base",
    log_mel=CAVP_LOG_MEL,
    video=SLOWONLY,
    audio=CNN14,
    segment_seconds=4.0,
    dim=512,
    scales=(
        ScaleConfig(tokens=16, head="fine"),
        ScaleConfig(tokens=8, head="fine"),
        ScaleConfig(tokens=4, head="coarse"),
        ScaleConfig(tokens=2, head="coarse"),
        ScaleConfig(tokens=1, head="pooled"),
    ),
    head_channels=256,
    diffusion=DiffusionConfig(
        targets=targets(
            tokens=(16, 8, 4, 2, 1),
            mel_frames=(64, 32, 16, 8, 4),
            mel_bins=(64, 32, 32, 16, 16),
            mel_patch=(4, 16),
            sizes=(16, 8, 8, 4, 4),
            frame_patches=(4, 4, 4, 4, 4),
        ),
        width=256,
        depth=4,
        heads=8,
    ),
)

LARGE = replace(
    BASE,
    name="large",
    dim=1024,
    head_channels=512,
    diffusion=DiffusionConfig(
        targets=targets(
            tokens=(16, 8, 4, 2, 1),
            mel_frames=(128, 64, 32, 16, 8),
            mel_bins=(128, 64, 64, 32, 32),
            mel_patch=(8, 16),
            sizes=(28, 14, 14, 7, 7),
            frame_patches=(7, 7, 7, 7, 7),
        ),
        width=512,
        depth=8,
        heads=8,
    ),
)

# Its rows do not depend on each other, as gradient caching asks for; to be trained on from imported weights.
BASE_FROZEN = replace(
    BASE,
    name="base-frozen",
    video=replace(SLOWONLY, norm="frozen"),
    audio=replace(CNN14, norm="frozen", dropout=0.0),
)

# As many steps as the released CAVP was trained for, on segments that start as far apart.
PRETRAINING = TrainingConfig(
    steps=66 * 2_366, batch_clips=30, segments=3, gap_seconds=2.0, warmup=200, ema=0.9999
)

CONFIGS = {config.name: config for config in (SMALL, SMALL_DIFFUSION, BASE, BASE_FROZEN, LARGE)}
TRAINING = {
    config.name: TrainingConfig() if config.video.backbone == "compact" else PRETRAINING
    for config in CONFIGS.values()
}
