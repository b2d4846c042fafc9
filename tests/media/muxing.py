"""Files with streams no tidy encoder would write: any timestamps, any codec, numbered frames."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

BITS = 8
BLOCK = 8
FAST = {"crf": "10", "preset": "ultrafast"}


def numbered_frame(number: int) -> npt.NDArray[np.uint8]:
    """Return a (2 · BLOCK, BITS · BLOCK, 3) picture that shows ``number`` as black and white blocks."""
    bits = [(number >> bit) & 1 for bit in range(BITS)]
    row = np.repeat(np.array(bits, np.uint8) * 255, BLOCK)
    return np.broadcast_to(row[None, :, None], (2 * BLOCK, BITS * BLOCK, 3)).copy()


def read_number(planes: npt.NDArray[np.uint8]) -> int:
    """Return the number that a (channel, height, width) picture shows."""
    blocks = planes.mean((0, 1)).reshape(BITS, -1).mean(1)
    return sum(1 << bit for bit, level in enumerate(blocks) if level > 127)


def read_numbers(frames: npt.NDArray[np.uint8] | None) -> list[int]:
    assert frames is not None
    return [read_number(planes) for planes in frames]


def click(rate: int, seconds: float, instants: Sequence[float], channels: int = 1) -> npt.NDArray[np.float32]:
    samples = np.zeros((channels, round(rate * seconds)), np.float32)
    for instant in instants:
        samples[:, round(instant * rate)] = 0.8
    return samples


def mux(
    path: Path,
    *,
    frames: Sequence[tuple[float, npt.NDArray[np.uint8]]] = (),
    tick: Fraction = Fraction(1, 90_000),
    codec: str = "libx264",
    sound: Sequence[tuple[float, npt.NDArray[np.float32]]] = (),
    rate: int = 16_000,
    layout: str = "mono",
    audio_codec: str = "aac",
    turn: int = 0,
    codec_options: dict[str, str] | None = None,
    muxer_options: dict[str, str] | None = None,
) -> Path:
    """Write frames and stretches of samples at exactly the given presentation times, in seconds."""
    with av.open(str(path), "w", options=muxer_options or {}) as file:
        video = audio = None
        if frames:
            video = file.add_stream(codec, rate=25, options=codec_options or FAST)
            video.height, video.width, _ = frames[0][1].shape
            video.pix_fmt, video.codec_context.time_base = "yuv420p", tick
            if turn:
                video.set_display_rotation(turn)
        if sound:
            audio = file.add_stream(audio_codec, rate=rate, layout=layout)
        packets = [*video_packets(video, frames, tick), *audio_packets(audio, sound, rate, layout)]
        packets.sort(key=lambda packet: float((packet.dts or 0) * packet.time_base))
        file.mux(packets)
    return path


def video_packets(
    stream: Any, frames: Sequence[tuple[float, npt.NDArray[np.uint8]]], tick: Fraction
) -> Iterator[Any]:
    for time, picture in frames:
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = round(time / tick), tick
        yield from stream.encode(frame)
    if stream is not None:
        yield from stream.encode(None)


def audio_packets(
    stream: Any, sound: Sequence[tuple[float, npt.NDArray[np.float32]]], rate: int, layout: str
) -> Iterator[Any]:
    for time, samples in sound:
        block = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), "fltp", layout)
        block.sample_rate, block.pts, block.time_base = rate, round(time * rate), Fraction(1, rate)
        yield from stream.encode(block)
    if stream is not None:
        yield from stream.encode(None)
