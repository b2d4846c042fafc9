"""Write media files: H.264 and AAC in mp4, mov or mkv, PCM in wav; the same bytes for the same input."""

import contextlib
import heapq
import os
from collections.abc import Generator, Iterable, Iterator
from fractions import Fraction
from itertools import chain, count
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from av.video.stream import VideoStream

from avbench.errors import StorageError
from avbench.media.audio import Samples
from avbench.media.frames import AREA, Frames
from avbench.sounds import Sound

FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
# No version strings in the file; the index before the data, where the format has a choice.
BITEXACT = {"fflags": "+bitexact"}
FASTSTART = {"mp4": {"movflags": "+faststart"}, "mov": {"movflags": "+faststart"}}
KEYFRAME_SECONDS = 2
AUDIO_BLOCK = 4096
LAYOUTS = {1: "mono", 2: "stereo"}
FULL_SCALE = 32_768
# What AAC is sampled at here, in Hz; another sound is resampled to the last.
AAC_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)

Encoded = tuple[float, list[Packet]]


def write_clip(
    path: Path,
    *,
    frames: Iterable[Frames] | None,
    fps: Fraction | float,
    samples: Samples | None,
    sample_rate: int,
    crf: int = 20,
    preset: str = "veryfast",
    audio_bitrate: int = 96_000,
    ticks: Iterable[int] | None = None,
    sound_start: float = 0.0,
) -> None:
    """Encode a clip to ``path``; a file of that name appears complete or not at all.

    Both streams begin at presentation time 0, unless told otherwise. Colours are stored as BT.601, limited
    range, 4:2:0, and say so.

    Args:
        path: Ends in ``.mp4``, ``.m4v``, ``.mov`` or ``.mkv``; an existing file is replaced.
        frames: Each ``(height, width, channel=3)``, uint8 RGB, even sizes, taken one at a time; ``None`` for
            no video.
        fps: Frames a second.
        samples: ``(channel, time)``, float32 in [-1, 1], 1 or 2 channels; ``None`` for no audio.
        sample_rate: Of ``samples``, in Hz.
        crf: x264's constant rate factor, 0 (lossless) to 51.
        preset: x264's speed preset.
        audio_bitrate: Of the AAC stream, in bits a second.
        ticks: When each frame is shown, in units of ``1 / fps``, rising; ``None`` for 0, 1, 2 …
        sound_start: When the first sample is heard, in seconds.

    Raises:
        ValueError: Nothing to write, an odd frame size, or a file name of another format.
        StorageError: The file cannot be written.
    """
    if path.suffix.lower() not in FORMATS:
        raise ValueError(f"clips are written to {', '.join(FORMATS)} files, not to {path.suffix!r}")
    pictures = iter(frames) if frames is not None else iter(())
    first = next(pictures, None)
    if first is None and samples is None:
        raise ValueError("a clip needs frames, samples or both")
    container = FORMATS[path.suffix.lower()]
    rate = Fraction(fps).limit_denominator(1_000_000)
    options = BITEXACT | FASTSTART.get(container, {})
    with replacing(path) as part, av.open(str(part), "w", container, options=options) as file:
        encoders: list[Iterator[Encoded]] = []
        if first is not None:
            video = _add_video(file, first.shape, rate, crf, preset)
            encoders.append(_encode_video(video, chain([first], pictures), rate, ticks or count()))
        if samples is not None:
            audio = add_audio(file, samples, sample_rate, audio_bitrate)
            encoders.append(encode_audio(audio, samples, sample_rate, round(sound_start * sample_rate)))
        for _, packets in heapq.merge(*encoders, key=lambda encoded: encoded[0]):
            file.mux(packets)


@contextlib.contextmanager
def replacing(path: Path) -> Generator[Path, None, None]:
    """Yield a name beside ``path`` that becomes ``path`` on success and vanishes on failure."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(path)
    except OSError as error:
        raise StorageError(
            f"The clip {path} cannot be written: {error.strerror or error}.",
            hint="Free some disk space or choose a folder that can be written.",
        ) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _add_video(
    file: OutputContainer, shape: tuple[int, ...], rate: Fraction, crf: int, preset: str
) -> VideoStream:
    height, width, channels = shape
    if height % 2 or width % 2 or channels != 3:
        raise ValueError(f"frames must be (even height, even width, 3), not {shape}")
    options = {"crf": str(crf), "preset": preset, "g": str(max(1, round(KEYFRAME_SECONDS * rate)))}
    # x264's macroblock tree reads memory it never wrote, and the number of threads changes the bytes.
    options |= {"x264-params": "mbtree=0", "threads": "1"}
    stream = file.add_stream("libx264", rate=rate, options=options)
    stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
    context = stream.codec_context
    context.time_base = 1 / rate
    context.colorspace, context.color_range = Colorspace.ITU601, ColorRange.MPEG
    return stream


def write_sound(path: Path, sound: Sound) -> None:
    """Write a sound as 16-bit PCM to a ``.wav`` file that appears complete or not at all.

    Args:
        path: An existing file is replaced.
        sound: One or two channels; values beyond ±1 are clipped.

    Raises:
        StorageError: The file cannot be written.
    """
    whole = np.rint(sound.samples * FULL_SCALE).clip(-FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
    layout, tick = LAYOUTS[len(whole)], Fraction(1, sound.sample_rate)
    with replacing(path) as part, av.open(str(part), "w", "wav", options=BITEXACT) as file:
        stream = file.add_stream("pcm_s16le", rate=sound.sample_rate, layout=layout)
        for start in range(0, whole.shape[1], AUDIO_BLOCK):
            block = np.ascontiguousarray(whole[:, start : start + AUDIO_BLOCK].T).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(block, "s16", layout)
            frame.sample_rate, frame.pts, frame.time_base = sound.sample_rate, start, tick
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


def add_audio(file: OutputContainer, samples: Samples, sample_rate: int, bitrate: int) -> AudioStream:
    """Add an AAC stream for ``samples``, ``(1 or 2 channels, time)``, to a file that is being written."""
    layout = LAYOUTS.get(len(samples))
    if layout is None:
        raise ValueError(f"samples must be (1 or 2 channels, time), not {samples.shape}")
    # A quarter of the time of the default search, with as little noise at these rates.
    stream = file.add_stream("aac", rate=sample_rate, layout=layout, options={"aac_coder": "fast"})
    stream.bit_rate = bitrate
    return stream


def _encode_video(
    stream: VideoStream, pictures: Iterable[Frames], rate: Fraction, ticks: Iterable[int]
) -> Iterator[Encoded]:
    converter = VideoReformatter()
    time = 0.0
    for index, picture in zip(ticks, pictures, strict=False):
        rgb = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        frame = converter.reformat(
            rgb,
            format="yuv420p",
            interpolation=AREA,
            threads=1,
            dst_colorspace=Colorspace.ITU601,
            dst_color_range=ColorRange.MPEG,
        )
        frame.pts, frame.time_base = index, 1 / rate
        time = float(index / rate)
        yield time, stream.encode(frame)
    yield time, stream.encode(None)


def encode_audio(
    stream: AudioStream, samples: Samples, sample_rate: int, first: int = 0
) -> Iterator[Encoded]:
    """Yield the packets of ``samples``, ``(channel, time)``, with the instants they begin at, in seconds.

    The first sample is heard ``first`` samples after 0.
    """
    layout = stream.codec_context.layout.name
    time = 0.0
    for start in range(0, samples.shape[1], AUDIO_BLOCK):
        block = np.ascontiguousarray(samples[:, start : start + AUDIO_BLOCK], np.float32)
        frame = av.AudioFrame.from_ndarray(block, "fltp", layout)
        frame.sample_rate, frame.pts, frame.time_base = sample_rate, first + start, Fraction(1, sample_rate)
        time = (first + start) / sample_rate
        yield time, stream.encode(frame)
    yield time, stream.encode(None)
