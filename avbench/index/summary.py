"""What the files of an index are like, in numbers: how long, how large, which streams."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from avbench.index.entries import Entry

QUANTILES: Mapping[str, float] = {"least": 0, "5 %": 0.05, "median": 0.5, "95 %": 0.95, "most": 1}
MEASURES = ("seconds", "bytes", "fps", "height", "sample_rate")
KINDS = ("container", "video", "audio", "fps", "size", "sample_rate", "channels")


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What the files of a tree are like.

    Attributes:
        files: How many there are.
        bytes: Their sizes, added up.
        seconds: Their declared lengths, added up, where they declare any.
        streams: How many files have both streams, one or none; the last cannot be opened, or hold neither.
        quantiles: Of each of :data:`MEASURES` the values at :data:`QUANTILES`; a value that some file has.
        counts: Of each of :data:`KINDS` how many files have which value, the most frequent first.
    """

    files: int
    bytes: int
    seconds: float
    streams: Mapping[str, int]
    quantiles: Mapping[str, Mapping[str, float]]
    counts: Mapping[str, Mapping[str, int]]


def summarised(entries: Sequence[Entry]) -> Summary:
    """Describe the files of an index."""
    streams = Counter(_streams(entry) for entry in entries)
    values = {name: [x for entry in entries if (x := getattr(entry, name)) is not None] for name in MEASURES}
    kinds = {name: Counter(x for entry in entries if (x := _kind(entry, name))) for name in KINDS}
    return Summary(
        files=len(entries),
        bytes=sum(entry.bytes for entry in entries),
        seconds=sum(entry.seconds or 0.0 for entry in entries),
        streams={name: streams[name] for name in ("both", "video", "audio", "none")},
        quantiles={name: _quantiles(each) for name, each in values.items() if each},
        counts={name: dict(sorted(each.items(), key=_rank)) for name, each in kinds.items()},
    )


def _quantiles(values: Sequence[float]) -> dict[str, float]:
    found = np.quantile(values, list(QUANTILES.values()), method="inverted_cdf")
    return dict(zip(QUANTILES, found.tolist(), strict=True))


def _streams(entry: Entry) -> str:
    there = [kind for kind, codec in (("video", entry.video), ("audio", entry.audio)) if codec]
    return "both" if len(there) == 2 else there[0] if there else "none"


def _kind(entry: Entry, name: str) -> str:
    """Return what a file is counted under; empty where it does not say."""
    if name == "size":
        return f"{entry.width}×{entry.height}" if entry.video else ""
    value = getattr(entry, name)
    return "" if value is None else f"{value:.5g}" if name == "fps" else str(value)


def _rank(counted: tuple[str, int]) -> tuple[int, str]:
    return -counted[1], counted[0]
