"""How much of a list is on disk, and fit to be used: counted as a run would count it, before one starts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from avbench.clips import Clip
from avbench.index.entries import Entry

ROUNDING_SECONDS = 0.05
"""Seconds by which a declared length may fall short: a container rounds to its last packet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Some clips, and how many are left after each condition; every count is of clips that pass those before.

    Attributes:
        name: Of the list or the class.
        asked: Clips that are asked for.
        found: Of those, clips with a file.
        opened: Of those, files that could be opened.
        sound_and_picture: Of those, files with both streams.
        long_enough: Of those, files that by their own account last as long as is asked.
    """

    name: str
    asked: int
    found: int
    opened: int
    sound_and_picture: int
    long_enough: int


def coverage(
    clips: Sequence[Clip], entries: Mapping[Path, Entry], *, name: str, seconds: float
) -> tuple[Share, tuple[Share, ...]]:
    """Count a list, and each of its classes.

    Args:
        clips: The clips asked for, those that are not on disk with a path that does not exist.
        entries: What the index says, by path.
        name: The list's name.
        seconds: How long a clip must last.

    Returns:
        The whole, and one share a class, the least found first. A clip of several classes counts in each.
    """
    reached = {clip.id: _reached(clip, entries.get(clip.path), seconds) for clip in clips}
    classes: dict[str, list[Clip]] = {}
    for clip in clips:
        for each in clip.classes:
            classes.setdefault(each, []).append(clip)
    shares = [_share(each, (reached[clip.id] for clip in some)) for each, some in classes.items()]
    shares.sort(key=lambda share: (share.long_enough / share.asked, share.name))
    return _share(name, reached.values()), tuple(shares)


def _reached(clip: Clip, entry: Entry | None, seconds: float) -> int:
    """Return how many conditions a clip meets, one after the other."""
    if entry is None:
        return 0
    end = clip.end if clip.end is not None else entry.seconds or 0.0
    conditions = (
        entry.reason is None,
        bool(entry.video and entry.audio),
        min(end, entry.seconds or 0.0) - clip.start >= seconds - ROUNDING_SECONDS,
    )
    return 1 + next((place for place, met in enumerate(conditions) if not met), len(conditions))


def _share(name: str, reached: Iterable[int]) -> Share:
    counts = Counter(reached)
    found, opened, both, long_enough = (
        sum(count for met, count in counts.items() if met >= least) for least in range(1, 5)
    )
    return Share(
        name=name,
        asked=counts.total(),
        found=found,
        opened=opened,
        sound_and_picture=both,
        long_enough=long_enough,
    )
