"""One clock for both streams, and what is shown and heard at an instant of it.

**Zero** of a file is its container's start: the earliest presentation time of its streams, without what a
decoder discards (AAC priming, what an edit list cuts away), and never below 0 on the file's own clock, since
what lies before 0 is not presented. Both streams are placed by their timestamps from there: a stream that
starts late is late.

**Video.** Frame ``k`` of a window shows the instant ``start + k / fps``: the last source frame whose
presentation time is not after it. Timestamps are rounded to their container's clock, so "not after" allows
one tick or 1 ms, whichever is longer, but at most half a source frame. Where the first frame comes late by at
most 0.25 s it is shown from zero on; at the end the last frame may be held for one source frame period.

**Audio.** A sample stands where its timestamp says, to the nearest source sample. Timestamps that jitter by
up to 5 ms are taken as continuous; over a longer gap, and before a late start, there is silence. At the end
at most 100 ms of silence is added.

**Short clips.** Where a window says how long a stream must last at least (:class:`avbench.media.info.Fit`),
one that does is filled up to the end: with silence, or with its last frame. A stream that ends before its
container says is ``corrupt`` all the same.
"""

import contextlib
from dataclasses import dataclass, field

import av
import numpy as np
import numpy.typing as npt
from av.container import Container
from av.error import InvalidDataError
from av.stream import Stream

from avbench.errors import MediaError
from avbench.media.info import Fit

TIMESTAMP_ROUNDING = 1e-3
LATE_FIRST_FRAME = 0.25
AUDIO_JITTER = 5e-3
DECLARED_EXCESS = 0.25
# A stream cut out of a longer one may refer to what is not there; H.264 keeps at most 16 frames to refer to.
CUT_PACKETS = 16
# What a decoder must have heard before its output is right: several MP3 or HE-AAC frames.
PREROLL = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The stretch of a file that is read, in seconds from the file's zero.

    Attributes:
        start: Where the window begins.
        seconds: How long it is.
        zero: The file's zero on its own clock, in seconds; known once the file is open.
        open: Whether the stream may end before the window does.
        fit: How a stream is brought to it.
    """

    start: float
    seconds: float
    zero: float = 0.0
    open: bool = False
    fit: Fit = field(default_factory=Fit)

    @property
    def end(self) -> float:
        """Where the window ends."""
        return self.start + self.seconds

    @property
    def stop(self) -> float:
        """Where the clip ends, if that is before the window does."""
        return self.end if self.fit.stop is None else min(self.end, self.fit.stop)

    def fillable(self, end: float) -> bool:
        """Whether a stream that ends at ``end`` lasts long enough to be filled up."""
        shortest = self.fit.shortest
        return shortest is not None and end >= self.start + shortest - TIMESTAMP_ROUNDING


def file_zero(file: Container) -> float:
    """Return the file's zero on its own clock, in seconds."""
    start = getattr(file, "start_time", None)
    return max(0.0, start / av.time_base) if start is not None else 0.0


def frame_instants(start: float, seconds: float, fps: float) -> npt.NDArray[np.float64]:
    """Return the ``round(seconds · fps)`` instants that a window's frames show, in seconds from zero."""
    return start + np.arange(round(seconds * fps)) / fps


def shown_instants(window: Window, fps: float) -> npt.NDArray[np.float64]:
    """Return the instants of a window's frames as they fit it: one throughout, or none after its stop."""
    instants = frame_instants(window.start, window.seconds, fps)
    if window.fit.frame_at is not None:
        return np.full_like(instants, window.start + window.fit.frame_at)
    before = instants[instants < window.stop - TIMESTAMP_ROUNDING]
    return np.minimum(instants, before[-1]) if len(before) else instants


def timestamp_slack(tick: float, period: float) -> float:
    """Return by how much a timestamp may exceed an instant and still count as not after it, in seconds.

    Args:
        tick: One unit of the stream's clock, in seconds.
        period: One source frame, in seconds.
    """
    return min(max(tick, TIMESTAMP_ROUNDING), period / 2)


def ends_early(stream: Stream, window: Window, end: float | None) -> MediaError:
    """Return the error for a stream that was read to its end and does not fill the window.

    Args:
        stream: The stream.
        window: What was asked for.
        end: Where it ends, in seconds from zero; ``None`` if nothing of it could be decoded.

    Returns:
        ``corrupt`` where the container declares more than there is, else ``too-short``.
    """
    tick = float(stream.time_base or 0)
    declared = ((stream.start_time or 0) + (stream.duration or 0)) * tick - window.zero
    found = "holds nothing that can be decoded" if end is None else f"ends at {end:.3f} s"
    if declared > (end or 0.0) + DECLARED_EXCESS:
        message = f"The {stream.type} stream {found}, though the file declares {declared:.3f} s."
        return MediaError("corrupt", message)
    return MediaError(
        "too-short", f"The {stream.type} stream {found}, before the window's {window.end:.3f} s."
    )


def tolerating(tolerated: bool) -> contextlib.AbstractContextManager[None]:
    """Pass over what a decoder cannot read where that is ``tolerated``."""
    return contextlib.suppress(InvalidDataError) if tolerated else contextlib.nullcontext()
