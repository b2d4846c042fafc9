"""What a page shows of a run: some clips, each with its own sound and those made for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avbench.clips import Clip
from avbench.metrics.embedding_sets import Values
from avbench.pages.ranking import Ranking, place_name, ranked, spread
from avbench.tasks.features import ClipSounds, Features
from avbench.tasks.generation_pairs import SoundRecord

Pcm = NDArray[np.int16]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShownSound:
    """One sound.

    Attributes:
        samples: ``(channel, time)``: what was scored.
        onsets: Detected, in seconds ``(d,)``.
        envelope: ``(frames,)`` at 100 Hz.
        record: What was measured of it against the truth; ``None`` of the truth itself.
    """

    samples: Pcm
    onsets: Values
    envelope: Values
    record: SoundRecord | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShownClip:
    """One clip.

    Attributes:
        clip: The clip.
        place: Of all clips that were scored, 0 the best.
        truth: Its own sound.
        made: What was made for it, a sound a sample.
        onsets: When something happens, in seconds ``(t,)``; ``None`` where nobody knows.
    """

    clip: Clip
    place: int
    truth: ShownSound
    made: tuple[ShownSound, ...]
    onsets: Values | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Exhibition:
    """What a page shows of a run.

    Attributes:
        clips: From the best to the worst of those shown.
        ranking: Of all clips that were scored.
        seconds: How long each sound lasts.
        sample_rate: Of each sound, in Hz.
    """

    clips: tuple[ShownClip, ...]
    ranking: Ranking
    seconds: float
    sample_rate: int

    def place_name(self, clip: ShownClip) -> str:
        """Return what a clip's place is called, empty where it has no name or nothing gives an order."""
        return place_name(clip.place, len(self.ranking.clips)) if self.ranking.by else ""


def exhibition(
    sounds: Sequence[ClipSounds],
    records: Sequence[SoundRecord],
    samples_of: Callable[[ClipSounds], tuple[Clip, Sequence[Pcm]]],
    *,
    shown: int,
    seconds: float,
    sample_rate: int,
) -> Exhibition:
    """Choose what a page shows.

    Args:
        sounds: Every clip that was scored.
        records: Of every sound made for them.
        samples_of: Returns a clip, and its sounds as samples: its own, then those made for it.
        shown: How many clips, at most.
        seconds: How long each sound lasts.
        sample_rate: Of the samples, in Hz.
    """
    ranking = ranked(records)
    of_clip = {each.clip: each for each in sounds}
    own_records = {(record.clip, record.sample): record for record in records}
    clips: list[ShownClip] = []
    for place in spread(len(ranking.clips), shown):
        heard = of_clip[ranking.clips[place]]
        clip, (true, *made) = samples_of(heard)
        clips.append(
            ShownClip(
                clip=clip,
                place=place,
                truth=_shown(heard.truth, true),
                made=tuple(
                    _shown(features, samples, own_records[heard.clip, sample])
                    for sample, (features, samples) in enumerate(zip(heard.made, made, strict=True))
                ),
                onsets=heard.onsets,
            )
        )
    return Exhibition(clips=tuple(clips), ranking=ranking, seconds=seconds, sample_rate=sample_rate)


def _shown(features: Features, samples: Pcm, record: SoundRecord | None = None) -> ShownSound:
    return ShownSound(
        samples=samples, onsets=features.onsets.times, envelope=features.envelope, record=record
    )
