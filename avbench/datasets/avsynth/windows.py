"""Windows of avsynth's clips: each clip a gallery in which only the moment tells the candidates apart."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from math import inf

from avbench.clips import Clip, Gallery
from avbench.datasets.avsynth.dataset import Avsynth, choice_from, listed
from avbench.datasets.avsynth.galleries import STANDARD
from avbench.datasets.avsynth.render import render_missing, write_truths
from avbench.datasets.onset_truth import onsets_of
from avbench.errors import UsageError
from avbench.records import DatasetRequest

WINDOW = "window"
NAME = "avsynth-windows"


def open_windows(request: DatasetRequest) -> Avsynth:
    """Open the windows of the standard gallery's clips, rendered as ``avsynth`` does, to the same place.

    A window in which nothing is heard to land, by the side-car, is left out: nothing tells it from another.
    So every side-car is written, and of a limited run only the clips that it looks at are rendered.

    Raises:
        UsageError: An argument is wrong (:func:`avbench.datasets.avsynth.dataset.choice_from`), or ``window``
            is no length that a clip has two of.
        StorageError: A clip cannot be written.
        DataError: A side-car is damaged.
    """
    args = dict(request.args)
    given = args.pop(WINDOW, "2")
    choice = choice_from(args)
    window = _seconds(given, choice.recipe.media.seconds)
    folder = (request.root or request.cache / "avsynth") / choice.folder
    shown = [place for place in choice.places if place.gallery == STANDARD]
    write_truths(folder, shown, choice.recipe)
    whole = listed(choice, folder)
    of_place = {clip.id: clip for clip in whole.clips}
    parts = [windows_of(of_place[place.id], window, choice.recipe.media.seconds) for place in shown]
    before = accumulate(map(len, parts), initial=0)
    needed = [place for place, first in zip(shown, before, strict=False) if first < (request.limit or inf)]
    render_missing(folder, needed, choice.recipe, request.progress)
    return replace(
        whole,
        name=NAME,
        revision=f"{whole.revision}-windows-{given}",
        clips=tuple(clip for part in parts for clip in part),
        galleries=tuple(
            Gallery(name=STANDARD, clip_ids=tuple(clip.id for clip in part)) for part in parts if part
        ),
    )


def windows_of(clip: Clip, window: float, seconds: float) -> Sequence[Clip]:
    """Return the windows of a clip in which something is heard to land, one after the other.

    Args:
        clip: The clip, with a side-car.
        window: Length of each, in seconds.
        seconds: Length of the clip.
    """
    times = onsets_of(clip, seconds)
    assert times is not None
    starts = [round(window * k, 3) for k in range(int(seconds / window + 1e-9))]
    return [
        replace(
            clip,
            id=f"{clip.id}_{round(1000 * start)}_{round(1000 * (start + window))}",
            start=clip.start + start,
            end=clip.start + start + window,
        )
        for start in starts
        if ((times >= start) & (times < start + window)).any()
    ]


def _seconds(text: str, longest: float) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < 2 * seconds <= longest:
        raise UsageError(
            f"The argument {WINDOW}={text} of {NAME} is no length that a clip of {longest:g} s has two of.",
            hint=f"Give seconds: {WINDOW}=2.",
        )
    return seconds
