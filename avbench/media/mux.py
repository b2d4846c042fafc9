"""Another sound under a video's picture, which stays as it is coded wherever mp4 can hold it."""

import heapq
from collections.abc import Iterable, Iterator
from contextlib import closing
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TypeAlias

import av
from av.container import OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from avbench.errors import MediaError
from avbench.media.audio import resample
from avbench.media.decode import picture_packets
from avbench.media.encode import (
    AAC_RATES,
    BITEXACT,
    FASTSTART,
    Encoded,
    add_audio,
    encode_audio,
    replacing,
)
from avbench.media.timeline import file_zero
from avbench.sounds import Sound

H264 = {"crf": "18", "preset": "veryfast", "threads": "1"}
AUDIO_BITRATE = 192_000

Packets: TypeAlias = "Iterable[Packet[VideoStream]]"


class _Unfit(Exception):
    """The picture cannot be copied as it is coded."""


def write_muxed(path: Path, *, video: Path, start: float, sound: Sound) -> bool:
    """Write an mp4 file with a video's picture and another sound, which begin together, at 0.

    Args:
        path: An existing file is replaced; it appears complete or not at all.
        video: The file that the picture is taken from.
        start: When its first frame is shown, in seconds from the file's zero.
        sound: One or two channels; coded as AAC at 192 kbit/s.

    Returns:
        Whether the picture was copied; else it was coded anew, as H.264: mp4 cannot hold its codec, or its
        packets do not say when they are shown.

    Raises:
        MediaError: The picture cannot be read.
        StorageError: The file cannot be written.
    """
    try:
        _write(path, video, start, sound, copied=True)
    except (_Unfit, FFmpegError):
        try:
            _write(path, video, start, sound, copied=False)
        except FFmpegError as error:
            message = f"The picture of {video} cannot be coded anew: {error.strerror}."
            raise MediaError("corrupt", message) from error
        return False
    return True


def _write(path: Path, video: Path, start: float, sound: Sound, *, copied: bool) -> None:
    rate = sound.sample_rate if sound.sample_rate in AAC_RATES else AAC_RATES[-1]
    samples = resample(sound.samples, sound.sample_rate, rate)
    options = BITEXACT | FASTSTART["mp4"]
    with (
        closing(picture_packets(video)) as packets,
        replacing(path) as part,
        av.open(str(part), "w", "mp4", options=options) as file,
    ):
        first = next(packets, None)
        if first is None or not first.stream.time_base:
            raise MediaError("corrupt", f"The video stream of {video} is empty.")
        source, tick = first.stream, first.stream.time_base
        origin = round((file_zero(source.container) + start) / tick)
        picture = (_copied if copied else _coded_anew)(file, source, chain([first], packets), origin, tick)
        audio = add_audio(file, samples, rate, AUDIO_BITRATE)
        for _, encoded in heapq.merge(picture, encode_audio(audio, samples, rate), key=lambda each: each[0]):
            file.mux(encoded)


def _copied(
    file: OutputContainer, source: VideoStream, packets: Packets, origin: int, tick: Fraction
) -> Iterator[Encoded]:
    """Add a stream as ``source`` is coded, and yield its packets, ``origin`` ticks earlier."""
    if source.codec.canonical_name not in file.supported_codecs:
        raise _Unfit
    period = round(1 / (source.average_rate * tick)) if source.average_rate else 0
    return _moved(file.add_stream_from_template(source), packets, origin, tick, period)


def _moved(
    stream: VideoStream, packets: Packets, origin: int, tick: Fraction, period: int
) -> Iterator[Encoded]:
    time = 0.0
    for packet in packets:
        if not packet.size:
            continue
        if packet.pts is None:
            raise _Unfit
        packet.pts -= origin
        if packet.dts is not None:  # Matroska leaves out the first few, and mp4's muxer fills them in
            packet.dts -= origin
            time = float(packet.dts * tick)
        packet.duration = packet.duration or period
        packet.stream = stream
        yield time, [packet]


def _coded_anew(
    file: OutputContainer, source: VideoStream, packets: Packets, origin: int, tick: Fraction
) -> Iterator[Encoded]:
    """Add an H.264 stream, and yield its packets, ``origin`` ticks earlier."""
    frames = (frame for packet in packets for frame in source.decode(packet) if frame.pts is not None)
    first = next(frames, None)
    if first is None:
        raise MediaError("corrupt", "The video stream holds nothing that can be decoded.")
    stream = file.add_stream("libx264", rate=source.average_rate or 25, options=H264)
    stream.width, stream.height, stream.pix_fmt = first.width // 2 * 2, first.height // 2 * 2, "yuv420p"
    stream.codec_context.time_base = tick
    if first.rotation:
        stream.set_display_rotation(first.rotation)
    return _encoded(stream, chain([first], frames), origin, tick)


def _encoded(
    stream: VideoStream, frames: Iterable[VideoFrame], origin: int, tick: Fraction
) -> Iterator[Encoded]:
    time = 0.0
    for frame in frames:
        scaled = frame.reformat(width=stream.width, height=stream.height, format="yuv420p")
        scaled.pts, scaled.time_base = (frame.pts or 0) - origin, tick
        scaled.pict_type = PictureType.NONE  # its own in the source would force the encoder's hand
        time = float(scaled.pts * tick)
        yield time, stream.encode(scaled)
    yield time, stream.encode(None)
