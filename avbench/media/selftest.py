"""Does this machine's decoder keep sound and picture together? A flash and a click, written and read back.

Each case writes black silence with a white frame and a click at the same instants, encodes it as any clip is
encoded, decodes it as any clip is decoded, and looks where they have come out.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from avbench.errors import AvbenchError
from avbench.media.audio import Samples
from avbench.media.decode import read_clip
from avbench.media.encode import write_clip
from avbench.media.frames import Frames
from avbench.media.info import DecodedClip
from avbench.records import AudioInput, VideoInput

CASES = (
    (4.0, 16_000),
    (12.5, 48_000),
    (24_000 / 1001, 44_100),
    (25.0, 16_000),
    (30.0, 22_050),
    (60.0, 44_100),
)
SECONDS = 3.0
INSTANTS = (0.5, 1.25, 2.25)
SIZE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncCheck:
    """What came back of one clip.

    Attributes:
        fps: Frames a second, written and asked for.
        sample_rate: In Hz, written and asked for.
        frames: Frames that came back; ``frames_expected`` were asked for.
        frames_expected: ``round(seconds · fps)``.
        samples: Samples that came back; ``samples_expected`` were asked for.
        samples_expected: ``round(seconds · sample_rate)``.
        offset_ms: By how much the click comes after the flash, in ms; the worst of the instants.
        problem: What is wrong, or ``""``.
    """

    fps: float
    sample_rate: int
    frames: int
    frames_expected: int
    samples: int
    samples_expected: int
    offset_ms: float
    problem: str


def check_sync(cases: Sequence[tuple[float, int]] = CASES) -> Iterator[SyncCheck]:
    """Encode and decode one clip a case.

    Args:
        cases: Frames a second and sample rate in Hz, a clip each.

    Yields:
        What came back; a case that cannot be written or read says so in ``problem``.
    """
    with tempfile.TemporaryDirectory(prefix="avbench-") as folder:
        for fps, sample_rate in cases:
            try:
                yield _compare(fps, sample_rate, _round_trip(Path(folder) / "clip.mp4", fps, sample_rate))
            except AvbenchError as error:
                yield _compare(fps, sample_rate, None, error.message)


def _flashes(fps: float) -> list[int]:
    return [round(instant * fps) for instant in INSTANTS]


def _round_trip(path: Path, fps: float, sample_rate: int) -> DecodedClip:
    flashes = _flashes(fps)
    samples = np.zeros((1, round(SECONDS * sample_rate)), np.float32)
    samples[0, [round(flash / fps * sample_rate) for flash in flashes]] = 0.9
    pictures = (np.full((SIZE, SIZE, 3), 255 * (k in flashes), np.uint8) for k in range(round(SECONDS * fps)))
    write_clip(path, frames=pictures, fps=fps, samples=samples, sample_rate=sample_rate)
    video = VideoInput(fps=fps, height=SIZE, width=SIZE)
    return read_clip(path, seconds=SECONDS, video=video, audio=AudioInput(sample_rate=sample_rate))


def _compare(fps: float, sample_rate: int, clip: DecodedClip | None, problem: str = "") -> SyncCheck:
    """Hold what came back against what was written."""
    frames = np.zeros((0, 3, 1, 1), np.uint8) if clip is None or clip.frames is None else clip.frames
    samples = np.zeros((1, 0), np.float32) if clip is None or clip.samples is None else clip.samples
    expected = round(SECONDS * fps), round(SECONDS * sample_rate)
    offset = 0.0
    if not problem and (len(frames), samples.shape[1]) != expected:
        problem = "another number of frames or samples came back than was asked for"
    elif not problem:
        offset, misplaced = _offsets(fps, sample_rate, frames, samples)
        if abs(offset) > 0.5 / fps:
            problem = f"the click comes {1000 * offset:+.1f} ms after the flash, more than half a frame"
        elif abs(misplaced) > 0.5 / fps:
            problem = f"the flash comes {1000 * misplaced:+.1f} ms after it was written"
    return SyncCheck(
        fps=fps,
        sample_rate=sample_rate,
        frames=len(frames),
        frames_expected=expected[0],
        samples=samples.shape[1],
        samples_expected=expected[1],
        offset_ms=1000 * offset,
        problem=problem,
    )


def _offsets(fps: float, sample_rate: int, frames: Frames, samples: Samples) -> tuple[float, float]:
    """Return how late clicks are after flashes, and flashes after their writing: the worst, in seconds."""
    brightness, loudness = frames.mean((1, 2, 3)), np.abs(samples[0])
    pairs: list[tuple[float, float]] = []
    for written in _flashes(fps):
        instant = written / fps
        flash = _peak(brightness, fps, instant)
        pairs.append((_peak(loudness, sample_rate, instant) - flash, flash - instant))
    return max((late for late, _ in pairs), key=abs), max((late for _, late in pairs), key=abs)


def _peak(levels: npt.NDArray[np.floating], rate: float, instant: float) -> float:
    """Return when ``levels`` are highest within 0.3 s of ``instant``, in seconds."""
    first = max(0, round((instant - 0.3) * rate))
    return (first + int(levels[first : round((instant + 0.3) * rate) + 1].argmax())) / rate
