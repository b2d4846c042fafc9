"""The streams of an open file: which of them are shown and heard, and what their container says of them."""

import math
from typing import TypeVar

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from avbench.errors import MediaError
from avbench.media.info import AudioStreamInfo, VideoStreamInfo
from avbench.media.timeline import DECLARED_EXCESS, Window, ends_early, file_zero

NOT_SHOWN = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
# Formats that do not say how long a stream is: FFmpeg guesses it from the size of the file.
GUESSED = frozenset({"aac", "ac3", "mp3", "mpeg", "mpegts"})

AnyStream = TypeVar("AnyStream", VideoStream, AudioStream)


def shown_video(file: InputContainer) -> VideoStream | None:
    """Return the video stream a player would show: no attached picture, no thumbnails."""
    shown = [stream for stream in file.streams.video if not stream.disposition & NOT_SHOWN]
    return _preferred(shown)


def heard_audio(file: InputContainer) -> AudioStream | None:
    """Return the audio stream a player would play."""
    return _preferred(list(file.streams.audio))


def _preferred(streams: list[AnyStream]) -> AnyStream | None:
    """Return the stream marked as default, else the first."""
    default = (stream for stream in streams if stream.disposition & Disposition.default)
    return next(default, streams[0] if streams else None)


def required(stream: AnyStream | None, kind: str) -> AnyStream:
    """Return the stream that is there.

    Raises:
        MediaError: ``no-audio`` or ``no-video``: there is none.
    """
    if stream is None:
        raise MediaError(f"no-{kind}", f"The file has no {kind} stream.")
    return stream


def extent(file: InputContainer, stream: AudioStream | VideoStream) -> tuple[float, float]:
    """Return when a stream's first packet is presented and its last one ends, in seconds from zero.

    The file is read to its end, and nothing decoded: what the container declares may be absent or a guess.

    Raises:
        MediaError: ``corrupt``: there is less than the container declares, or nothing that has a time.
    """
    zero = file_zero(file)
    first, end, last = math.inf, -math.inf, -math.inf
    for packet in file.demux():
        if packet.pts is None:
            continue
        until = float((packet.pts + (packet.duration or 0)) * packet.time_base) - zero
        last = max(last, until)
        if packet.stream is stream:
            first, end = min(first, float(packet.pts * packet.time_base) - zero), max(end, until)
    if end == -math.inf:
        raise MediaError("corrupt", f"The {stream.type} stream holds nothing that has a time.")
    if file.format.name not in GUESSED:
        early = ends_early(stream, Window(start=0.0, seconds=math.inf, zero=zero), end)
        if early.reason == "corrupt":
            raise early
        # Matroska declares no stream's length, but that of the longest.
        declared = 0.0 if stream.duration else (file.duration or 0) / av.time_base - zero
        if declared > last + DECLARED_EXCESS:
            message = f"The file ends at {last:.3f} s, though it declares {declared:.3f} s."
            raise MediaError("corrupt", message)
    return first, end


def describe_video(file: InputContainer, stream: VideoStream, zero: float) -> VideoStreamInfo:
    """Describe a video stream; its first frame is decoded, for only that says how it is turned.

    Args:
        file: The open file.
        stream: One of its streams.
        zero: The file's zero on its own clock, in seconds.
    """
    frame = next(file.decode(stream), None)
    rotation = 0 if frame is None else round(-frame.rotation / 90) % 4 * 90
    height, width = stream.codec_context.height, stream.codec_context.width
    if rotation % 180:
        height, width = width, height
    return VideoStreamInfo(
        codec=stream.codec_context.name,
        height=height,
        width=width,
        fps=float(stream.average_rate) if stream.average_rate else None,
        rotation=rotation,
        start=(_seconds(stream, stream.start_time) or 0.0) - zero,
        seconds=_seconds(stream, stream.duration),
    )


def describe_audio(stream: AudioStream, zero: float) -> AudioStreamInfo:
    """Describe an audio stream of a file with its zero at ``zero`` seconds of its own clock."""
    return AudioStreamInfo(
        codec=stream.codec_context.name,
        sample_rate=stream.codec_context.sample_rate,
        channels=stream.codec_context.layout.nb_channels,
        layout=stream.codec_context.layout.name,
        start=(_seconds(stream, stream.start_time) or 0.0) - zero,
        seconds=_seconds(stream, stream.duration),
    )


def _seconds(stream: Stream, ticks: int | None) -> float | None:
    return None if ticks is None or stream.time_base is None else float(ticks * stream.time_base)
