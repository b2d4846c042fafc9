"""The frames of a window, picked by presentation time."""

import numpy as np
from av import VideoFrame
from av.packet import Packet
from av.stream import Stream
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from avbench.errors import MediaError
from avbench.media.frames import Frames, scale_into
from avbench.media.timeline import (
    CUT_PACKETS,
    LATE_FIRST_FRAME,
    Window,
    ends_early,
    shown_instants,
    timestamp_slack,
    tolerating,
)
from avbench.records import VideoInput

# Their frames that no other frame refers to can be left undecoded without changing any other.
SKIPPABLE = frozenset({"h264", "hevc"})


class VideoReader:
    """Collects the packets of one stream, then decodes the frames shown at the window's instants."""

    def __init__(self, stream: VideoStream, window: Window, wanted: VideoInput) -> None:
        self.stream = stream
        self.window = window
        self.instants = shown_instants(window, wanted.fps)
        self.done = False
        self.filled = 0.0 if window.fit.frame_at is not None else window.end - window.stop
        self._frames: Frames = np.empty((len(self.instants), 3, wanted.height, wanted.width), np.uint8)
        self._tick = float(stream.time_base or 0)
        self._period = float(1 / stream.average_rate) if stream.average_rate else 0.0
        self._slack = timestamp_slack(self._tick, self._period)
        self._packets: list[Packet[Stream]] = []
        self._filled = 0
        self._held: VideoFrame | None = None
        self._held_from = 0.0
        self._scaler = VideoReformatter()

    @property
    def late(self) -> bool:
        """Whether decoding can only begin after the window does, as when a seek overshoots."""
        keys = (packet.pts for packet in self._packets if packet.is_keyframe and packet.pts is not None)
        first = next(keys, None)
        return first is None or self._time(first) > self.window.start + self._slack

    def feed(self, packet: "Packet[Stream]") -> None:
        """Keep one packet; ``done`` once no later one can be shown within the window."""
        if packet.size:
            self._packets.append(packet)
        decoding_time = packet.dts if packet.dts is not None else packet.pts
        if decoding_time is not None:
            self.done = self._time(decoding_time) > self.instants[-1] + self._slack

    def finish(self) -> Frames:
        """Decode what was kept, and no frame that is neither shown nor referred to.

        Returns:
            ``(time, channel=3, height, width)``, uint8 RGB.

        Raises:
            MediaError: ``too-short`` or ``corrupt``: the stream does not cover the window.
        """
        shown = self._shown()
        # What comes before the first key frame cannot be decoded; some formats flag no key frames.
        key = next((index for index, packet in enumerate(self._packets) if packet.is_keyframe), 0)
        for index, packet in enumerate(self._packets[key:]):
            if shown is not None:
                self.stream.codec_context.skip_frame = "DEFAULT" if packet.pts in shown else "NONREF"
            with tolerating(index < CUT_PACKETS):
                self._take(self.stream.decode(packet))
        self._take(self.stream.decode(None))
        self._hold_last()
        return self._frames

    def _time(self, pts: int) -> float:
        return pts * self._tick - self.window.zero

    def _shown(self) -> set[int] | None:
        """Return the timestamps of the frames that will be shown, or ``None`` where that cannot be known."""
        stamps = [packet.pts for packet in self._packets if packet.pts is not None]
        unclear = not stamps or len(set(stamps)) < len(self._packets)
        if unclear or self.stream.codec_context.name not in SKIPPABLE:
            return None
        order = np.sort(np.array(stamps))
        times = order * self._tick - self.window.zero
        indices = np.searchsorted(times, self.instants + self._slack, side="right") - 1
        return set(order[np.maximum(indices, 0)].tolist())

    def _take(self, frames: list[VideoFrame]) -> None:
        """Take decoded frames in the order they are shown; each ends the one before."""
        for frame in frames:
            time = self._held_from + self._period if frame.pts is None else self._time(frame.pts)
            if self._held is None:
                late = time - self.window.start
                if late > max(LATE_FIRST_FRAME, self._slack):
                    raise MediaError(
                        "too-short", f"The video stream begins {late:.3f} s after the window does."
                    )
            elif time < self._held_from:
                continue
            else:
                self._fill(before=time)
            self._held, self._held_from = frame, time

    def _hold_last(self) -> None:
        """Show the last frame over the instants that are left."""
        if self._held is None:
            raise ends_early(self.stream, self.window, None)
        end = self._held_from + ((self._held.duration or 0) * self._tick or self._period)
        if self.instants[-1] > end + self._period - self._slack:
            early = ends_early(self.stream, self.window, end)
            if early.reason != "too-short" or not self.window.fillable(end):
                raise early
            self.filled = self.window.end - end
        self._fill(before=np.inf)

    def _fill(self, *, before: float) -> None:
        """Give the held frame to the instants left that come before the next one is shown."""
        stop = self._filled
        while stop < len(self.instants) and self.instants[stop] + self._slack < before:
            stop += 1
        if stop > self._filled and self._held is not None:
            self._show(self._held, self._frames[self._filled])
            self._frames[self._filled + 1 : stop] = self._frames[self._filled]
            self._filled = stop

    def _show(self, frame: VideoFrame, planes: Frames) -> None:
        """Write ``frame`` to ``planes``, scaled and turned upright."""
        turns = round(frame.rotation / 90) % 4
        if not turns:
            scale_into(planes, frame, self._scaler)
            return
        turned = np.empty_like(np.rot90(planes, turns, (1, 2)))
        scale_into(turned, frame, self._scaler)
        planes[:] = np.rot90(turned, turns, (1, 2))
