"""avsynth as forced choices: states of the world, each rendered as it was drawn and once for every change."""

from dataclasses import dataclass
from pathlib import Path

from avbench.clips import Clip, Gallery
from avbench.datasets.avsynth.changes import CHANGES, Change, changed, draw_state, other_class
from avbench.datasets.avsynth.dataset import Avsynth, choice_from
from avbench.datasets.avsynth.galleries import STANDARD
from avbench.datasets.avsynth.presets import COUPLED, VERSION, Split
from avbench.datasets.avsynth.render import Recipe, media_path, render_missing, truth_path
from avbench.datasets.avsynth.scenes import Key, Scene, draw_picture, draw_sound
from avbench.datasets.avsynth.world import NEW_WORLD, world
from avbench.datasets.cliplist import reject_unknown
from avbench.errors import UsageError
from avbench.records import Args, DatasetRequest

NAME = "avsynth-counterfactuals"
REVISION = "counterfactuals-1"
"""Raised whenever states are drawn, or changed, otherwise."""
ARGS = ("preset", "difficulty", "split", "world")
STATES = "states"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A state of the world, as it was drawn or changed.

    Attributes:
        split: The state's split.
        state: Its number.
        change: What was done to it; ``None`` as it was drawn.
    """

    split: Split
    state: int
    change: Change | None = None

    @property
    def id(self) -> str:
        """The clip's id."""
        return f"{self.source}-{self.change.slug if self.change else 'as-drawn'}"

    @property
    def source(self) -> str:
        """What intervals are bootstrapped over: all variants of a state."""
        return f"{self.split}-state-{self.state:03d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variants:
    """How variants are made: the recipe of avsynth, with pictures and sounds from other latents."""

    recipe: Recipe

    @property
    def digest(self) -> str:
        """What pins the bytes of every clip."""
        return f"{self.recipe.digest}-{REVISION}"

    def scene(self, place: Variant, /) -> Scene:
        """Return the scene of a variant; nuisance is the state's, the same in all of its variants."""
        difficulty, media, seed = self.recipe.difficulty, self.recipe.media, self.recipe.seed
        law = world(seed + NEW_WORLD) if place.split == "new-world" else world(seed)
        key: Key = (place.split, "state", place.state)
        state = draw_state(key, law.seed, difficulty, media)
        newcomer = other_class(state, key, law.seed)
        latents = changed(state, place.change, newcomer, media.seconds) if place.change else state
        return Scene(
            id=place.id,
            law=law,
            media=media,
            difficulty=difficulty,
            switches=COUPLED,
            video=latents,
            audio=latents,
            picture=draw_picture(key, law.seed, difficulty),
            sound=draw_sound(key, law.seed, difficulty, media, (*state.classes, newcomer)),
        )


def open_counterfactuals(request: DatasetRequest) -> Avsynth:
    """Open the states and their variants, rendering what is missing beside the clips of ``avsynth``.

    Every gallery is a pair: a state as it was drawn, and changed in one thing. ``standard`` holds the states
    as they were drawn.

    Raises:
        UsageError: An argument is wrong (:func:`avbench.datasets.avsynth.dataset.choice_from`), or ``states``
            is no number of at least 2.
        StorageError: A clip cannot be written.
    """
    reject_unknown(request.args, [*ARGS, STATES], NAME)
    states = _number(request.args)
    choice = choice_from({name: each for name, each in request.args.items() if name != STATES})
    variants = Variants(recipe=choice.recipe)
    folder = (request.root or request.cache / "avsynth") / choice.folder / REVISION
    listed = tuple(
        Variant(split=choice.split, state=state, change=change)
        for state in range(states)
        for change in (None, *CHANGES)
    )
    render_missing(folder, listed[: request.limit], variants, request.progress)
    return Avsynth(
        name=NAME,
        revision=f"{VERSION}-{variants.digest}",
        clips=tuple(_clip(folder, each) for each in listed),
        galleries=_galleries(choice.split, states),
    )


def _galleries(split: Split, states: int) -> tuple[Gallery, ...]:
    drawn = [Variant(split=split, state=state).id for state in range(states)]
    pairs = (
        Gallery(
            name=change.name, clip_ids=(drawn[state], Variant(split=split, state=state, change=change).id)
        )
        for change in CHANGES
        for state in range(states)
    )
    return (Gallery(name=STANDARD, clip_ids=tuple(drawn)), *pairs)


def _clip(folder: Path, variant: Variant) -> Clip:
    return Clip(
        id=variant.id,
        path=media_path(folder, variant),
        source=variant.source,
        labels={"split": variant.split, "change": variant.change.name if variant.change else ""},
        truth=truth_path(folder, variant),
    )


def _number(args: Args) -> int:
    text = args.get(STATES, "40")
    if not text.isdecimal() or int(text) < 2:
        raise UsageError(
            f"The argument {STATES}={text} of {NAME} is not a whole number of at least 2.",
            hint=f"Give one: {STATES}=40.",
        )
    return int(text)
