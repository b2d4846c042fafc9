"""What a generator is made of: a denoiser of log-mel over the tokens of an encoder that is frozen. No torch.

Every field is ours but where a docstring names a paper. gmscavp and cavp share the class and all numbers in
it but ``condition``, so that a ratio compares what the encoders know and nothing else.
"""

from dataclasses import dataclass, field, replace
from typing import ClassVar

from gmscavp.config import SMALL
from gmscavp.diffusion.config import ConditionConfig, DiffusionConfig, SamplingConfig, TargetConfig
from gmscavp.inputs import STRICT, LogMelConfig, VideoConfig
from gmscavp.training.config import TrainingConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorConfig:
    """A generator.

    Attributes:
        name: What the user types as ``config=``.
        encoder: The config of the frozen encoder.
        condition: Its video tokens.
        log_mel: Audio features that are generated.
        video: Frames that the encoder reads.
        segment_seconds: What the encoder sees, and the denoiser makes, at once.
        diffusion: What is diffused, and how.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = STRICT

    name: str
    encoder: str
    condition: ConditionConfig
    log_mel: LogMelConfig = field(default_factory=LogMelConfig)
    video: VideoConfig = field(default_factory=VideoConfig)
    segment_seconds: float = 2.0
    diffusion: DiffusionConfig

    def __post_init__(self) -> None:
        """Refuse what is not diffused at the full resolution of log-mel.

        Raises:
            ValueError: The finest target is another grid, or there is another direction.
        """
        if self.diffusion.directions != ("v2a",):
            raise ValueError("A generator makes audio from video: its only direction is v2a.")
        finest, whole = self.diffusion.targets[0], (self.mel_frames, self.log_mel.bins)
        if (finest.mel_frames, finest.mel_bins) != whole:
            raise ValueError(f"A generator's finest target is its whole log-mel, {whole}.")

    @property
    def frames(self) -> int:
        """Return the frames in a segment."""
        return round(self.segment_seconds * self.video.fps)

    @property
    def samples(self) -> int:
        """Return the audio samples in a segment."""
        return round(self.segment_seconds * self.log_mel.sample_rate)

    @property
    def mel_frames(self) -> int:
        """Return the frames of log-mel in a segment."""
        return self.samples // self.log_mel.hop


def generator(condition: ConditionConfig) -> GeneratorConfig:
    """Return the generator over an encoder ``small`` with these tokens; all else is the same for all."""
    return GeneratorConfig(
        name="generator",
        encoder="small",
        condition=condition,
        diffusion=DiffusionConfig(
            targets=(
                TargetConfig(tokens=25, mel_frames=200, mel_bins=64, mel_patch=(2, 64)),
                TargetConfig(tokens=5, mel_frames=20, mel_bins=32, mel_patch=(1, 32)),
                TargetConfig(tokens=1, mel_frames=5, mel_bins=16, mel_patch=(1, 16)),
            ),
            directions=("v2a",),
            width=160,
            depth=4,
            heads=5,
            prediction="x0",
            coarse_noise=0.2,
            mel_mean=0.385,
            mel_std=0.11,
        ),
    )


GENERATOR = generator(replace(SMALL.condition, given="all"))

GENERATOR_SAMPLING = SamplingConfig()

GENERATOR_TRAINING = TrainingConfig(
    steps=3_000,
    batch_clips=32,
    segments=1,
    learning_rate=1.5e-3,
    warmup=100,
    weight_decay=0.05,
    betas=(0.9, 0.98),
    ema=0.998,
    log_every=20,
    validate_every=500,
    gain_db=0.0,
    noise_db=None,
    brightness=0.0,
    contrast=0.0,
    blur=0.0,
)
