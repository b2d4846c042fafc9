"""Which clips are there, before anything is decoded, and why the others are not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from avbench.clips import Clip
from avbench.digests import FileDigests
from avbench.records import Progress
from avbench.results import digest_of

# A list may round its times; a clip this much shorter than the window is still whole.
ROUNDING_SECONDS = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """What was found.

    Attributes:
        digests: What each clip that can be tried contains (file digest and start), by clip id.
        reasons: Why each other clip is left out, by clip id.
        found: How many clips have a file that is not empty.
    """

    digests: Mapping[str, str]
    reasons: Mapping[str, str]
    found: int


def take_census(clips: Sequence[Clip], seconds: float, files: FileDigests, progress: Progress) -> Census:
    """Look for the clips' files and digest what they contain.

    Args:
        clips: The clips asked for.
        seconds: The window; a clip whose own bounds are closer together is ``too-short``.
        files: Digests remembered from earlier runs.
        progress: Told how many files have been looked at.
    """
    contents = files.of([clip.path for clip in clips], progress)
    digests: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for clip in clips:
        content = contents.get(clip.path)
        if content is None:
            reasons[clip.id] = _absence(clip)
        elif clip.end is not None and clip.end - clip.start < seconds - ROUNDING_SECONDS:
            reasons[clip.id] = "too-short"
        else:
            digests[clip.id] = digest_of([content, clip.start])
    return Census(digests=digests, reasons=reasons, found=sum(clip.path in contents for clip in clips))


def _absence(clip: Clip) -> str:
    try:
        return "empty" if clip.path.stat().st_size == 0 and clip.path.is_file() else "corrupt"
    except OSError:
        return "missing"
