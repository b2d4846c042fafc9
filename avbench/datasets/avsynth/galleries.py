"""Which clips there are: families for the standard gallery, matched galleries for each scale."""

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import count, permutations

import numpy as np

from avbench.datasets.avsynth.latents import FIELDS, Latents, Path, blend_envelopes, class_sets, draw_rhythms
from avbench.datasets.avsynth.presets import COUPLED, SCALES, Difficulty, Media, Scale, Split, Switches
from avbench.datasets.avsynth.scenes import (
    Key,
    Scene,
    apply_switches,
    draw_latent,
    draw_latents,
    draw_picture,
    draw_sound,
    muted_latents,
)
from avbench.datasets.avsynth.world import CLASSES, NEW_WORLD, World, randomness, world

STANDARD = "standard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a clip belongs.

    Attributes:
        split: Its split.
        gallery: ``standard`` or a scale.
        group: Family in the standard gallery, or number of the matched gallery.
        member: Which sibling, or which candidate.
    """

    split: Split
    gallery: str
    group: int
    member: int

    @property
    def id(self) -> str:
        """The clip's id, unique over all splits."""
        return f"{self.source}-{self.member:02d}"

    @property
    def source(self) -> str:
        """What intervals are bootstrapped over: clips of one family or gallery are not independent."""
        return f"{self.split}-{self.gallery}-{self.group:03d}"


def places(split: Split, difficulty: Difficulty, clips: int | None = None) -> tuple[Place, ...]:
    """List the clips of a split: the standard gallery, then the matched ones of S0 … S5.

    Args:
        split: ``train`` has no matched galleries.
        difficulty: Gives the numbers of families, siblings, galleries and candidates.
        clips: How many clips the standard gallery has instead; then there are no matched galleries.
    """
    count = clips if clips is not None else difficulty.families * difficulty.siblings
    listed = [standard_place(split, index, difficulty) for index in range(count)]
    if split == "train" or clips is not None:
        return tuple(listed)
    for scale in SCALES:
        for group in range(difficulty.galleries):
            members = range(candidates(scale, difficulty))
            listed += [Place(split=split, gallery=scale, group=group, member=k) for k in members]
    return tuple(listed)


def candidates(scale: Scale, difficulty: Difficulty) -> int:
    """Return how many clips a matched gallery of ``scale`` holds; one over it is chance."""
    if scale == "S4":
        return len(list(permutations(range(difficulty.objects))))
    return difficulty.candidates


def standard_place(split: Split, index: int, difficulty: Difficulty) -> Place:
    """Return the place of clip ``index`` of a split: consecutive clips are siblings."""
    siblings = difficulty.train_siblings if split == "train" else difficulty.siblings
    return Place(split=split, gallery=STANDARD, group=index // siblings, member=index % siblings)


def train_scene(index: int, *, difficulty: Difficulty, media: Media, seed: int = 0) -> Scene:
    """Return the scene of training clip ``index`` (0, 1, … without end)."""
    place = standard_place("train", index, difficulty)
    return scene_at(place, difficulty=difficulty, media=media, seed=seed)


def scene_at(
    place: Place, *, difficulty: Difficulty, media: Media, seed: int = 0, switches: Switches = COUPLED
) -> Scene:
    """Return the scene of a clip.

    Args:
        place: Which clip.
        difficulty: What it is drawn with.
        media: Length, size and rates.
        seed: The world's seed.
        switches: Which scales are coupled, decoupled or muted.
    """
    law = world(seed + NEW_WORLD) if place.split == "new-world" else world(seed)
    key: Key = (place.split, place.gallery, place.group)
    own_key: Key = (*key, place.member)
    if place.gallery == STANDARD:
        shared = _sibling(place, law, difficulty, media)
    else:
        shared = _matched(place.gallery, key, law.seed, difficulty, media)[place.member]  # type: ignore[arg-type]
    own = draw_latents((*own_key, "own"), law.seed, difficulty, media)
    video, audio = apply_switches(shared, own, muted_latents(difficulty, media), switches)
    return Scene(
        id=place.id,
        law=law,
        media=media,
        difficulty=difficulty,
        switches=switches,
        video=video,
        audio=audio,
        picture=draw_picture(own_key, law.seed, difficulty),
        sound=draw_sound(own_key, law.seed, difficulty, media, video.classes + audio.classes),
    )


def _sibling(place: Place, law: World, difficulty: Difficulty, media: Media) -> Latents:
    """Draw a clip of the standard gallery: S0 and S1 are the family's, the rest is its own."""
    key: Key = (place.split, place.gallery, place.group)
    family = draw_latents(key, law.seed, difficulty, media)
    # Only what is scored is limited to some class sets: training sees them all.
    sets = class_sets(law.seed, replace(difficulty, class_sets=0) if place.split == "train" else difficulty)
    # Class sets take turns, so that none is rarer in a gallery than another.
    order = randomness(law.seed, place.split, "turns", place.group // len(sets)).permutation(len(sets))
    classes = sets[int(order[place.group % len(sets)])]
    own = draw_latents((*key, place.member), law.seed, difficulty, media)
    near = randomness(law.seed, *key, place.member, "rhythms")
    return replace(
        own,
        classes=classes,
        attributes=family.attributes,
        envelope=blend_envelopes(family.envelope, own.envelope, difficulty.envelope_spread),
        rhythms=draw_rhythms(near, difficulty, media, around=family.rhythms),
    )


@lru_cache(maxsize=4)
def _matched(scale: Scale, key: Key, seed: int, difficulty: Difficulty, media: Media) -> tuple[Latents, ...]:
    """Draw all candidates of a matched gallery: alike in every scale but one."""
    base = draw_latents(key, seed, difficulty, media)
    number = candidates(scale, difficulty)
    match scale:
        case "S0":
            return tuple(replace(base, classes=each) for each in _class_ring(base, key, seed)[:number])
        case "S4":
            return tuple(replace(base, binding=order) for order in permutations(range(difficulty.objects)))
        case "S5":
            return tuple(replace(base, paths=_turned(base.paths, k / number)) for k in range(number))
        case _:
            return tuple(
                replace(base, **{FIELDS[scale]: value})
                for value in _distinct(scale, key, seed, difficulty, media, base)
            )


def _class_ring(base: Latents, key: Key, seed: int) -> list[tuple[int, ...]]:
    """Turn a ring of all classes: eight distinct class sets, in which each class comes up equally often."""
    for attempt in count():
        ring = randomness(seed, *key, attempt, "ring").permutation(CLASSES)
        where = [int(np.flatnonzero(ring == k)[0]) for k in base.classes]
        turned = [tuple(int(ring[(w + k) % CLASSES]) for w in where) for k in range(CLASSES)]
        if len({frozenset(classes) for classes in turned}) == CLASSES:
            return turned
    raise AssertionError


def _turned(paths: tuple[Path, ...], turn: float) -> tuple[Path, ...]:
    """Shift the phase of every path by a part of a turn: other instants, the same places."""
    return tuple(replace(path, phase=path.phase + 2.0 * np.pi * turn) for path in paths)


def _distinct(
    scale: Scale, key: Key, seed: int, difficulty: Difficulty, media: Media, base: Latents
) -> list[object]:
    """Draw candidates for S1, S2 or S3 that are not too near each other."""
    chosen: list[object] = []
    attempt = 0
    least = min(0.12, difficulty.rhythm_spread or 0.12)
    while len(chosen) < candidates(scale, difficulty):
        if scale == "S3":
            near = randomness(seed, *key, attempt, "rhythms")
            value: object = draw_rhythms(near, difficulty, media, around=base.rhythms)
        else:
            value = draw_latent(scale, (*key, attempt), seed, difficulty, media)
        if all(_apart(scale, value, other, least) for other in chosen):
            chosen.append(value)
        attempt += 1
    return chosen


def _apart(scale: Scale, one: object, other: object, least: float) -> bool:
    """Tell whether two candidates differ enough for a perfect observer; some landing by ``least`` seconds."""
    if scale == "S1":
        return one != other
    if scale == "S2":
        return float(np.corrcoef(np.array(one), np.array(other))[0, 1]) < 0.5
    gaps = [
        abs(a.time - b.time)
        for first, second in zip(one, other, strict=True)  # type: ignore[call-overload]
        for a, b in zip(first, second, strict=True)
    ]
    return max(gaps) >= least
