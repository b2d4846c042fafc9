"""The samples of a window, placed by presentation time while an audio stream is decoded."""

from collections.abc import Sequence
from math import ceil, gcd

import numpy as np
import numpy.typing as npt
from av import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet
from av.stream import Stream

from avbench.errors import MediaError
from avbench.media.audio import resample
from avbench.media.channels import mixing_matrix
from avbench.media.timeline import (
    AUDIO_JITTER,
    CUT_PACKETS,
    PREROLL,
    Window,
    ends_early,
    tolerating,
)
from avbench.records import AudioInput
from avbench.sounds import AUDIO_TAIL

Samples = npt.NDArray[np.float32]

FILTER_SECONDS = 0.02


class AudioReader:
    """Takes the packets of one stream in file order and lays their samples where their timestamps say."""

    def __init__(self, stream: AudioStream, window: Window, wanted: AudioInput) -> None:
        self.stream = stream
        self.window = window
        self.wanted = wanted
        self.done = False
        self.filled = 0.0
        self._tick = float(stream.time_base or 0)
        self._packets = 0
        self._first: float | None = None
        self._rate = 0
        self._margin = 0
        self._length = 0
        self._cursor = 0
        # By channel layout, for a stream may change it: each holds the whole window.
        self._laid: dict[str, tuple[Samples, Samples]] = {}

    @property
    def late(self) -> bool:
        """Whether decoding began after the window did, as it does when a seek overshoots."""
        return self._first is None or self._first > max(0.0, self.window.start - FILTER_SECONDS)

    def feed(self, packet: "Packet[Stream]") -> None:
        """Decode one packet; ``done`` once the window and a margin for resampling are filled.

        Raises:
            MediaError: ``corrupt``: the sample rate changes within the stream.
        """
        if packet.pts is not None and self._time(packet.pts) < self.window.start - PREROLL:
            return
        self._packets += 1
        with tolerating(self._packets <= CUT_PACKETS):
            self._take(self.stream.decode(packet))
        self.done = self._rate > 0 and self._cursor >= self._length

    def finish(self) -> Samples:
        """Mix and resample what was laid.

        Returns:
            ``(channel, round(seconds · sample_rate))``, float32 in [-1, 1]; of an open window, what there is.

        Raises:
            MediaError: ``too-short`` or ``corrupt``: the stream does not cover the window.
        """
        if self._first is None:
            raise ends_early(self.stream, self.window, None)
        end = self.window.start + (self._cursor - self._margin) / self._rate
        if end <= self.window.start or (end < self.window.stop - AUDIO_TAIL and not self.window.open):
            early = ends_early(self.stream, self.window, end)
            if early.reason != "too-short" or not self.window.fillable(end):
                raise early
        missing = self.window.end - min(end, self.window.stop)
        self.filled = missing if missing > AUDIO_TAIL and not self.window.open else 0.0
        seconds = self.window.seconds
        if self.window.open:
            seconds = min(seconds, end - self.window.start)
        mixed = np.zeros((self.wanted.channels, self._length), np.float32)
        for weights, samples in self._laid.values():
            kept = np.array_equal(weights, np.eye(len(samples)))
            mixed += samples if kept else weights @ samples
        skip = self._margin * self.wanted.sample_rate // self._rate
        length = round(seconds * self.wanted.sample_rate)
        resampled = resample(mixed, self._rate, self.wanted.sample_rate)
        return np.ascontiguousarray(resampled[:, skip : skip + length])

    def _take(self, frames: list[AudioFrame]) -> None:
        for frame in frames:
            if not self._rate:
                self._allocate(frame.sample_rate)
            if frame.sample_rate != self._rate:
                message = f"The audio stream changes its rate from {self._rate} to {frame.sample_rate} Hz."
                raise MediaError("corrupt", message)
            self._lay(frame)

    def _time(self, pts: int) -> float:
        return pts * self._tick - self.window.zero

    def _allocate(self, rate: int) -> None:
        """Reserve the window and a margin on both sides that is whole at either rate."""
        step = rate // gcd(rate, self.wanted.sample_rate)
        self._rate = rate
        self._margin = step * ceil(FILTER_SECONDS * rate / step)
        self._length = 2 * self._margin + ceil(self.window.seconds * rate)

    def _lay(self, frame: AudioFrame) -> None:
        origin = round(self.window.start * self._rate) - self._margin
        position = self._cursor
        if frame.pts is not None:
            position = round(self._time(frame.pts) * self._rate) - origin
        if self._first is None:
            self._first = (position + origin) / self._rate
        elif abs(position - self._cursor) <= AUDIO_JITTER * self._rate:
            position = self._cursor
        self._cursor = position + frame.samples
        last = round(self.window.stop * self._rate) - origin if self.window.fit.stop else self._length
        begin, stop = max(position, 0), min(self._cursor, self._length, last)
        if begin < stop:
            wave = as_float(frame)
            for row, channel in zip(self._target(frame), wave, strict=True):
                row[begin:stop] = channel[begin - position : stop - position]

    def _target(self, frame: AudioFrame) -> Samples:
        """Return the window that frames of this layout are laid in, ``(channel, time)``."""
        layout = frame.layout
        if layout.name not in self._laid:
            names = tuple(channel.name for channel in layout.channels)
            samples = np.zeros((len(names), self._length), np.float32)
            self._laid[layout.name] = mixing_matrix(names, self.wanted.channels), samples
        return self._laid[layout.name][1]


def as_float(frame: AudioFrame) -> Sequence[Samples]:
    """Return the channels of a decoded frame, float32 in [-1, 1], whatever its sample format."""
    if frame.format.name == "fltp":
        return [np.frombuffer(memoryview(plane), np.float32, frame.samples) for plane in frame.planes]
    samples = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(-1, frame.layout.nb_channels).T
    if samples.dtype == np.uint8:
        samples = samples.astype(np.int16) - 128
        return list((samples / 128).astype(np.float32))
    if np.issubdtype(samples.dtype, np.integer):
        return list((samples / float(2 ** (8 * samples.itemsize - 1))).astype(np.float32))
    return list(samples.astype(np.float32, copy=False))
