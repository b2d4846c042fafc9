"""Read media files: the one place that opens them.

What an instant is, and what is tolerated at both ends of a stream, is said in :mod:`avbench.media.timeline`.
"""

import contextlib
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream

from avbench.errors import MediaError
from avbench.media.info import DecodedClip, Fit, Limits, MediaInfo, Picture
from avbench.media.part import PartReader
from avbench.media.streams import describe_audio, describe_video, extent, heard_audio, required, shown_video
from avbench.media.timeline import PREROLL, Window, file_zero
from avbench.media.tracks import feed, open_tracks
from avbench.records import AudioInput, VideoInput
from avbench.sounds import Sound

# Playlists and scripts, which FFmpeg knows by their content, would make it open other files and addresses.
FORMATS = (
    "mov,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,nut,"
    "wav,mp3,flac,aac,ac3,h264,hevc,ivf,yuv4mpegpipe,gif,mxf,rm,dv"
)

Part = tuple[int, int]

# Whether 16-bit samples in a wav file are what they seem is looked for in its first 5 MB, by default: 25 ms.
PROBED = {".wav": {"probesize": "65536"}}


def probe(path: Path, *, part: Part | None = None, limits: Limits | None = None) -> MediaInfo:
    """Read what a file holds from its header and first frame.

    Args:
        path: The file.
        part: Where in it the media file lies, first byte and bytes; ``None`` for all of it.
        limits: Bounds on what is opened.

    Returns:
        The container and the streams that :func:`read_clip` would decode.

    Raises:
        MediaError: ``missing``, ``empty``, ``corrupt`` or ``too-large``.
    """
    with _open(path, limits or Limits(), part) as file:
        zero = file_zero(file)
        video, audio = shown_video(file), heard_audio(file)
        return MediaInfo(
            path=path,
            container=file.format.name,
            zero=zero,
            seconds=None if file.duration is None else file.duration / av.time_base,
            video=None if video is None else describe_video(file, video, zero),
            audio=None if audio is None else describe_audio(audio, zero),
        )


def read_clip(
    path: Path,
    *,
    start: float = 0.0,
    seconds: float,
    video: VideoInput | None,
    audio: AudioInput | None,
    part: Part | None = None,
    limits: Limits | None = None,
    fit: Fit | None = None,
) -> DecodedClip:
    """Decode a window of a file, reading no more of it than the window needs.

    Args:
        path: The file.
        start: Where the window begins, in seconds from the file's zero.
        seconds: How long it is.
        video: Frames wanted: ``round(seconds · fps)``, frame ``k`` shows the instant ``start + k / fps``.
        audio: Samples wanted: ``round(seconds · sample_rate)``, sample ``j`` is heard at
            ``start + j / sample_rate``.
        part: Where in ``path`` the media file lies, first byte and bytes; ``None`` for all of it.
        limits: Bounds on what is opened.
        fit: How a stream that ends early is brought to the window.

    Returns:
        Frames and samples, each exactly as long as asked for.

    Raises:
        MediaError: ``missing``, ``empty``, ``corrupt``, ``no-video``, ``no-audio``, ``too-short`` or
            ``too-large``.
    """
    if start < 0 or seconds <= 0:
        raise ValueError(f"a window must begin at 0 or later and last, not start={start}, seconds={seconds}")
    window = Window(start=start, seconds=seconds, fit=fit or Fit())
    return _read(path, window, video, audio, limits or Limits(), part)


def read_sound(
    path: Path,
    *,
    start: float = 0.0,
    seconds: float | None = None,
    part: Part | None = None,
    limits: Limits | None = None,
) -> Sound:
    """Decode the sound of a file alone, at its own rate; the file may hold nothing else.

    Args:
        path: The file.
        start: Where the sound begins, in seconds from the file's zero.
        seconds: How long it is; ``None`` for as long as there is any. (Of a WAV or MP3 file that was cut off,
            what is left is all there is.)
        part: Where in ``path`` the media file lies, first byte and bytes; ``None`` for all of it.
        limits: Bounds on what is opened.

    Returns:
        One channel where the file has one, else two: other layouts are mixed to stereo
        (:mod:`avbench.media.channels`). ``round(seconds · sample_rate)`` samples where ``seconds`` is given.

    Raises:
        MediaError: ``missing``, ``empty``, ``corrupt``, ``no-audio``, ``too-short`` or ``too-large``.
    """
    if start < 0 or (seconds is not None and seconds <= 0):
        raise ValueError(f"a sound must begin at 0 or later and last, not start={start}, seconds={seconds}")
    limits = limits or Limits()
    with _open(path, limits, part) as file:
        stream = required(heard_audio(file), "audio")
        rate, layout = stream.codec_context.sample_rate, stream.codec_context.layout
        end = start + seconds if seconds is not None else extent(file, stream)[1]
    own = AudioInput(sample_rate=rate, channels=min(layout.nb_channels, 2))
    if seconds is None:
        _check_whole(path, "sound", (end - start) * rate * layout.nb_channels * 4, limits)
    if end <= start:
        message = f"The sound of {path} ends at {end:.3f} s, before {start:.3f} s."
        raise MediaError("too-short", message)
    window = Window(start=start, seconds=end - start, open=seconds is None)
    samples = _read(path, window, None, own, limits, part).samples
    assert samples is not None
    return Sound(samples=samples, sample_rate=rate)


def read_picture(path: Path, *, video: VideoInput, limits: Limits | None = None) -> Picture:
    """Decode all frames that a file shows, from the first to the end of the last.

    Args:
        path: The file.
        video: Frames wanted: ``round(seconds · fps)``, at least one.
        limits: Bounds on what is opened.

    Raises:
        MediaError: ``missing``, ``empty``, ``corrupt``, ``no-video`` or ``too-large``.
    """
    limits = limits or Limits()
    with _open(path, limits) as file:
        first, end = extent(file, required(shown_video(file), "video"))
    start = max(first, 0.0)
    seconds = max(end - start, 1 / video.fps)
    _check_whole(path, "picture", seconds * video.fps * 3 * video.height * video.width, limits)
    frames = _read(path, Window(start=start, seconds=seconds), video, None, limits).frames
    assert frames is not None
    return Picture(frames=frames, fps=video.fps, start=start, seconds=seconds)


def picture_packets(path: Path, *, limits: Limits | None = None) -> "Generator[Packet[VideoStream]]":
    """Yield the packets of what a file shows, as they are coded, in file order.

    Raises:
        MediaError: ``missing``, ``empty``, ``corrupt``, ``no-video`` or ``too-large``.
    """
    with _open(path, limits or Limits()) as file:
        yield from file.demux(required(shown_video(file), "video"))


def _read(
    path: Path,
    window: Window,
    video: VideoInput | None,
    audio: AudioInput | None,
    limits: Limits,
    part: Part | None = None,
) -> DecodedClip:
    for seek in (True, False) if window.start > PREROLL else (False,):
        with _open(path, limits, part) as file:
            window = replace(window, zero=file_zero(file))
            tracks = open_tracks(file, window, video, audio, limits)
            if seek:
                file.seek(int((window.zero + window.start - PREROLL) * av.time_base))
            feed(file, tracks)
            if seek and tracks.late:
                continue
            return tracks.finish()
    raise AssertionError("unreachable")


@contextlib.contextmanager
def _open(path: Path, limits: Limits, part: Part | None = None) -> Generator[InputContainer, None, None]:
    """Open a file within bounds; whatever FFmpeg raises while it is open becomes a MediaError."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise MediaError("missing", f"The file {path} cannot be found: {error.strerror}.") from error
    if not path.is_file():
        raise MediaError("missing", f"The path {path} is not a file.")
    if (size if part is None else part[1]) == 0:
        raise MediaError("empty", f"The file {path} has no bytes.")
    options = {"format_whitelist": FORMATS, "protocol_whitelist": "file"} | PROBED.get(
        path.suffix.lower(), {}
    )
    source = contextlib.nullcontext(f"file:{path}") if part is None else PartReader(path, *part)
    try:
        with source as media, av.open(media, "r", options=options, metadata_errors="replace") as file:
            _check_limits(path, file, limits)
            yield file
    except FFmpegError as error:
        raise MediaError("corrupt", f"The file {path} cannot be decoded: {error.strerror}.") from error


def _check_limits(path: Path, file: InputContainer, limits: Limits) -> None:
    if len(file.streams) > limits.streams:
        message = f"The file {path} has {len(file.streams)} streams, more than {limits.streams}."
        raise MediaError("too-large", message)
    seconds = (file.duration or 0) / av.time_base
    if seconds > limits.seconds:
        message = f"The file {path} lasts {seconds:.0f} s, more than {limits.seconds:.0f} s."
        raise MediaError("too-large", message)
    for stream in file.streams.video:
        pixels = stream.codec_context.width * stream.codec_context.height
        if pixels > limits.pixels:
            message = f"The file {path} has frames of {pixels} pixels, more than {limits.pixels}."
            raise MediaError("too-large", message)


def _check_whole(path: Path, what: str, size: float, limits: Limits) -> None:
    if size > limits.whole:
        message = f"The {what} of {path} takes {size:.3g} bytes, more than {limits.whole}."
        raise MediaError("too-large", message)
