r"""Changes to one thing in a world: what a counterfactual differs in from the world as it was drawn.

Of a state of the world with classes, envelope :math:`e(t)` over T seconds, landings :math:`t_k`, binding
:math:`b` and places :math:`x(t)`, each change gives one latent another value and leaves all others:

.. math::
    \text{timbre:}\; c_0 \to c \notin \{c_i\} \qquad
    \text{envelope:}\; e(t) \to e(T - t) \qquad
    \text{binding:}\; b_0 \leftrightarrow b_1 \qquad
    \text{mirror:}\; x \to 1 - x \\
    \text{shift by } d\text{:}\quad e(t) \to e(t - d), \qquad t_k \to t_k + d, \qquad x(t) \to x(t - d)

Picture and sound are both rendered from the changed latents. Envelopes and sways have the period T, so that a
shifted one takes the same values; landings are drawn with room for the largest shift.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Literal

import numpy as np

from avbench.datasets.avsynth.latents import (
    ENVELOPE_RATE,
    Landing,
    Latents,
    Path,
    Rhythm,
    draw_loop,
    draw_rhythms,
)
from avbench.datasets.avsynth.matched import unlike
from avbench.datasets.avsynth.presets import Difficulty, Media, Scale
from avbench.datasets.avsynth.scenes import Key, draw_latents
from avbench.datasets.avsynth.world import CLASSES, randomness

Kind = Literal["timbre", "envelope", "binding", "mirror", "shift"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change.

    Attributes:
        kind: What is done.
        scale: The scale it is done to: the only one in which the two worlds differ.
        seconds: By how much, of a shift; above 0 is later.
    """

    kind: Kind
    scale: Scale
    seconds: float = 0.0

    @property
    def name(self) -> str:
        """The name of the galleries of such pairs: ``binding``, ``shift-S3@0.04``."""
        return f"shift-{self.scale}@{self.seconds:g}" if self.kind == "shift" else self.kind

    @property
    def slug(self) -> str:
        """The same in an id: ``binding``, ``shift-S3-40ms``."""
        return f"shift-{self.scale}-{1000 * self.seconds:g}ms" if self.kind == "shift" else self.kind


SHIFTS: Mapping[Scale, tuple[float, ...]] = {
    "S2": (0.04, 0.08, 0.16, 0.32, 0.64),
    "S3": (0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64),
    "S5": (0.32, 0.64, 1.28),
}
"""By how many seconds the scales that carry time are shifted. Envelopes have a sample every 0.04 s."""

CHANGES: tuple[Change, ...] = (
    Change(kind="binding", scale="S4"),
    Change(kind="envelope", scale="S2"),
    Change(kind="timbre", scale="S0"),
    Change(kind="mirror", scale="S5"),
    *(Change(kind="shift", scale=scale, seconds=each) for scale, some in SHIFTS.items() for each in some),
)


def draw_state(key: Key, seed: int, difficulty: Difficulty, media: Media) -> Latents:
    """Draw a state of the world to which every change makes a difference and none does harm.

    Its envelope is a loop that its reverse does not resemble, and its landings leave room for the largest
    shift.
    """
    room = replace(media, seconds=media.seconds - max(SHIFTS["S3"]))
    loops = (draw_loop(randomness(seed, *key, attempt, "loop"), media.seconds) for attempt in count())
    return replace(
        draw_latents(key, seed, difficulty, media),
        envelope=next(loop for loop in loops if unlike(loop, loop[::-1])),
        rhythms=draw_rhythms(randomness(seed, *key, "rhythms"), difficulty, room),
    )


def other_class(state: Latents, key: Key, seed: int) -> int:
    """Draw the class that replaces the first toy's where the timbre is replaced: one that is not there."""
    others = [each for each in range(CLASSES) if each not in state.classes]
    return int(randomness(seed, *key, "timbre").choice(others))


def changed(state: Latents, change: Change, newcomer: int, seconds: float) -> Latents:
    """Return what a state becomes.

    Args:
        state: As it was drawn.
        change: What is done to it.
        newcomer: The class that replaces the first toy's.
        seconds: Length of the clip.
    """
    match change.kind:
        case "timbre":
            return replace(state, classes=(newcomer, *state.classes[1:]))
        case "envelope":
            return replace(state, envelope=state.envelope[::-1])
        case "binding":
            first, second, *rest = state.binding
            return replace(state, binding=(second, first, *rest))
        case "mirror":
            return replace(state, paths=tuple(_mirrored(each) for each in state.paths))
        case "shift":
            return _shifted(state, change.scale, change.seconds, seconds)


def _shifted(state: Latents, scale: Scale, late: float, seconds: float) -> Latents:
    if scale == "S2":
        loop = np.roll(state.envelope[:-1], round(late * ENVELOPE_RATE)).tolist()
        return replace(state, envelope=(*loop, loop[0]))
    if scale == "S3":
        return replace(state, rhythms=tuple(_later(each, late) for each in state.rhythms))
    assert scale == "S5"
    return replace(state, paths=tuple(_delayed(each, late / seconds) for each in state.paths))


def _later(rhythm: Rhythm, late: float) -> Rhythm:
    return tuple(Landing(each.time + late, each.loud) for each in rhythm)


def _mirrored(path: Path) -> Path:
    """Return ``1 − x(t)``: −sin is sin half a turn on."""
    return replace(path, lane=1.0 - path.lane, phase=path.phase + np.pi)


def _delayed(path: Path, share: float) -> Path:
    """Return the path a share of the clip's length later."""
    return replace(path, phase=path.phase - 2.0 * np.pi * path.cycles * share)
