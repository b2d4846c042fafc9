"""Which clips there are: families for the standard gallery, matched galleries for each scale."""

from dataclasses import dataclass, replace
from typing import Literal

from avbench.datasets.avsynth.latents import Latents, blend_envelopes, class_sets, draw_rhythms
from avbench.datasets.avsynth.matched import candidates, matched_latents
from avbench.datasets.avsynth.presets import COUPLED, SCALES, Difficulty, Media, Scale, Split, Switches
from avbench.datasets.avsynth.scenes import (
    Key,
    Scene,
    apply_switches,
    draw_latents,
    draw_picture,
    draw_sound,
    muted_latents,
)
from avbench.datasets.avsynth.world import NEW_WORLD, World, randomness, world

Gallery = Literal["standard"] | Scale
STANDARD: Literal["standard"] = "standard"
TRAIN_TURNS: tuple[Gallery, ...] = (STANDARD, "S4", STANDARD, "S0", STANDARD, "S4", STANDARD, "S1")
"""What sets the clips of a training family apart, family by family. Time alone tells standard siblings apart,
so a model that saw nothing else would never learn what makes which sound."""


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
    gallery: Gallery
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
        split: ``train`` has its matched galleries among the standard families (:data:`TRAIN_TURNS`).
        difficulty: Gives the numbers of families, siblings, galleries and candidates.
        clips: How many clips there are instead; of val, test and new-world, all of the standard gallery.
    """
    count = clips if clips is not None else difficulty.families * difficulty.siblings
    listed = [place_of(split, index, difficulty) for index in range(count)]
    if split == "train" or clips is not None:
        return tuple(listed)
    for scale in SCALES:
        for group in range(difficulty.galleries):
            members = range(candidates(scale, difficulty))
            listed += [Place(split=split, gallery=scale, group=group, member=k) for k in members]
    return tuple(listed)


def place_of(split: Split, index: int, difficulty: Difficulty) -> Place:
    """Return the place of clip ``index`` of a split, in the standard gallery except in training families.

    Consecutive clips are siblings.
    """
    if split != "train":
        group, member = divmod(index, difficulty.siblings)
        return Place(split=split, gallery=STANDARD, group=group, member=member)
    group, member = divmod(index, difficulty.train_siblings)
    gallery = TRAIN_TURNS[group % len(TRAIN_TURNS)]
    if gallery != STANDARD and candidates(gallery, difficulty) < difficulty.train_siblings:
        gallery = STANDARD
    return Place(split=split, gallery=gallery, group=group, member=member)


def train_scene(index: int, *, difficulty: Difficulty, media: Media, seed: int = 0) -> Scene:
    """Return the scene of training clip ``index`` (0, 1, … without end)."""
    place = place_of("train", index, difficulty)
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
    # Only what is scored is limited to some class sets: training sees them all.
    drawn = replace(difficulty, class_sets=0) if place.split == "train" else difficulty
    if place.gallery == STANDARD:
        shared = _sibling(place, law, drawn, media)
    else:
        shared = matched_latents(place.gallery, key, law.seed, drawn, media)[place.member]
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
    sets = class_sets(law.seed, difficulty)
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
