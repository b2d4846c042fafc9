"""Everything that can be chosen about avsynth: scales and their switches, media, difficulty, splits."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

from avbench.errors import UnknownName, UsageError

VERSION = "2"
"""Version of the generator; raised whenever the same request gives other pixels or samples."""

Scale = Literal["S0", "S1", "S2", "S3", "S4", "S5"]
SCALES: tuple[Scale, ...] = get_args(Scale)

Switch = Literal["on", "off", "mute"]
Switches = Mapping[Scale, Switch]
COUPLED: Switches = dict.fromkeys(SCALES, "on")

Split = Literal["train", "val", "test", "new-world"]
SPLITS: tuple[Split, ...] = get_args(Split)


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """What a file holds.

    Attributes:
        seconds: Length of a clip.
        fps: Frames a second.
        size: Rows and columns of a frame, in pixels.
        sample_rate: In Hz; two channels.
    """

    seconds: float
    fps: int = 25
    size: int = 112
    sample_rate: int = 16_000

    @property
    def frames(self) -> int:
        """Frames in a clip."""
        return round(self.seconds * self.fps)

    @property
    def samples(self) -> int:
        """Samples in a clip, for each channel."""
        return round(self.seconds * self.sample_rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difficulty:
    """Every knob that makes retrieval easier or harder.

    Attributes:
        objects: Toys in a scene, of distinct classes (2 or 3).
        class_sets: How many of the possible class sets occur at all; 0 for all of them.
        siblings: Clips of a family in val, test and new-world: alike in S0 and S1, different in S2 to S5.
        train_siblings: The same in train.
        families: Families in the standard gallery.
        galleries: Matched galleries for each scale.
        candidates: Clips in a matched gallery (S4 has the permutations of the toys instead).
        events: Landings of each toy in 8 seconds.
        refractory: Shortest time between two landings of one toy, in seconds.
        cross_gap: Shortest time between landings of different toys, in seconds.
        rhythm_spread: Siblings' landings lie within this many seconds of the family's own; ``None`` for
            rhythms that have nothing in common.
        envelope_spread: How far siblings' slow envelopes depart from the family's own: 0 not at all, 1 for
            envelopes that have nothing in common.
        soft_level: Level of a soft impact relative to a loud one, in dB.
        hum_level: Level of the hum relative to its plain level, in dB.
        snr: Lowest and highest ratio of toys to background noise, in dB.
        gain: Clip gain lies within ± this many dB.
        noise_wander: Slow wandering of the noise level, within ± this many dB.
        offscreen: Impacts of classes that are not in the picture.
        distractors: Silent things drifting through the picture.
        silent_hoppers: Silent things hopping on the floor.
        flicker: Slow wandering of the background's brightness, as a fraction of it.
        shake: Camera shake, in pixels of a 112-pixel frame.
        crf: Lowest and highest rate factor of the video encoder.
    """

    objects: int
    class_sets: int
    siblings: int
    train_siblings: int
    families: int
    galleries: int
    candidates: int
    events: int
    refractory: float
    cross_gap: float
    rhythm_spread: float | None
    envelope_spread: float
    soft_level: float
    hum_level: float
    snr: tuple[float, float]
    gain: float
    noise_wander: float
    offscreen: int
    distractors: int
    silent_hoppers: int
    flicker: float
    shake: float
    crf: tuple[int, int]

    def events_in(self, seconds: float) -> int:
        """Return how many times each toy lands in a clip of ``seconds``."""
        return max(2, round(self.events * seconds / 8.0))


MEDIA: Mapping[str, Media] = {
    "8s": Media(seconds=8.0),
    "5s": Media(seconds=5.0),
    "10s": Media(seconds=10.0),
    "224": Media(seconds=8.0, size=224),
}

EASY = Difficulty(
    objects=2,
    class_sets=0,
    siblings=4,
    train_siblings=4,
    families=100,
    galleries=8,
    candidates=8,
    events=4,
    refractory=0.8,
    cross_gap=0.2,
    rhythm_spread=None,
    envelope_spread=1.0,
    soft_level=-8.0,
    hum_level=0.0,
    snr=(24.0, 30.0),
    gain=3.0,
    noise_wander=0.0,
    offscreen=0,
    distractors=0,
    silent_hoppers=0,
    flicker=0.0,
    shake=0.5,
    crf=(18, 22),
)
MODERATE = replace(
    EASY,
    objects=3,
    class_sets=12,
    siblings=8,
    families=50,
    refractory=0.7,
    cross_gap=0.08,
    rhythm_spread=0.08,
    envelope_spread=0.15,
    hum_level=-4.0,
    snr=(8.0, 16.0),
    gain=6.0,
    noise_wander=3.0,
    offscreen=4,
    distractors=2,
    silent_hoppers=1,
    flicker=0.1,
    shake=1.5,
    crf=(20, 26),
)
STANDARD = replace(
    MODERATE,
    rhythm_spread=0.06,
    envelope_spread=0.1,
    soft_level=-6.0,
    hum_level=-6.0,
    snr=(0.0, 8.0),
    noise_wander=4.0,
    offscreen=8,
)
HARD = replace(
    STANDARD,
    siblings=16,
    families=25,
    events=5,
    refractory=0.65,
    cross_gap=0.0,
    envelope_spread=0.12,
    distractors=3,
    flicker=0.15,
    shake=2.0,
    crf=(24, 32),
)

DIFFICULTIES: Mapping[str, Difficulty] = {
    "easy": EASY,
    "moderate": MODERATE,
    "standard": STANDARD,
    "hard": HARD,
}


def media_preset(name: str) -> Media:
    """Return the media preset of this name; raises ``UnknownName``."""
    if name not in MEDIA:
        raise UnknownName("avsynth media preset", name, MEDIA)
    return MEDIA[name]


def difficulty_preset(name: str) -> Difficulty:
    """Return the difficulty preset of this name; raises ``UnknownName``."""
    if name not in DIFFICULTIES:
        raise UnknownName("avsynth difficulty", name, DIFFICULTIES)
    return DIFFICULTIES[name]


def split_named(name: str) -> Split:
    """Return the split of this name; raises ``UnknownName``."""
    if name not in SPLITS:
        raise UnknownName("avsynth split", name, SPLITS)
    return name


def switches_from(given: Mapping[str, str]) -> Switches:
    """Return the switches of all scales, ``on`` where ``given`` says nothing.

    Args:
        given: From scale (``S0`` … ``S5``) to ``on``, ``off`` (audio draws its own copy) or ``mute`` (fixed).

    Raises:
        UnknownName: There is no such scale.
        UsageError: Not one of the three positions.
    """
    switches = dict(COUPLED)
    for scale, position in given.items():
        if scale not in SCALES:
            raise UnknownName("avsynth scale", scale, SCALES)
        if position not in get_args(Switch):
            raise UsageError(
                f"The switch {scale} cannot be set to {position!r}.", hint="Choose on, off or mute."
            )
        switches[scale] = cast(Switch, position)
    return switches
