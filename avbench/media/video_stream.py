"""The frames of a window, picked by presentation time while a video stream is decoded."""

import numpy as np
import numpy.typing as npt
from av import VideoFrame
from av.packet import Packet
from av.stream import Stream
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from avbench.errors import MediaError
from avbench.media.frames import scale
from avbench.media.timeline import LATE_FIRST_FRAME, Window, ends_early, frame_instants, timestamp_slack
from avbench.records import VideoInput


class VideoReader:
    """Takes the packets of one stream in file order and keeps the frames shown at the window's instants.

    Attributes:
        frames: ``(time, channel=3, height, width)``, uint8 RGB.
        first: When the first decoded frame is shown, in seconds from zero; ``None`` before it.
    """

    def __init__(self, stream: VideoStream, window: Window, wanted: VideoInput) -> None:
        self.stream = stream
        self.window = window
        self.instants = frame_instants(window.start, window.seconds, wanted.fps)
        shape = (len(self.instants), 3, wanted.height, wanted.width)
        self.frames: npt.NDArray[np.uint8] = np.empty(shape, np.uint8)
        self.first: float | None = None
        self._tick = float(stream.time_base or 0)
        self._period = float(1 / stream.average_rate) if stream.average_rate else 0.0
        self._slack = timestamp_slack(self._tick, self._period)
        self._filled = 0
        self._held: VideoFrame | None = None
        self._held_from = 0.0
        self._scaler = VideoReformatter()

    @property
    def done(self) -> bool:
        """Whether every instant has its frame."""
        return self._filled == len(self.instants)

    @property
    def late(self) -> bool:
        """Whether decoding began after the window did, as it does when a seek overshoots."""
        return self.first is None or self.first > self.window.start + self._slack

    def feed(self, packet: "Packet[Stream]") -> None:
        """Decode one packet; an empty one gives what the decoder still holds."""
        for frame in self.stream.decode(packet):
            time = self._time(frame)
            if self.first is None:
                self.first = time
            elif time < self._held_from:
                continue
            else:
                self._fill(before=time)
            self._held, self._held_from = frame, time
            if self.done:
                return

    def finish(self) -> npt.NDArray[np.uint8]:
        """Return the frames, ``(time, channel=3, height, width)``, the last one held as far as it may be.

        Raises:
            MediaError: ``too-short`` or ``corrupt``: the stream does not cover the window.
        """
        if self._held is None or self.first is None:
            raise ends_early(self.stream, self.window, None)
        gap = self.first - self.window.start
        if gap > max(LATE_FIRST_FRAME, self._slack):
            raise MediaError("too-short", f"The video stream begins {gap:.3f} s after the window does.")
        if self.done:
            return self.frames
        end = self._held_from + max((self._held.duration or 0) * self._tick, self._period)
        if self.instants[-1] >= end + self._period + self._slack:
            raise ends_early(self.stream, self.window, end)
        self._fill(before=np.inf)
        return self.frames

    def _time(self, frame: VideoFrame) -> float:
        if frame.pts is None:
            return 0.0 if self._held is None else self._held_from + self._period
        return frame.pts * self._tick - self.window.zero

    def _fill(self, *, before: float) -> None:
        """Give the held frame to every instant whose successor is shown from ``before`` on."""
        stop = int(np.searchsorted(self.instants + self._slack, before, side="left"))
        if stop <= self._filled or self._held is None:
            return
        self.frames[self._filled : stop] = self._picture(self._held).transpose(2, 0, 1)
        self._filled = stop

    def _picture(self, frame: VideoFrame) -> npt.NDArray[np.uint8]:
        """Return ``frame`` scaled and turned upright, ``(height, width, channel=3)``."""
        height, width = self.frames.shape[2:]
        turns = round(frame.rotation / 90) % 4
        if turns % 2:
            height, width = width, height
        return np.rot90(scale(self._scaler, frame, height, width), turns)
