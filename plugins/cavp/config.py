"""What a CAVP is made of, and the named configurations. No torch here."""

from dataclasses import dataclass, field
from typing import ClassVar

import gmscavp.config
from gmscavp.diffusion.config import ConditionConfig, SamplingConfig
from gmscavp.inputs import CAVP_LOG_MEL, CNN14, SLOWONLY, STRICT, AudioConfig, LogMelConfig, VideoConfig
from gmscavp.sound.generator_config import generator
from gmscavp.synchrony.config import heads
from gmscavp.training.config import TrainingConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class CAVPConfig:
    """A CAVP: backbones, one linear layer each, one vector a segment.

    Attributes:
        name: What the user types as ``config=``.
        log_mel: Audio features.
        video: The video backbone.
        audio: The audio backbone.
        segment_seconds: What the networks see at once; longer clips are cut into segments.
        dim: Length of the vector.
        temporal_weight: λ, the share of the temporal contrast beside the semantic one.
        logit_scale: Initial exp(s).
        max_logit_scale: Where exp(s) is clamped after each step.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = STRICT

    name: str
    log_mel: LogMelConfig = field(default_factory=LogMelConfig)
    video: VideoConfig = field(default_factory=VideoConfig)
    audio: AudioConfig = field(default_factory=AudioConfig)
    segment_seconds: float = 2.0
    dim: int = 512
    temporal_weight: float = 1.0
    logit_scale: float = 1 / 0.07
    max_logit_scale: float = 100.0

    @property
    def frames(self) -> int:
        """Return the frames in a segment."""
        return round(self.segment_seconds * self.video.fps)

    @property
    def samples(self) -> int:
        """Return the audio samples in a segment."""
        return round(self.segment_seconds * self.log_mel.sample_rate)


SMALL = CAVPConfig(name="small")
PUBLISHED = CAVPConfig(
    name="published", log_mel=CAVP_LOG_MEL, video=SLOWONLY, audio=CNN14, segment_seconds=4.0
)
PUBLISHED_TRAINING = TrainingConfig(
    steps=300 * 2_366,
    batch_clips=30,
    segments=3,
    gap_seconds=2.0,
    learning_rate=8e-4,
    warmup=200,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0.2,
    ema=0.0,
    gain_db=0.0,
    noise_db=None,
    brightness=0.0,
    contrast=0.0,
    blur=0.0,
)

# Diff-Foley's second stage is given the projected token of each frame, not pooled, as a unit vector.
GENERATOR = generator(ConditionConfig(tokens=(SMALL.frames,), dim=SMALL.dim, normalise="token", given="all"))
GENERATOR_SAMPLING = SamplingConfig()

HEADS = heads((SMALL.dim,))

CONFIGS = {config.name: config for config in (SMALL, PUBLISHED)}
TRAINING = {"small": gmscavp.config.TRAINING["small"], "published": PUBLISHED_TRAINING}
