"""What can be wrong with a media file, and where a measured number begins to mean it.

All limits are ours; ``silent`` and ``still`` are what they are where offsets are sought
(:mod:`avbench.runs.synchronizability`).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from avbench.clips import REASONS
from avbench.index.entries import Entry
from avbench.media.info import Measured
from avbench.media.measure import QUIET, STILL

CODES: Mapping[str, str] = {
    **{
        code: REASONS[code]
        for code in ("missing", "empty", "corrupt", "timeout", "too-large", "no-audio", "no-video")
    },
    "not-finite": REASONS["not-finite"],
    "too-short": "a stream ends more than 0.1 s before the length asked for by --seconds",
    "silent": "no sample reaches -60 dB of full scale",
    "still": "no pixel, of 32 × 32, changes by more than 4 grey levels between two frames, at 12.5 a second",
    "clipped": "more than 0.5 % of the samples of a channel are at full scale",
    "stream-offset": "one stream begins more than 0.1 s after the other",
    "variable-rate": "more than 2 % of the intervals between frames differ from the usual one by over a half",
    "duplicate": "another file, earlier in the order of the paths, has the same bytes",
}

SHORT_SECONDS = 0.1
CLIPPED = 0.005
OFFSET_SECONDS = 0.1
UNEVEN = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong with one file; a file may have several.

    Attributes:
        path: The file, below the root; of a missing one the id of the clip that a list asks for.
        code: A key of :data:`CODES`.
        message: What exactly, in a sentence.
    """

    path: str
    code: str
    message: str


def judged(entry: Entry, measured: Measured, seconds: float | None) -> Iterator[tuple[str, str]]:
    """Yield code and message of what is wrong with a file that could be decoded.

    Args:
        entry: What its header says.
        measured: What decoding it showed.
        seconds: How long it is to last; ``None`` if that is not judged.
    """
    for kind, there in (("audio", entry.audio), ("video", entry.video)):
        if there is None:
            yield f"no-{kind}", f"The file has no {kind} stream."
    for kind, end in (("sound", measured.sound_end), ("picture", measured.picture_end)):
        if seconds is not None and end is not None and end < seconds - SHORT_SECONDS:
            yield "too-short", f"The {kind} ends at {end:.3f} s."
    if measured.peak is not None and not math.isfinite(measured.peak):
        yield "not-finite", "Not every sample is a finite number."
    if measured.peak is not None and measured.peak < QUIET:
        yield "silent", f"The largest sample is {measured.peak:.2g} of full scale."
    if measured.motion is not None and measured.motion <= STILL:
        yield "still", f"No pixel changes by more than {measured.motion:.2g} grey levels."
    if measured.clipped is not None and measured.clipped > CLIPPED:
        yield "clipped", f"{measured.clipped:.2%} of the samples are at full scale."
    late = (entry.audio_start or 0.0) - (entry.video_start or 0.0)
    if entry.audio and entry.video and abs(late) > OFFSET_SECONDS:
        which = "sound" if late > 0 else "picture"
        yield "stream-offset", f"The {which} begins {abs(late):.3f} s after the other stream."
    if measured.uneven is not None and measured.uneven > UNEVEN:
        yield "variable-rate", f"{measured.uneven:.0%} of the intervals between frames are unusual."


def duplicates(entries: Sequence[Entry]) -> Iterator[Finding]:
    """Yield every file whose bytes are those of an earlier one."""
    first: dict[str, str] = {}
    for entry in entries:
        if entry.digest is not None and first.setdefault(entry.digest, entry.path) != entry.path:
            message = f"The bytes are those of {first[entry.digest]}."
            yield Finding(path=entry.path, code="duplicate", message=message)
