"""Which clips of a run are shown: the best, the worst and some evenly between, by a number that is named."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from avbench.tasks.generation_pairs import SoundRecord

ONSETS = "onset.f1@0.1"
ONSET_TOLERANCE = "0.1"
# Of a family that has a member for each network, the first network's.
CRITERIA = {ONSETS: True, "envelope.correlation": True, "kl": False, "av-similarity": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The clips of a run from the best to the worst.

    Attributes:
        clips: Their ids; those of equal numbers in the order of their ids.
        by: Ids of the numbers they are ordered by, the first first; none if no number is defined.
    """

    clips: tuple[str, ...]
    by: tuple[str, ...]


def ranked(records: Sequence[SoundRecord]) -> Ranking:
    """Order clips by what was measured of the sounds made for them.

    Onset F1 at 0.1 s comes first; what it does not tell apart, the correlation of envelopes does, then the
    divergence. Of several sounds a clip has the mean, or the F1 of all their onsets. A clip that a number is
    not defined for comes after those it is.

    Args:
        records: At least one sound of each clip.
    """
    of: dict[str, list[SoundRecord]] = {}
    for record in records:
        of.setdefault(record.clip, []).append(record)
    criteria = _criteria(records)

    def place(clip: str) -> list[tuple[bool, float] | str]:
        values = [criterion(of[clip]) for criterion in criteria.values()]
        return [*((value is None, -(value or 0.0)) for value in values), clip]

    return Ranking(clips=tuple(sorted(of, key=place)), by=tuple(criteria))


def spread(clips: int, shown: int) -> list[int]:
    """Return places 0 … ``clips - 1`` to show, in order: the ends, the middle, the quartiles, and so on.

    Each further place is the middle of the widest gap, the first of equal ones.

    >>> spread(201, 5), spread(201, 7), spread(3, 12)
    ([0, 50, 100, 150, 200], [0, 25, 50, 75, 100, 150, 200], [0, 1, 2])
    """
    places = sorted({0, clips - 1})[:shown]
    while len(places) < min(clips, shown):
        gaps = [after - before for before, after in pairwise(places)] or [0]
        widest = gaps.index(max(gaps))
        places.insert(widest + 1, places[widest] + max(gaps) // 2)
    return places


def place_name(place: int, clips: int) -> str:
    """Return what a place is called.

    >>> [place_name(place, 201) for place in (0, 50, 100, 150, 200, 7)]
    ['best', 'upper quartile', 'median', 'lower quartile', 'worst', '']
    """
    quarters = (clips - 1) / 4
    names = ("best", "upper quartile", "median", "lower quartile", "worst")
    if clips < len(names):
        return {0: "best", clips - 1: "worst"}.get(place, "") if clips > 1 else ""
    return {int(number * quarters): name for number, name in enumerate(names)}.get(place, "")


def onset_f1(records: Sequence[SoundRecord]) -> float | None:
    """Return the F1 of all onsets of some sounds at 0.1 s; ``None`` where there are none to find or found."""
    counts = [record.onsets[ONSET_TOLERANCE] for record in records if record.onsets]
    total = sum(each.detected + each.true for each in counts)
    return 2 * sum(each.hits for each in counts) / total if total else None


Criterion = Callable[[Sequence[SoundRecord]], float | None]


def _criteria(records: Sequence[SoundRecord]) -> dict[str, Criterion]:
    measured = dict.fromkeys(id for record in records for id in record.values)
    found: dict[str, Criterion] = {}
    for family, higher in CRITERIA.items():
        if family == ONSETS:
            if any(onset_f1([record]) is not None for record in records):
                found[ONSETS] = onset_f1
            continue
        id = next((each for each in measured if each == family or each.startswith(f"{family}.")), None)
        if id is not None:
            found[id] = _mean_of(id, 1 if higher else -1)
    return found


def _mean_of(id: str, sign: int) -> Criterion:
    def mean(records: Sequence[SoundRecord]) -> float | None:
        values = [record.values[id] for record in records if id in record.values]
        return sign * sum(values) / len(values) if values else None

    return mean
