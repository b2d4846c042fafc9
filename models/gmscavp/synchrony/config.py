"""What the two heads over a frozen encoder are made of. No torch here.

All of it is our choice. gmscavp and cavp share the classes and all numbers in them but ``dims``, so that a
ratio compares what the encoders know and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from gmscavp.config import SMALL
from gmscavp.inputs import STRICT, LogMelConfig, VideoConfig
from gmscavp.training.config import TrainingConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadConfig:
    """What both heads say.

    Attributes:
        name: What the user types as ``config=``.
        encoder: The config of the frozen encoder.
        dims: Length of its tokens at each scale, fine to coarse, of either stream.
        log_mel: Audio features that the encoder reads.
        video: Frames that it reads.
        window_seconds: Picture in a training row; later any length goes.
        heard_seconds: Sound in a training row; later any length goes.
        shortest_seconds: Picture that is left of a training row at least; how much, and where, is drawn.
        takes: Windows of picture, and of sound, that are kept of each clip to train on.
        width: Channels inside.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = STRICT

    name: str
    encoder: str
    dims: tuple[int, ...]
    log_mel: LogMelConfig = field(default_factory=LogMelConfig)
    video: VideoConfig = field(default_factory=VideoConfig)
    window_seconds: float = 4.0
    heard_seconds: float = 4.0
    shortest_seconds: float = 2.0
    takes: int = 3
    width: int = 64

    def __post_init__(self) -> None:
        """Refuse a row that hears less than it sees.

        Raises:
            ValueError: It does.
        """
        if self.heard_seconds < self.window_seconds:
            raise ValueError(
                f"{self.window_seconds} s of picture need as much sound: {self.heard_seconds} s."
            )

    @property
    def clip_seconds(self) -> float:
        """Return how long a clip must be to be trained on."""
        return self.heard_seconds

    @property
    def frames(self) -> int:
        """Return the frames in a training row."""
        return round(self.window_seconds * self.video.fps)

    @property
    def samples(self) -> int:
        """Return the audio samples in a training row."""
        return round(self.heard_seconds * self.log_mel.sample_rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetConfig(HeadConfig):
    """A head that says how late a sound is.

    Attributes:
        phases: K, places within a token at which sound is compared; a place lasts 1 / (K · fps) seconds.
        spacing: Seconds between the lags that are told apart in training.
        slack: Seconds within which the starts of a clip's windows of sound are drawn.
    """

    heard_seconds: float = 7.04
    phases: int = 4
    spacing: float = 0.04
    slack: float = 0.96


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeConfig(HeadConfig):
    """A head that says whether sound belongs to a picture and is in time, after Diff-Foley.

    Attributes:
        takes: As in :class:`HeadConfig`; windows of picture and of sound start together.
        shifted: Share of training rows whose sound is another moment of the same clip.
        other: Share of training rows whose sound is another clip's; the rest are true.
        nearest: Seconds that the starts of a clip's windows are apart at least.
        farthest: Seconds that they are apart at most, from the first of them.
        depth: Residual convolutions over time.
        kernel: Instants that each sees, odd.
    """

    takes: int = 4
    shifted: float = 0.25
    other: float = 0.25
    nearest: float = 0.16
    farthest: float = 2.0
    depth: int = 3
    kernel: int = 5

    @property
    def clip_seconds(self) -> float:
        """Return how long a clip must be, so that its windows always find places apart from each other."""
        return self.heard_seconds + min(self.farthest, 2 * self.takes * self.nearest)


def heads(dims: Sequence[int]) -> tuple[OffsetConfig, JudgeConfig]:
    """Return both heads over an encoder ``small`` with tokens of these lengths; all else is alike for all."""
    each = tuple(dims)
    return (
        OffsetConfig(name="small-sync", encoder="small", dims=each),
        JudgeConfig(name="small-judge", encoder="small", dims=each),
    )


OFFSET_HEAD, JUDGE_HEAD = heads([SMALL.dim] * len(SMALL.scales))

HEAD_TRAINING = TrainingConfig(
    steps=1_500,
    batch_clips=64,
    segments=1,
    learning_rate=2e-3,
    warmup=100,
    weight_decay=0.05,
    ema=0.99,
    precision="fp32",
    log_every=25,
    checkpoint_every=250,
    validate_every=250,
)
