"""What a stream of a clip shows or plays, scale by scale, and how it is drawn."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from avbench.datasets.avsynth.presets import Difficulty, Media, Scale
from avbench.datasets.avsynth.world import CLASSES, FINISHES, SIZES, randomness

ENVELOPE_RATE = 25
"""Samples a second of the slow envelope."""
LEAD_IN, LEAD_OUT = 0.65, 0.45
"""No landing this close to the beginning or the end of a clip, in seconds."""
LANE_PITCH = 0.3
"""Distance between neighbouring lanes, as a fraction of the frame's width."""
SWAY = 0.09
"""Amplitude of the sway along the floor, as a fraction of the frame's width."""

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Landing:
    """One landing: when, in seconds, and whether it is loud (a high hop) or soft (a low one)."""

    time: float
    loud: bool


Rhythm = tuple[Landing, ...]


@dataclass(frozen=True, slots=True)
class Path:
    """Where a toy stands: ``x(t) = lane + sway · sin(2π · cycles · t / T + phase)``, 0 left … 1 right."""

    lane: float
    sway: float
    cycles: int
    phase: float

    def at(self, times: Array, seconds: float) -> Array:
        """Return x at ``times`` (in seconds) of a clip ``seconds`` long."""
        turns = 2.0 * np.pi * self.cycles / seconds
        return self.lane + self.sway * np.sin(turns * times + self.phase)


@dataclass(frozen=True, slots=True, kw_only=True)
class Latents:
    """Everything coupled that one stream carries. Toy ``i`` is ``classes[i]`` with ``attributes[i]``.

    Attributes:
        classes: S0, distinct class ids.
        attributes: S1, ``(size, finish)`` of each toy; size 0 is the smallest, finish 0 the dullest.
        envelope: S2, one curve in [0, 1] for the scene, 25 samples a second; the same values in every
            clip, in another order.
        rhythms: S3, one list of landings for each toy, not yet handed out.
        binding: S4, toy ``i`` lands on ``rhythms[binding[i]]``.
        paths: S5, where each toy is.
    """

    classes: tuple[int, ...]
    attributes: tuple[tuple[int, int], ...]
    envelope: tuple[float, ...]
    rhythms: tuple[Rhythm, ...]
    binding: tuple[int, ...]
    paths: tuple[Path, ...]

    def landings(self, toy: int) -> Rhythm:
        """Return the landings of a toy."""
        return self.rhythms[self.binding[toy]]


FIELDS: dict[Scale, str] = {
    "S0": "classes",
    "S1": "attributes",
    "S2": "envelope",
    "S3": "rhythms",
    "S4": "binding",
    "S5": "paths",
}
"""Which field of :class:`Latents` holds which scale."""


def class_sets(seed: int, difficulty: Difficulty) -> tuple[tuple[int, ...], ...]:
    """Return the class sets that occur, in an order drawn from the world."""
    every = list(combinations(range(CLASSES), difficulty.objects))
    order = randomness(seed, "class sets", difficulty.objects).permutation(len(every))
    return tuple(every[k] for k in order[: difficulty.class_sets or len(every)])


def draw_classes(draw: np.random.Generator, sets: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
    """Draw one of the class sets, and which toy is which of its classes."""
    chosen = sets[int(draw.integers(len(sets)))]
    return tuple(int(k) for k in draw.permutation(chosen))


def draw_attributes(draw: np.random.Generator, objects: int) -> tuple[tuple[int, int], ...]:
    """Draw the size and the finish of each toy, independently."""
    sizes, finishes = draw.integers(0, SIZES, objects), draw.integers(0, FINISHES, objects)
    return tuple((int(size), int(finish)) for size, finish in zip(sizes, finishes, strict=True))


def draw_envelope(draw: np.random.Generator, seconds: float) -> tuple[float, ...]:
    """Draw a smooth curve of 0.3 to 2 Hz whose values are spread evenly over [0, 1].

    A Gaussian process of that band, every sample replaced by its rank: each clip spends the same time at
    each value, so that no mean over the clip tells one from another.

    Returns:
        ``round(25 · seconds) + 1`` values; sample ``k`` is the instant ``k / 25``.
    """
    count = round(ENVELOPE_RATE * seconds) + 1
    return _evenly_spread(_in_band(draw, 2 * count)[:count])


def draw_loop(draw: np.random.Generator, seconds: float) -> tuple[float, ...]:
    """Draw such a curve that ends where it began: turned by any number of samples it is as smooth.

    Returns:
        As many values as :func:`draw_envelope`; the last is the first again, and no other two are alike.
    """
    loop = _evenly_spread(_in_band(draw, round(ENVELOPE_RATE * seconds)))
    return (*loop, loop[0])


def _in_band(draw: np.random.Generator, period: int) -> Array:
    """Draw a periodic curve of 0.3 to 2 Hz: ``(period,)`` samples."""
    frequency = np.fft.rfftfreq(period, 1 / ENVELOPE_RATE)
    # Fewer high frequencies than low: the ranks of the curve stay smooth.
    weight = np.where((frequency >= 0.3) & (frequency <= 2.0), 1.0 / np.maximum(frequency, 0.3), 0.0)
    spectrum = weight * (draw.standard_normal(len(weight)) + 1j * draw.standard_normal(len(weight)))
    return np.fft.irfft(spectrum, period)


def blend_envelopes(family: tuple[float, ...], own: tuple[float, ...], spread: float) -> tuple[float, ...]:
    """Return ``(1 - spread) · family + spread · own``, its values spread evenly again (a sibling)."""
    return _evenly_spread((1.0 - spread) * np.array(family) + spread * np.array(own))


def _evenly_spread(curve: Array) -> tuple[float, ...]:
    """Replace every sample by its rank, scaled to [0, 1]."""
    ranks = np.argsort(np.argsort(curve, kind="stable"), kind="stable")
    return tuple((ranks / (len(curve) - 1)).tolist())


def flat_envelope(seconds: float) -> tuple[float, ...]:
    """Return the envelope of a muted S2: halfway all the time."""
    return (0.5,) * (round(ENVELOPE_RATE * seconds) + 1)


def draw_rhythms(
    draw: np.random.Generator, difficulty: Difficulty, media: Media, around: tuple[Rhythm, ...] | None = None
) -> tuple[Rhythm, ...]:
    """Draw one list of landings for each toy: as many, and as many of them loud, in every list.

    Args:
        draw: Source of randomness.
        difficulty: Gives counts, gaps and spread.
        media: Gives the length.
        around: A family's own rhythms, to stay within ``rhythm_spread`` of; ``None`` to draw freely.

    Returns:
        As many lists as toys, each in order of time.
    """
    count = difficulty.events_in(media.seconds)
    if around is None or difficulty.rhythm_spread is None:
        times = _free_times(draw, difficulty, media, count)
    else:
        times = _near_times(draw, difficulty, media, around)
    accents = np.arange(count) % 2 == 1
    return tuple(
        tuple(Landing(float(t), bool(loud)) for t, loud in zip(row, draw.permutation(accents), strict=True))
        for row in times
    )


def _free_times(draw: np.random.Generator, difficulty: Difficulty, media: Media, count: int) -> Array:
    """Draw uniformly among all lists that keep the refractory time: ``(toy, landing)`` seconds."""
    room = media.seconds - LEAD_IN - LEAD_OUT - (count - 1) * difficulty.refractory
    shape = (PROPOSALS, difficulty.objects, count)
    ordered = np.sort(draw.uniform(0.0, room, shape), axis=-1)
    return _first_apart(LEAD_IN + ordered + difficulty.refractory * np.arange(count), difficulty)


def _near_times(
    draw: np.random.Generator, difficulty: Difficulty, media: Media, around: tuple[Rhythm, ...]
) -> Array:
    """Draw lists in the neighbourhood of ``around``: ``(toy, landing)`` seconds."""
    centre = np.array([[landing.time for landing in rhythm] for rhythm in around])
    count = centre.shape[1]
    waits = difficulty.refractory * np.arange(count)
    room = media.seconds - LEAD_IN - LEAD_OUT - waits[-1]
    spread = difficulty.rhythm_spread or 0.0
    moved = centre - LEAD_IN - waits + draw.uniform(-spread, spread, (PROPOSALS, *centre.shape))
    return _first_apart(LEAD_IN + np.sort(np.clip(moved, 0.0, room), axis=-1) + waits, difficulty)


PROPOSALS = 256


def _first_apart(proposals: Array, difficulty: Difficulty) -> Array:
    """Return the proposal that keeps ``cross_gap``, or misses it by the least: ``(toy, landing)``."""
    across = np.diff(np.sort(proposals.reshape(len(proposals), -1), axis=1), axis=1).min(axis=1)
    return proposals[int(np.argmax(np.minimum(across, difficulty.cross_gap)))]


def even_rhythms(difficulty: Difficulty, media: Media) -> tuple[Rhythm, ...]:
    """Return the rhythms of a muted S3: every toy at an even pace, one after the other, all loud."""
    count = difficulty.events_in(media.seconds)
    pace = (media.seconds - LEAD_IN - LEAD_OUT) / count
    turn = pace / difficulty.objects
    return tuple(
        tuple(Landing(LEAD_IN + pace * k + turn * toy, True) for k in range(count))
        for toy in range(difficulty.objects)
    )


def draw_binding(draw: np.random.Generator, objects: int) -> tuple[int, ...]:
    """Draw which toy plays which rhythm."""
    return tuple(int(k) for k in draw.permutation(objects))


def draw_paths(draw: np.random.Generator, objects: int) -> tuple[Path, ...]:
    """Draw the lane, pace and phase of each toy; a whole number of swings spreads x alike in every clip."""
    lanes = draw.permutation(_lanes(objects))
    cycles, phases = draw.integers(1, 4, objects), draw.uniform(0.0, 2.0 * np.pi, objects)
    return tuple(
        Path(float(lane), SWAY, int(n), float(phase))
        for lane, n, phase in zip(lanes, cycles, phases, strict=True)
    )


def still_paths(objects: int) -> tuple[Path, ...]:
    """Return the paths of a muted S5: every toy stands in its lane, from left to right."""
    return tuple(Path(lane, 0.0, 1, 0.0) for lane in _lanes(objects))


def _lanes(objects: int) -> tuple[float, ...]:
    return tuple(0.5 + LANE_PITCH * (k - (objects - 1) / 2) for k in range(objects))
