"""The samples of a window, placed by presentation time while an audio stream is decoded."""

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
from avbench.media.timeline import AUDIO_JITTER, AUDIO_TAIL, Window, ends_early
from avbench.records import AudioInput

Samples = npt.NDArray[np.float32]

FILTER_SECONDS = 0.02


class AudioReader:
    """Takes the packets of one stream in file order and lays their samples where their timestamps say.

    Attributes:
        first: When the first decoded sample is heard, in seconds from zero; ``None`` before it.
    """

    def __init__(self, stream: AudioStream, window: Window, wanted: AudioInput) -> None:
        self.stream = stream
        self.window = window
        self.wanted = wanted
        self.first: float | None = None
        self._tick = float(stream.time_base or 0)
        self._rate = 0
        self._margin = 0
        self._laid: Samples = np.zeros((wanted.channels, 0), np.float32)
        self._cursor = 0

    @property
    def done(self) -> bool:
        """Whether the window, and what the resampling filter sees beyond it, is filled."""
        return self._rate > 0 and self._cursor >= self._laid.shape[1]

    @property
    def late(self) -> bool:
        """Whether decoding began after the window did, as it does when a seek overshoots."""
        return self.first is None or self.first > max(0.0, self.window.start - FILTER_SECONDS)

    def feed(self, packet: "Packet[Stream]") -> None:
        """Decode one packet; an empty one gives what the decoder still holds.

        Raises:
            MediaError: ``corrupt``: the sample rate changes within the stream.
        """
        for frame in self.stream.decode(packet):
            if not self._rate:
                self._allocate(frame.sample_rate)
            if frame.sample_rate != self._rate:
                message = f"The audio stream changes its rate from {self._rate} to {frame.sample_rate} Hz."
                raise MediaError("corrupt", message)
            self._lay(frame)

    def finish(self) -> Samples:
        """Return the window, ``(channel, round(seconds · sample_rate))``, float32.

        Raises:
            MediaError: ``too-short`` or ``corrupt``: the stream does not cover the window.
        """
        if self.first is None:
            raise ends_early(self.stream, self.window, None)
        length = round(self.window.seconds * self.wanted.sample_rate)
        end = self.window.start + (self._cursor - self._margin) / self._rate
        if end < self.window.end - AUDIO_TAIL:
            raise ends_early(self.stream, self.window, end)
        resampled = resample(self._laid, self._rate, self.wanted.sample_rate)
        skip = self._margin * self.wanted.sample_rate // self._rate
        return np.ascontiguousarray(resampled[:, skip : skip + length])

    def _allocate(self, rate: int) -> None:
        """Reserve the window and a margin on both sides that is whole at either rate."""
        step = rate // gcd(rate, self.wanted.sample_rate)
        self._rate = rate
        self._margin = step * ceil(FILTER_SECONDS * rate / step)
        length = 2 * self._margin + ceil(self.window.seconds * rate)
        self._laid = np.zeros((self.wanted.channels, length), np.float32)

    def _lay(self, frame: AudioFrame) -> None:
        time = None if frame.pts is None else frame.pts * self._tick - self.window.zero
        origin = round(self.window.start * self._rate) - self._margin
        position = self._cursor if time is None else round(time * self._rate) - origin
        if self.first is None:
            self.first = (position + origin) / self._rate
        elif abs(position - self._cursor) <= AUDIO_JITTER * self._rate:
            position = self._cursor
        self._cursor = position + frame.samples
        begin, stop = max(position, 0), min(self._cursor, self._laid.shape[1])
        if begin < stop:
            matrix = mixing_matrix(tuple(c.name for c in frame.layout.channels), self.wanted.channels)
            self._laid[:, begin:stop] = matrix @ as_float(frame)[:, begin - position : stop - position]


def as_float(frame: AudioFrame) -> Samples:
    """Return a decoded frame as ``(channel, time)``, float32 in [-1, 1], whatever its sample format."""
    samples = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(-1, frame.layout.nb_channels).T
    if samples.dtype == np.uint8:
        return (samples.astype(np.float32) - 128.0) / 128.0
    if np.issubdtype(samples.dtype, np.integer):
        return (samples / float(2 ** (8 * samples.itemsize - 1))).astype(np.float32)
    return samples.astype(np.float32, copy=False)
