"""What the vocoder is made of. All of it is our choice; no torch here."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from gmscavp.inputs import STRICT, LogMelConfig, VideoConfig
from gmscavp.training.config import TrainingConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class VocoderConfig:
    """A vocoder: log-mel to samples.

    Attributes:
        name: What the user types as ``config=``.
        log_mel: What it reads; it writes samples at the same rate.
        width: Channels of the trunk.
        depth: Blocks of the trunk.
        kernel: Frames that a block sees at once, odd.
        expansion: Hidden channels of a block, as a multiple of ``width``.
        window: Samples of the Hann window of the inverse STFT; its hop is that of the log-mel.
        projections: How often the sound is drawn towards the log-mel it was made from; never in training.
        losses: Windows of the multi-resolution STFT loss beside that of the log-mel, in samples; their hop is
            a quarter.
        mel_weight: Share of the log-mel loss beside the STFT loss.
        repulsion: ρ, how much two draws of the same sound are kept apart; 0 is the STFT loss alone.
        segment_seconds: What it is trained on at once.
        coarse: Share of the training rows whose log-mel is blurred as sampled log-mel is.
        coarse_frames: Frames averaged into one of them, at most.
        coarse_bins: Bins averaged into one of them, at most.
        noise: Standard deviation of the noise added to them, at most.
        silent: Share of the training rows that are silenced.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = STRICT

    name: str
    log_mel: LogMelConfig = field(default_factory=LogMelConfig)
    width: int = 160
    depth: int = 6
    kernel: int = 7
    expansion: int = 3
    window: int = 512
    projections: int = 16
    losses: tuple[int, ...] = (256, 512, 2048)
    mel_weight: float = 20.0
    repulsion: float = 1.0
    segment_seconds: float = 0.8
    coarse: float = 0.5
    coarse_frames: int = 4
    coarse_bins: int = 2
    noise: float = 0.02
    silent: float = 0.02

    def __post_init__(self) -> None:
        """Refuse a vocoder that cannot be built.

        Raises:
            ValueError: Its kernel is even, its windows leave gaps, or its segment holds no frame.
        """
        if self.kernel % 2 == 0:
            raise ValueError(f"A kernel of {self.kernel} frames has no middle: it must be odd.")
        if self.window < 2 * self.log_mel.hop:
            raise ValueError(
                f"Windows of {self.window} samples leave gaps at a hop of {self.log_mel.hop}: take twice "
                "the hop at least."
            )
        if self.samples < max(self.log_mel.window, *self.losses):
            raise ValueError(f"A segment of {self.samples} samples is shorter than a window of the losses.")

    @property
    def video(self) -> VideoConfig:
        """Return the frames of the clips it learns from, which are those of ``small``; it looks at none."""
        return VideoConfig()

    @property
    def frames(self) -> int:
        """Return the frames in a segment."""
        return round(self.segment_seconds * self.video.fps)

    @property
    def samples(self) -> int:
        """Return the audio samples in a segment: whole frames of log-mel."""
        return round(self.segment_seconds * self.log_mel.frames_per_second) * self.log_mel.hop


VOCODER = VocoderConfig(name="vocoder")

VOCODER_WEIGHTS = Path(__file__).parents[1] / "weights" / "vocoder.safetensors"
"""The bundled ones."""

VOCODER_TRAINING = TrainingConfig(
    steps=1_500,
    batch_clips=8,
    segments=1,
    learning_rate=1.5e-3,
    warmup=60,
    weight_decay=0.01,
    ema=0.995,
    gain_db=12.0,
    brightness=0.0,
    contrast=0.0,
    blur=0.0,
    validate_every=500,
)
