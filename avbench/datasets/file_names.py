"""Which clip a file is of, by its name: the conventions that are met, read and written.

A clip of a YouTube video is a key ``(source, start, end)``. Its file may be called, for the 10 s from 0:30 of
the video ``rIpEJ7sPvqY``:

==============  =============================  ==================================================
convention      name                           users
==============  =============================  ==================================================
``padded``      ``rIpEJ7sPvqY_000030``         VGGSound's own lists, MMAudio, VGGSounder, CAV-MAE
``ms``          ``rIpEJ7sPvqY_30000_40000``    audiosetdl: SpecVQGAN, SparseSync, Synchformer
``seconds``     ``rIpEJ7sPvqY_30_40``          LLP, AudioSet downloaders (``30.000_40.000`` too)
``spans``       ``rIpEJ7sPvqY_000030_000040``  Kinetics
``segment``     ``rIpEJ7sPvqY_30000``          AudioSet's strong labels
``source``      ``rIpEJ7sPvqY``                AudioSet dumps: one clip a video
``prefixed``    ``YrIpEJ7sPvqY``               PANNs; ``Y…_000030`` is met as well
==============  =============================  ==================================================

A number of nine digits may stand before the name, and any folders before that. An id is exactly 11 letters,
digits, ``-`` and ``_``: it is taken by its width, never by splitting. Where a name can be read in two ways,
both are kept, and the clip that is looked for decides.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

SOUND_ENDINGS = (".wav", ".flac", ".mp3", ".m4a", ".ogg", ".opus", ".aac")
VIDEO_ENDINGS = (".mp4", ".mkv", ".mov", ".webm", ".m4v", ".avi")

NUMBER = r"\d+(?:\.\d+)?"
NAME = re.compile(rf"(?P<source>[\w-]{{11}})(?:_(?P<first>{NUMBER})(?:_(?P<second>{NUMBER}))?)?", re.ASCII)
PADDED = re.compile(r"0\d{5}", re.ASCII)
LIKELY_SECONDS = 5_000
PREFIXES = re.compile(r"(?:\d{9}_)?(Y?)", re.ASCII)
SAMPLE = r"(?:sample[_-]?)?(\d{1,3})"
SAMPLE_ENDING = re.compile(rf"[._-]{SAMPLE}$", re.ASCII)
SAMPLE_NAME = re.compile(SAMPLE, re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipKey:
    """What a name says of a clip.

    Attributes:
        source: The video's id.
        start: Where the clip begins in the video, in milliseconds; ``None`` where the name does not say.
        end: Where it ends, likewise.
        index: Which clip of the video it is, where a data set counts them (Panda-70M).
    """

    source: str
    start: int | None = None
    end: int | None = None
    index: int | None = None

    @property
    def name(self) -> str:
        """The canonical name, ``<source>_<start ms>_<end ms>``, as far as known; else ``<source>.<n>``."""
        if self.start is None and self.index is not None:
            return f"{self.source}.{self.index}"
        return "_".join(str(part) for part in (self.source, self.start, self.end) if part is not None)

    def agrees(self, other: "ClipKey") -> bool:
        """Return whether both can be names of one clip: they differ in nothing that both say."""
        pairs = ((self.start, other.start), (self.end, other.end), (self.index, other.index))
        return self.source == other.source and all(a == b or a is None or b is None for a, b in pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedSample:
    """One way to read a name.

    Attributes:
        name: What is left of it without ending and sample number: a path with ``/``.
        sample: The number of the sample, where several were made for a clip and the name says which it is.
    """

    name: str
    sample: int | None = None


def without_ending(path: str) -> str:
    """Return a path without the ending of a media file: ``a/b.mp4.wav`` is ``a/b``; ``a/b.2`` stays."""
    while (pure := PurePosixPath(path)).suffix.lower() in SOUND_ENDINGS + VIDEO_ENDINGS and pure.stem:
        path = path[: -len(pure.suffix)]
    return path


def samples_named(path: str) -> Iterator[NamedSample]:
    """Yield the ways to read a path, without a sample number and with one.

    ``x.wav``; sample 3: ``x_3.wav``, ``x-3.wav``, ``x.3.wav``, ``x.sample3.wav``, ``x_sample_3.wav``,
    ``x/3.wav``, ``x/sample3.wav``.
    """
    name = without_ending(path)
    yield NamedSample(name=name)
    pure = PurePosixPath(name)
    if (match := SAMPLE_ENDING.search(pure.name)) and match.start() > 0:
        yield NamedSample(name=name[: -len(match[0])], sample=int(match[1]))
    if (match := SAMPLE_NAME.fullmatch(pure.name)) and len(pure.parts) > 1:
        yield NamedSample(name=str(pure.parent), sample=int(match[1]))


def read_name(path: str) -> tuple[ClipKey, ...]:
    """Return every clip of a video that a name can stand for, the likeliest first.

    Args:
        path: A name, with or without folders and ending; one of no convention stands for none.
    """
    name = PurePosixPath(without_ending(path)).name
    prefixes = PREFIXES.match(name)
    starts = {0, prefixes.start(1), prefixes.end(1)} if prefixes else {0}
    matches = [match for start in sorted(starts) if (match := NAME.fullmatch(name, start))]
    return tuple(dict.fromkeys(key for match in matches for key in _keys(*match.groups())))


def _keys(source: str, first: str | None, second: str | None) -> Iterator[ClipKey]:
    if first is None:
        yield ClipKey(source=source)
    elif second is None:
        # Hours into a video is less likely than milliseconds.
        starts = [_milliseconds(first)]
        if first.isdecimal() and not PADDED.fullmatch(first):
            starts.insert(0 if int(first) >= LIKELY_SECONDS else 1, int(first))
        yield from (ClipKey(source=source, start=start) for start in starts)
    elif float(second) > float(first) and PADDED.fullmatch(first) and PADDED.fullmatch(second):
        yield ClipKey(source=source, start=_milliseconds(first), end=_milliseconds(second))
    elif float(second) > float(first) and not PADDED.fullmatch(first):
        yield ClipKey(source=source, start=_milliseconds(first), end=_milliseconds(second))
        if first.isdecimal() and second.isdecimal():
            yield ClipKey(source=source, start=int(first), end=int(second))


def _milliseconds(seconds: str) -> int:
    return round(float(seconds) * 1000)


def write_name(key: ClipKey, convention: str) -> str:
    """Return a clip's name, without ending, in a convention of :data:`CONVENTIONS`.

    Raises:
        ValueError: The convention needs more than the key says, or whole seconds.
    """
    return CONVENTIONS[convention](key)


def _padded(key: ClipKey) -> str:
    return f"{key.source}_{_whole(key.start):06d}"


def _spans(key: ClipKey) -> str:
    return f"{_padded(key)}_{_whole(key.end):06d}"


def _ms(key: ClipKey) -> str:
    return f"{key.source}_{_said(key.start)}_{_said(key.end)}"


def _seconds(key: ClipKey) -> str:
    start, end = _said(key.start), _said(key.end)
    if start % 1000 or end % 1000:
        return f"{key.source}_{start / 1000:.3f}_{end / 1000:.3f}"
    return f"{key.source}_{start // 1000}_{end // 1000}"


CONVENTIONS: Mapping[str, Callable[[ClipKey], str]] = {
    "padded": _padded,
    "ms": _ms,
    "seconds": _seconds,
    "spans": _spans,
    "segment": lambda key: f"{key.source}_{_said(key.start)}",
    "source": lambda key: key.source,
    "prefixed": lambda key: f"Y{key.source}",
}


def _said(milliseconds: int | None) -> int:
    if milliseconds is None:
        raise ValueError("the convention names an instant that the key does not say")
    return milliseconds


def _whole(milliseconds: int | None) -> int:
    seconds, rest = divmod(_said(milliseconds), 1000)
    if rest:
        raise ValueError(f"the convention names whole seconds, not {milliseconds} ms")
    return seconds
