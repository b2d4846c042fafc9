"""avsynth as a dataset: clips that are rendered when they are first asked for."""

from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from avbench.clips import Clip, Gallery
from avbench.datasets.avsynth.galleries import STANDARD, Place, places
from avbench.datasets.avsynth.presets import (
    SCALES,
    VERSION,
    Split,
    difficulty_preset,
    media_preset,
    split_named,
    switches_from,
)
from avbench.datasets.avsynth.render import Recipe, media_path, render_missing, truth_path
from avbench.datasets.cliplist import reject_unknown
from avbench.errors import UsageError
from avbench.records import Args, DatasetRequest, Progress

NOTES = (
    "avsynth is a procedural world: its numbers profile sensitivity to scales of correspondence and compare "
    "models trained on it; they say nothing about natural video.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Avsynth:
    """The clips of one split.

    Attributes:
        name: ``avsynth``.
        revision: Version of the generator and digest of everything the clips were made with.
        clips: The standard gallery's, then those of the matched galleries.
        galleries: One ``standard``; several of each scale, ``S0`` … ``S5``.
        notes: What a number is worth.
    """

    name: str
    revision: str
    clips: tuple[Clip, ...]
    galleries: tuple[Gallery, ...]
    notes: tuple[str, ...] = NOTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What of avsynth is asked for.

    Attributes:
        preset: Name of the media preset.
        difficulty: Name of the difficulty preset.
        split: The split.
        clips: How many clips of the standard gallery, without matched ones; ``None`` for all of both.
        recipe: How clips are made.
    """

    preset: str
    difficulty: str
    split: Split
    clips: int | None
    recipe: Recipe

    @property
    def folder(self) -> Path:
        """Where the clips are, below the folder of all avsynth data."""
        recipe = self.recipe
        made = f"{self.preset}-{self.difficulty}{recipe.coupling}-{recipe.digest}"
        return Path(f"{VERSION}-{recipe.seed}") / made / self.split

    @property
    def places(self) -> tuple[Place, ...]:
        """The clips."""
        return places(self.split, self.recipe.difficulty, self.clips)


def choice_from(args: Args) -> Choice:
    """Read dataset arguments.

    Args:
        args: ``preset`` (8s, 5s, 10s, 224), ``difficulty`` (easy, standard, hard), ``split`` (train, val,
            test, new-world), ``world`` (a seed), ``clips`` (a number) and a switch for each scale:
            ``S2=off``.

    Raises:
        UsageError: An unknown argument or name, or a number that is none.
    """
    reject_unknown(args, ["preset", "difficulty", "split", "world", "clips", *SCALES], "avsynth")
    preset, difficulty = args.get("preset", "8s"), args.get("difficulty", "standard")
    return Choice(
        preset=preset,
        difficulty=difficulty,
        split=split_named(args.get("split", "test")),
        clips=_number(args, "clips", least=2) if "clips" in args else None,
        recipe=Recipe(
            media=media_preset(preset),
            difficulty=difficulty_preset(difficulty),
            seed=_number(args, "world", least=0) if "world" in args else 0,
            switches=switches_from({scale: args[scale] for scale in SCALES if scale in args}),
        ),
    )


def _number(args: Args, name: str, least: int) -> int:
    text = args[name]
    if not text.isdecimal() or int(text) < least:
        raise UsageError(
            f"The argument {name}={text} of avsynth is not a whole number of at least {least}.",
            hint=f"Give one: {name}={max(least, 16)}.",
        )
    return int(text)


def open_avsynth(request: DatasetRequest) -> Avsynth:
    """Open a split of avsynth, rendering what is missing into ``--data-root``, else into the cache folder.

    Of a limited run only the clips that it looks at are rendered.

    Raises:
        UsageError: An argument is wrong (:func:`choice_from`).
        StorageError: A clip cannot be written.
    """
    choice = choice_from(request.args)
    folder = (request.root or request.cache / "avsynth") / choice.folder
    return render(choice, folder, request.progress, request.limit)


def render(choice: Choice, folder: Path, progress: Progress, limit: int | None = None) -> Avsynth:
    """Render what is missing in ``folder``, of the first ``limit`` clips, and return the whole dataset."""
    render_missing(folder, choice.places[:limit], choice.recipe, progress)
    return listed(choice, folder)


def listed(choice: Choice, folder: Path) -> Avsynth:
    """Return the dataset in ``folder``, rendering nothing."""
    return Avsynth(
        name="avsynth",
        revision=f"{VERSION}-{choice.recipe.digest}",
        clips=tuple(_clip(folder, place) for place in choice.places),
        galleries=galleries(choice.places),
    )


def galleries(clips: tuple[Place, ...]) -> tuple[Gallery, ...]:
    """Return the galleries that clips form: one standard, one for each group of a scale."""
    grouped = groupby(clips, lambda p: (p.gallery, 0 if p.gallery == STANDARD else p.group))
    return tuple(
        Gallery(name=name, clip_ids=tuple(place.id for place in members)) for (name, _), members in grouped
    )


def _clip(folder: Path, place: Place) -> Clip:
    return Clip(
        id=place.id,
        path=media_path(folder, place),
        source=place.source,
        labels={"split": place.split, "gallery": place.gallery},
        truth=truth_path(folder, place),
    )
