"""Which clips are there, before anything is decoded, and why the others are not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from avbench.clips import Clip
from avbench.digests import FileDigests
from avbench.records import Progress
from avbench.results.document import digest_of

# A list may round its times; a clip this much shorter than the window is still whole.
ROUNDING_SECONDS = 1e-3
ABSENCES = {"missing": "is not there", "empty": "has no bytes", "corrupt": "is no file that can be read"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Why a clip is not evaluated: a code of :data:`avbench.clips.REASONS`, and what exactly went wrong."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """What was found.

    Attributes:
        keys: What each clip that can be tried contains, as a digest, by clip id.
        left_out: The other clips, by clip id.
        found: How many clips have a file that is not empty.
    """

    keys: Mapping[str, str]
    left_out: Mapping[str, LeftOut]
    found: int


def take_census(
    clips: Sequence[Clip], seconds: float, files: FileDigests, progress: Progress, *, by_name: bool = False
) -> Census:
    """Look for the clips' files and digest what they contain.

    Args:
        clips: The clips asked for.
        seconds: How long a clip must last; one whose own bounds are closer together is ``too-short``.
        files: Digests remembered from earlier runs.
        progress: Told how many files have been looked at.
        by_name: Whether a clip's name and truth are part of its content, as they are for a model that looks
            at them in place of the media.
    """
    contents = files.of([clip.path for clip in clips], progress)
    truths = files.of([clip.truth for clip in clips if clip.truth], progress) if by_name else {}
    keys: dict[str, str] = {}
    left_out: dict[str, LeftOut] = {}
    for clip in clips:
        content = contents.get(clip.path)
        if content is None:
            left_out[clip.id] = absence(clip)
        elif short := short_by_itself(clip, seconds):
            left_out[clip.id] = short
        else:
            name = [clip.id, truths.get(clip.truth) if clip.truth else None] if by_name else []
            keys[clip.id] = digest_of([content, clip.start, *(clip.part or ()), *name])
    found = sum(clip.path in contents for clip in clips)
    return Census(keys=keys, left_out=left_out, found=found)


def short_by_itself(clip: Clip, seconds: float) -> LeftOut | None:
    """Say that a clip is shorter than the window by its own account, if it is."""
    if clip.end is None or clip.end - clip.start >= seconds - ROUNDING_SECONDS:
        return None
    message = f"The clip lasts {clip.end - clip.start:g} s by its own account."
    return LeftOut(reason="too-short", message=message)


def absence(clip: Clip) -> LeftOut:
    """Say why a file that cannot be read, or has no bytes, is not there."""
    try:
        reason = "empty" if clip.path.stat().st_size == 0 and clip.path.is_file() else "corrupt"
    except OSError:
        reason = "missing"
    return LeftOut(reason=reason, message=f"The file {clip.path.name} {ABSENCES[reason]}.")
