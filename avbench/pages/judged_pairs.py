"""What a page shows of a run of alignment: every pair with its logit, and some to watch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np

from avbench.clips import Clip
from avbench.errors import MediaError
from avbench.pages.exhibits import Pcm
from avbench.pages.files import video_name
from avbench.pages.ranking import spread
from avbench.pages.videos import Dubbed, write_videos
from avbench.records import AudioInput, Progress
from avbench.tasks.alignment import AlignmentRecord
from avbench.tasks.pairs import PairKind

KINDS: tuple[PairKind, ...] = get_args(PairKind)
AUDIO = AudioInput(sample_rate=44_100, channels=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPair:
    """One pair to watch.

    Attributes:
        record: What was found of it.
        picture: The clip its picture is from, from where it is taken.
        sound: The clip its sound is from, likewise.
    """

    record: AlignmentRecord
    picture: Clip
    sound: Clip


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPairs:
    """What a page shows.

    Attributes:
        records: Of every pair that was judged.
        shown: Those to watch, kind by kind, from the highest logit to the lowest.
        seconds: How long a pair lasts.
    """

    records: tuple[AlignmentRecord, ...]
    shown: tuple[JudgedPair, ...]
    seconds: float


def judged_pairs(
    records: Sequence[AlignmentRecord],
    ends_of: Callable[[str], tuple[Clip, Clip]],
    *,
    shown: int,
    seconds: float,
) -> JudgedPairs:
    """Choose what a page shows.

    Args:
        records: Of every pair that was judged.
        ends_of: Returns the clips that picture and sound of a pair are from, by the id of its clip.
        shown: How many pairs to watch, at most: as many of each kind, as far as there are.
        seconds: How long a pair lasts.
    """
    by_kind = {kind: sorted((each for each in records if each.kind == kind), key=_falling) for kind in KINDS}
    places: dict[PairKind, list[int]] = {}
    left = shown
    for done, kind in enumerate(sorted(KINDS, key=lambda kind: len(by_kind[kind]))):
        places[kind] = spread(len(by_kind[kind]), left // (len(KINDS) - done)) if by_kind[kind] else []
        left -= len(places[kind])
    chosen = [by_kind[kind][place] for kind in KINDS for place in places[kind]]
    ends = [(each, *ends_of(each.clip)) for each in chosen]
    return JudgedPairs(
        records=tuple(records),
        shown=tuple(JudgedPair(record=each, picture=seen, sound=heard) for each, seen, heard in ends),
        seconds=seconds,
    )


def _falling(record: AlignmentRecord) -> tuple[float, str]:
    return -record.logit, record.clip


def write_pair_videos(
    folder: Path, pairs: JudgedPairs, *, workers: int, progress: Progress
) -> Mapping[str, str]:
    """Write a video of every pair to watch, picture and sound as they were judged.

    Returns:
        Why there is none, by clip id, of those that cannot be shown.

    Raises:
        StorageError: A file cannot be written.
    """
    dubbed: list[Dubbed] = []
    absent: dict[str, str] = {}
    for number, (pair, sound) in enumerate(zip(pairs.shown, _sounds(pairs, workers), strict=True), 1):
        if isinstance(sound, MediaError):
            absent[pair.record.clip] = sound.message.replace(str(pair.sound.path), pair.sound.path.name)
        else:
            dubbed.append((pair.picture, sound, folder / f"{video_name(number)}.mp4"))
    written = write_videos(
        dubbed, seconds=pairs.seconds, sample_rate=AUDIO.sample_rate, workers=workers, progress=progress
    )
    return absent | written


def _sounds(pairs: JudgedPairs, workers: int) -> list[Pcm | MediaError]:
    from avbench.media.workers import decode_clips

    clips = [pair.sound for pair in pairs.shown]
    found: list[Pcm | MediaError] = []
    decoded = decode_clips(clips, seconds=pairs.seconds, video=None, audio=AUDIO, processes=min(1, workers))
    for each in decoded:
        if isinstance(each, MediaError) or each.samples is None:
            found.append(
                each if isinstance(each, MediaError) else MediaError("no-audio", "There is no sound.")
            )
        else:
            found.append((each.samples.clip(-1, 1) * np.iinfo(np.int16).max).astype(np.int16))
    return found
