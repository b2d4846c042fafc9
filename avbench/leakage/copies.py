"""Copies: pairs of files that look and sound alike, also where the one begins later, is mirrored or cropped.

Of one file the first W seconds are looked for in the other, from 0 to R seconds later in steps of 1/16:

    r(a, b) = max over lags of ⟨u(a, lag), u(b, 0)⟩,   u: W seconds minus their mean over time, of length 1

first in the sound, which is where most pairs end. Where it agrees the pictures are compared at the same lag,
give or take a frame, as they are and mirrored, either of them whole and the other in any of its crops. A
stream that a file lacks, or that does not change, is not asked, and the other must correlate more. Without
sound the picture alone is looked for at every lag, mirrored or not, uncropped. The thresholds are ours.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avbench.leakage.prints import (
    BANDS,
    BLOCK,
    CROPS,
    FPS,
    FRAMES,
    GRID,
    HOP,
    LEAST_MOTION,
    RATE,
    SECONDS,
    Print,
    Track,
)

ALIKE, ALONE = 0.6, 0.8
"""How much both streams correlate at least, and how much one alone: above what different clips reach."""

# Blocks of sound half overlap: every second one is compared, and any of them may be the first.
STRIDE = BLOCK // HOP
LAGS_A_SECOND = RATE // HOP
MIRROR = np.arange(GRID * GRID).reshape(GRID, GRID)[:, ::-1].ravel()

Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two files that are alike.

    Attributes:
        first: The one that begins earlier.
        second: The other.
        picture: How their pictures correlate; ``None`` where either has none that moves.
        sound: How their sounds correlate; ``None`` where either has none that changes.
        late: How much later the second begins, in seconds.
        mirrored: Whether one picture is the other's mirror image.
        cropped: Whether one picture is a part of the other.
    """

    first: Path
    second: Path
    picture: float | None
    sound: float | None
    late: float = 0.0
    mirrored: bool = False
    cropped: bool = False

    @property
    def least(self) -> float:
        """The lower of the two correlations."""
        return min(each for each in (self.picture, self.sound) if each is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """How two pictures agree best; without a value there is nothing to compare."""

    late: float
    value: float | None = None
    mirrored: bool = False
    cropped: bool = False


def alike(
    prints: Sequence[Print], threshold: float = ALIKE, alone: float = ALONE, seconds: float = SECONDS
) -> Iterator[Pair]:
    """Yield every pair of files that are alike, once, in the order of the prints.

    Args:
        prints: All taken with the same ``seconds`` and ``reach``.
        threshold: The least correlation of each stream, where both files have both.
        alone: The least correlation of the only stream that both have.
        seconds: How much of two files is compared.
    """
    heard = np.stack(
        [_first(_sound_windows(each, seconds), round(seconds * RATE / BLOCK) * BANDS) for each in prints]
    )
    seen = np.stack([_first(_picture_windows(each, seconds), _frames(seconds) * GRID**2) for each in prints])
    best: dict[tuple[int, int], Pair] = {}
    for row, whole in enumerate(prints):
        for column, pair in _matches(whole, prints, heard, seen, min(threshold, alone), seconds):
            key = (min(row, column), max(row, column))
            needed = alone if None in (pair.picture, pair.sound) else threshold
            if row != column and pair.least >= needed and (key not in best or pair.least > best[key].least):
                best[key] = pair
    yield from (best[key] for key in sorted(best))


def _matches(
    whole: Print, prints: Sequence[Print], heard: Rows, seen: Rows, threshold: float, seconds: float
) -> Iterator[tuple[int, Pair]]:
    """Yield which prints begin within one, and how."""
    sounds, lags = _best(_sound_windows(whole, seconds) @ heard.T)
    for column in map(int, np.flatnonzero(sounds >= threshold)):
        if prints[column] is not whole:
            look = _look(whole, prints[column], float(lags[column] / LAGS_A_SECOND), seconds)
            yield column, _pair(whole, prints[column], look, float(sounds[column]))
    mute = np.flatnonzero(np.isnan(sounds) & ~np.isnan(seen[:, 0]))
    for mirrored in (False, True) if len(mute) else ():
        pictures, frames = _best(_picture_windows(whole, seconds, mirrored=mirrored) @ seen[mute].T)
        for place in map(int, np.flatnonzero(pictures >= threshold)):
            late = float(frames[place] / FPS)
            look = _Look(late=late, value=float(pictures[place]), mirrored=mirrored)
            yield int(mute[place]), _pair(whole, prints[mute[place]], look, None)


def _pair(first: Print, second: Print, look: _Look, sound: float | None) -> Pair:
    return Pair(
        first=first.path,
        second=second.path,
        picture=look.value,
        sound=sound,
        late=look.late,
        mirrored=look.mirrored,
        cropped=look.cropped,
    )


def _best(scores: Rows) -> tuple[Rows, NDArray[np.intp]]:
    """Return the best of each column of ``(lag, n)`` and its lag; NaN where there is none."""
    known = np.where(np.isnan(scores), -np.inf, scores)
    lags = known.argmax(0)
    values = known[lags, np.arange(scores.shape[1])]
    return np.where(np.isinf(values), np.nan, values).astype(np.float32), lags


def _look(whole: Print, other: Print, late: float, seconds: float) -> _Look:
    """Compare two pictures around a lag."""
    frame = round(late * FPS)
    near = [each for each in (frame, frame - 1, frame + 1) if each >= 0]
    found: list[tuple[float, bool, bool]] = []
    for crop, other_crop in [(c, 0) for c in range(len(CROPS))] + [(0, c) for c in range(1, len(CROPS))]:
        (start,) = _picture_windows(other, seconds, crop=other_crop, lags=[0])
        for mirrored in (False, True):
            values = _picture_windows(whole, seconds, crop=crop, mirrored=mirrored, lags=near) @ start
            found += [
                (float(value), mirrored, bool(crop or other_crop)) for value in values if not np.isnan(value)
            ]
    if not found:
        return _Look(late=late)
    # Of equals the plainest, which comes first.
    value, mirrored, cropped = max(found, key=lambda each: round(each[0], 3))
    return _Look(late=late, value=value, mirrored=mirrored, cropped=cropped)


def _sound_windows(each: Print, seconds: float) -> Rows:
    """Return ``(lag, time · band)``: the sound from each lag on."""
    length = round(seconds * RATE / BLOCK)
    if each.sound is None:
        return np.full((1, length * BANDS), np.nan, np.float32)
    count = max(len(each.sound) - (length - 1) * STRIDE, 0)
    return _windows(each.sound, range(count), length, STRIDE, least=0.0)


def _picture_windows(
    each: Print, seconds: float, *, crop: int = 0, mirrored: bool = False, lags: Sequence[int] | None = None
) -> Rows:
    """Return ``(lag, time · cell)``: a crop of the picture from each lag on, or from those given."""
    length = _frames(seconds)
    if each.picture is None:
        return np.full((1, length * GRID**2), np.nan, np.float32)
    track = each.picture[:, crop, MIRROR] if mirrored else each.picture[:, crop]
    count = max(len(track) - length + 1, 0)
    starts = range(count) if lags is None else [lag for lag in lags if lag < count]
    return _windows(track, starts, length, 1, least=LEAST_MOTION)


def _frames(seconds: float) -> int:
    return round(seconds * FPS) - FRAMES + 1


def _windows(track: Track, starts: Sequence[int], length: int, stride: int, *, least: float) -> Rows:
    """Return unit vectors of what changes in windows of a track; NaN where nothing does."""
    places = np.array(starts, np.intp)[:, None] + stride * np.arange(length)
    windows = track[places].astype(np.float32)
    changing = windows - windows.mean(1, keepdims=True)
    rows = changing.reshape(len(changing), -1)
    size = np.linalg.norm(rows, axis=1, keepdims=True)
    small = size <= least * np.sqrt(rows.shape[1])
    return np.where(small, np.nan, rows / np.where(small, 1, size)).astype(np.float32)


def _first(windows: Rows, width: int) -> Rows:
    return windows[0] if len(windows) else np.full(width, np.nan, np.float32)
