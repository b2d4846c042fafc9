"""What the networks see and hear, and the backbones that look and listen. No torch here.

:data:`SLOWONLY`, :data:`CNN14` and :data:`CAVP_LOG_MEL` are CAVP's own (Diff-Foley, arXiv 2306.17203).
"""

from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

STRICT = {"extra": "forbid"}

Norm = Literal["segment", "none", "batch", "frozen"]
COMPACT_NORMS = ("segment", "none")
BATCH_NORMS = ("batch", "frozen")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogMelConfig:
    """Log-mel spectrogram, normalised to [0, 1] as CAVP does.

    Attributes:
        sample_rate: In Hz.
        window: Samples of a Hann window, and the length of its Fourier transform.
        hop: Samples from one frame to the next.
        bins: Mel bands.
        low_hz: Lower edge of the lowest band.
        high_hz: Upper edge of the highest band.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = STRICT

    sample_rate: int = 16_000
    window: int = 1024
    hop: int = 160
    bins: int = 64
    low_hz: float = 50.0
    high_hz: float = 7_600.0

    @property
    def frames_per_second(self) -> float:
        """Return the frame rate, in Hz."""
        return self.sample_rate / self.hop


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoConfig:
    """Frames, and the backbone that reads them.

    Attributes:
        backbone: ``compact``, or ``slowonly``: SlowOnly ResNet-50, as CAVP was published.
        fps: Frames a second; there is no temporal stride, so also feature maps a second.
        size: Height and width of a frame, in pixels; a multiple of 8, for ``slowonly`` of 32.
        channels: Of the maps at 1/2, 1/4 and 1/8 of the size; for ``slowonly`` of res3, res4 and res5, at
            1/8, 1/16 and 1/32, each double the one before.
        norm: For ``compact``: ``segment`` is group normalisation with one group (statistics over time, space
            and channels of one segment, never over the batch); ``none`` trains a fifth faster. For
            ``slowonly``: ``batch`` is batch normalisation over what one device holds, as published;
            ``frozen`` is the same with its running statistics, never updated.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = STRICT

    backbone: Literal["compact", "slowonly"] = "compact"
    fps: float = 12.5
    size: int = 56
    channels: tuple[int, int, int] = (16, 32, 96)
    norm: Norm = "segment"

    def __post_init__(self) -> None:
        """Refuse a backbone that cannot be built.

        Raises:
            ValueError: The norm, the channels or the size do not fit the backbone.
        """
        published = self.backbone == "slowonly"
        check_norm(self.backbone, self.norm, BATCH_NORMS if published else COMPACT_NORMS)
        if published:
            check_doubling(self.backbone, self.channels, of=8)
        if self.size % (32 if published else 8):
            raise ValueError(
                f"Frames of {self.size} pixels cannot be halved as often as {self.backbone} does."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioConfig:
    """The backbone that reads log-mel.

    Attributes:
        backbone: ``compact``, or ``cnn14``: CNN14 of PANNs with CAVP's pooling, as CAVP was published.
        channels: Of the maps at 1/2, 1/4 and 1/8 of the time resolution, and of the last, which halves
            frequency once more; for ``cnn14`` of its blocks 3 to 6, each double the one before.
        norm: As in :class:`VideoConfig`, ``cnn14`` taking the place of ``slowonly``.
        dropout: Share of values zeroed after each block of ``cnn14`` while training.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = STRICT

    backbone: Literal["compact", "cnn14"] = "compact"
    channels: tuple[int, int, int, int] = (16, 48, 96, 128)
    norm: Norm = "segment"
    dropout: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a backbone that cannot be built.

        Raises:
            ValueError: The norm or the channels do not fit the backbone, or only ``cnn14`` has dropout.
        """
        published = self.backbone == "cnn14"
        check_norm(self.backbone, self.norm, BATCH_NORMS if published else COMPACT_NORMS)
        if published:
            check_doubling(self.backbone, self.channels, of=4)
        elif self.dropout:
            raise ValueError("The compact audio backbone has no dropout.")


class FamilyConfig(Protocol):
    """What every config of a family says."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def video(self) -> VideoConfig: ...  # noqa: D102
    @property
    def log_mel(self) -> LogMelConfig: ...  # noqa: D102


def check_norm(backbone: str, norm: Norm, known: tuple[str, ...]) -> None:
    """Refuse a norm that the backbone does not have.

    Raises:
        ValueError: It does not.
    """
    if norm not in known:
        raise ValueError(f"The backbone {backbone!r} has the norms {', '.join(known)}, not {norm!r}.")


def check_doubling(backbone: str, channels: tuple[int, ...], *, of: int) -> None:
    """Refuse channels that are not a multiple of ``of``, doubled from stage to stage.

    Raises:
        ValueError: They are not.
    """
    first = channels[0]
    if first < of or first % of or channels != tuple(first << stage for stage in range(len(channels))):
        raise ValueError(
            f"The channels of {backbone!r} double from stage to stage, from a multiple of {of}; "
            f"{channels} do not."
        )


SLOWONLY = VideoConfig(backbone="slowonly", fps=4.0, size=224, channels=(512, 1024, 2048), norm="batch")
CNN14 = AudioConfig(backbone="cnn14", channels=(256, 512, 1024, 2048), norm="batch", dropout=0.2)
CAVP_LOG_MEL = LogMelConfig(hop=250, bins=128, low_hz=125.0)
