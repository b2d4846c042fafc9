"""Matched galleries: candidates that are alike in every scale but one."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import count, permutations
from math import factorial
from operator import ne
from typing import TypeVar

import numpy as np

from avbench.datasets.avsynth.latents import (
    Latents,
    Path,
    Rhythm,
    draw_attributes,
    draw_envelope,
    draw_rhythms,
)
from avbench.datasets.avsynth.presets import Difficulty, Media, Scale
from avbench.datasets.avsynth.scenes import Key, draw_latents
from avbench.datasets.avsynth.world import CLASSES, randomness

ALIKE = 0.5
"""Envelopes whose correlation is at least this are too near each other to be candidates together."""
NEAR = 0.12
"""So are rhythms of which no landing differs by this many seconds, or by their spread if that is less."""

Value = TypeVar("Value")


def candidates(scale: Scale, difficulty: Difficulty) -> int:
    """Return how many clips a matched gallery of ``scale`` holds; one over it is chance."""
    return factorial(difficulty.objects) if scale == "S4" else difficulty.candidates


@lru_cache(maxsize=4)
def matched_latents(
    scale: Scale, key: Key, seed: int, difficulty: Difficulty, media: Media
) -> tuple[Latents, ...]:
    """Draw all candidates of the matched gallery of ``key``; what they share is drawn from the same key."""
    base = draw_latents(key, seed, difficulty, media)
    number = candidates(scale, difficulty)

    def streams(name: str) -> Iterator[np.random.Generator]:
        return (randomness(seed, *key, attempt, name) for attempt in count())

    match scale:
        case "S0":
            ring = next(filter(_sets_differ, (_class_ring(base, draw) for draw in streams("ring"))))
            return tuple(replace(base, classes=each) for each in ring[:number])
        case "S1":
            drawn = (draw_attributes(draw, difficulty.objects) for draw in streams("S1"))
            return tuple(replace(base, attributes=each) for each in _distinct(drawn, ne, number))
        case "S2":
            curves = (draw_envelope(draw, media.seconds) for draw in streams("S2"))
            return tuple(replace(base, envelope=each) for each in _distinct(curves, unlike, number))
        case "S3":
            near = min(NEAR, difficulty.rhythm_spread or NEAR)
            lists = (
                draw_rhythms(draw, difficulty, media, around=base.rhythms) for draw in streams("rhythms")
            )
            chosen = _distinct(lists, lambda one, other: _apart(one, other) >= near, number)
            return tuple(replace(base, rhythms=each) for each in chosen)
        case "S4":
            return tuple(replace(base, binding=order) for order in permutations(range(difficulty.objects)))
        case "S5":
            return tuple(replace(base, paths=_turned(base.paths, k / number)) for k in range(number))


def _distinct(drawn: Iterator[Value], differ: Callable[[Value, Value], bool], number: int) -> list[Value]:
    """Take the first ``number`` values that differ from all taken before."""
    chosen: list[Value] = []
    while len(chosen) < number:
        value = next(drawn)
        if all(differ(value, other) for other in chosen):
            chosen.append(value)
    return chosen


def _class_ring(base: Latents, draw: np.random.Generator) -> list[tuple[int, ...]]:
    """Turn a ring of all classes, so that each class comes up equally often."""
    ring = draw.permutation(CLASSES).tolist()
    where = [ring.index(k) for k in base.classes]
    return [tuple(ring[(w + turn) % CLASSES] for w in where) for turn in range(CLASSES)]


def _sets_differ(turned: list[tuple[int, ...]]) -> bool:
    return len({frozenset(classes) for classes in turned}) == CLASSES


def unlike(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Return whether two envelopes can be candidates together."""
    return float(np.corrcoef(np.array(one), np.array(other))[0, 1]) < ALIKE


def _apart(one: tuple[Rhythm, ...], other: tuple[Rhythm, ...]) -> float:
    """Return by how many seconds the landing that moved most differs."""
    return max(
        abs(a.time - b.time)
        for first, second in zip(one, other, strict=True)
        for a, b in zip(first, second, strict=True)
    )


def _turned(paths: tuple[Path, ...], turn: float) -> tuple[Path, ...]:
    """Shift the phase of every path by a part of a turn: other instants, the same places."""
    return tuple(replace(path, phase=path.phase + 2.0 * np.pi * turn) for path in paths)
