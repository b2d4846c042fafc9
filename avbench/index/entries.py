"""One line of an index: a file and what it holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from avbench.index.tree import Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A media file; what it lacks, or its container does not say, is ``None``.

    Attributes:
        path: Below the root, with ``/`` on every system.
        bytes: Its size.
        mtime_ns: When it was last written, in nanoseconds.
        probed_ns: When it was probed, in nanoseconds.
        seconds: Declared length from the file's zero.
        container: FFmpeg's name of the format.
        video: FFmpeg's name of the video codec.
        fps: Mean frames a second.
        width: Columns as shown, in pixels.
        height: Rows as shown, in pixels.
        video_start: When the first frame is shown, in seconds from the file's zero.
        audio: FFmpeg's name of the audio codec.
        sample_rate: In Hz.
        channels: How many.
        audio_start: When the first sample is heard, in seconds from the file's zero.
        digest: SHA-256 of its bytes, if it was asked for.
        reason: A code of :data:`avbench.clips.REASONS` if it cannot be opened.
        message: What is wrong, in a sentence.
    """

    path: str
    bytes: int
    mtime_ns: int
    probed_ns: int
    seconds: float | None = None
    container: str | None = None
    video: str | None = None
    fps: float | None = None
    width: int | None = None
    height: int | None = None
    video_start: float | None = None
    audio: str | None = None
    sample_rate: int | None = None
    channels: int | None = None
    audio_start: float | None = None
    digest: str | None = None
    reason: str | None = None
    message: str | None = None


def entry_of(path: str, stamp: Stamp, probed_ns: int, facts: Mapping[str, Any]) -> Entry:
    """Return the entry of a file that :func:`avbench.media.probing.probe_files` told about."""
    known: dict[str, Any] = {
        "path": path,
        "bytes": stamp.bytes,
        "mtime_ns": stamp.mtime_ns,
        "probed_ns": probed_ns,
    }
    if "reason" in facts:
        return Entry(**known, reason=facts["reason"], message=facts["message"])
    video, audio = facts["video"] or {}, facts["audio"] or {}
    return Entry(
        **known,
        seconds=facts["seconds"],
        container=facts["container"],
        video=video.get("codec"),
        fps=video.get("fps"),
        width=video.get("width"),
        height=video.get("height"),
        video_start=video.get("start"),
        audio=audio.get("codec"),
        sample_rate=audio.get("sample_rate"),
        channels=audio.get("channels"),
        audio_start=audio.get("start"),
        digest=facts["digest"],
    )
