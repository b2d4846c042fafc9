"""What a media file holds, the bounds beyond which it is not decoded, and what decoding gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds that are checked before anything is decoded.

    Attributes:
        seconds: Longest file, in seconds.
        pixels: Largest frame, in pixels (the default holds 8192 × 4320).
        streams: Most streams in a file, of any kind.
        whole: Most bytes of a stream that is decoded to its end, as arrays (1 GiB).
    """

    seconds: float = 6 * 3600.0
    pixels: int = 36_000_000
    streams: int = 32
    whole: int = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoStreamInfo:
    """A video stream as its container declares it.

    Attributes:
        codec: FFmpeg's name of the codec.
        height: Rows as shown (after rotation), in pixels.
        width: Columns as shown, in pixels.
        fps: Mean frames a second; ``None`` where the container does not say.
        rotation: Clockwise turn that is applied to the coded frame, in degrees: 0, 90, 180 or 270.
        start: Presentation time of the first frame from the file's zero, in seconds.
        seconds: Declared length, in seconds, or ``None``.
    """

    codec: str
    height: int
    width: int
    fps: float | None
    rotation: int
    start: float
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioStreamInfo:
    """An audio stream as its container declares it.

    Attributes:
        codec: FFmpeg's name of the codec.
        sample_rate: In Hz.
        channels: How many.
        layout: FFmpeg's name of the channel layout: ``mono``, ``stereo``, ``5.1`` …
        start: Presentation time of the first sample from the file's zero, in seconds.
        seconds: Declared length, in seconds, or ``None``.
    """

    codec: str
    sample_rate: int
    channels: int
    layout: str
    start: float
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaInfo:
    """A media file: its container and the streams that would be decoded.

    Attributes:
        path: The file.
        container: FFmpeg's name of the format.
        zero: The file's zero on its own clock, in seconds (:mod:`avbench.media.timeline`).
        seconds: Declared length from zero, in seconds, or ``None``.
        video: The video stream, or ``None``; attached pictures are none.
        audio: The audio stream, or ``None``.
    """

    path: Path
    container: str
    zero: float
    seconds: float | None
    video: VideoStreamInfo | None
    audio: AudioStreamInfo | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How a stream that does not fill its window, or is not to move, is brought to it.

    Attributes:
        shortest: A stream that lasts at least so many seconds of the window is filled up: sound with silence,
            picture with its last frame. ``None``: one that ends early is ``too-short``.
        frame_at: The instant of the one frame that is shown throughout, in seconds from the window's start;
            ``None`` for a picture that moves.
        stop: Where the clip ends by its own account, in seconds from the file's zero: what comes later is
            neither seen nor heard.
    """

    shortest: float | None = None
    frame_at: float | None = None
    stop: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedClip:
    """A window of a file.

    Attributes:
        frames: ``(time, channel=3, height, width)``, uint8 RGB, or ``None`` where no video was asked for.
        samples: ``(channel, time)``, float32 in [-1, 1], or ``None`` where no audio was asked for.
        filled: Seconds that were filled up, by stream: ``video``, ``audio`` (:class:`Fit`).
    """

    frames: npt.NDArray[np.uint8] | None
    samples: npt.NDArray[np.float32] | None
    filled: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """All that a file shows.

    Attributes:
        frames: ``(time, channel=3, height, width)``, uint8 RGB.
        fps: Frames a second; frame ``k`` shows the instant ``start + k / fps``.
        start: When the first frame is shown, in seconds from the file's zero.
        seconds: How long it is shown, to the end of its last frame.
    """

    frames: npt.NDArray[np.uint8]
    fps: float
    start: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What decoding a file from beginning to end showed; ``None`` of a stream that was not looked at.

    Attributes:
        picture_end: When the last frame ends, in seconds from the file's zero.
        motion: By how many grey levels any pixel changes at most from one frame to the next.
        uneven: Share of the intervals between frames that differ from the usual one by more than half of it.
        sound_end: When the last sample is heard, in seconds from the file's zero.
        peak: The largest sample; 1.0 is full scale.
        clipped: Share of samples at full scale, in the channel with most.
    """

    picture_end: float | None
    motion: float | None
    uneven: float | None
    sound_end: float | None
    peak: float | None
    clipped: float | None
