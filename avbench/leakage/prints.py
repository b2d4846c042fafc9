"""Near-duplicates: prints of what is seen and heard that survive another codec, size and volume.

Of the first seconds of a file two unit vectors are kept, and two files are compared by their dot products:

    picture   p(t, y, x): luma, 4 frames a second, means over an 8×8 grid, minus its mean over t: what moves
    sound     s(t, f): log energy, 8 a second, in 16 bands from 100 to 3,500 Hz, minus its mean over t

Taking off the mean over time takes off brightness, logos and frames around the picture, volume and
equalising. Both are correlations, so 1 is the same and 0 is unrelated. What does not move or does not change
has no print of that stream. Copies that begin at another instant are not found. The features and the
threshold are ours; what they find is measured in docs/leakage.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avbench.errors import MediaError
from avbench.media.decode import read_clip
from avbench.records import AudioInput, VideoInput

SECONDS = 5.0
ALIKE = 0.8
"""Both streams correlate at least so: set between the highest of different clips and the lowest of copies."""

GRID = 8
PIXELS = 64
FPS = 4
RATE = 8_000
BLOCK = 1_000
BANDS = 16
BAND_HZ = (100.0, 3_500.0)
# Below these a stream holds nothing that could be recognised: codec noise, digital silence.
LEAST_MOTION = 0.5
LEAST_LEVEL = 1e-4

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """What is kept of a file.

    Attributes:
        path: The file.
        picture: Unit vector, or ``None``: no picture, or one that does not move.
        sound: Unit vector, or ``None``: no sound, or one that does not change.
    """

    path: Path
    picture: Vector | None
    sound: Vector | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two files that are alike; a correlation is ``None`` where either has no print of that stream."""

    first: Path
    second: Path
    picture: float | None
    sound: float | None


def print_of(path: Path, seconds: float = SECONDS) -> Print:
    """Take the prints of a file's first seconds; a stream that cannot be decoded so far has none.

    Raises:
        MediaError: Neither stream can be decoded.
    """
    errors: list[MediaError] = []
    frames, samples = None, None
    try:
        video = VideoInput(fps=FPS, height=PIXELS, width=PIXELS)
        frames = read_clip(path, seconds=seconds, video=video, audio=None).frames
    except MediaError as error:
        errors.append(error)
    try:
        audio = AudioInput(sample_rate=RATE)
        samples = read_clip(path, seconds=seconds, video=None, audio=audio).samples
    except MediaError as error:
        errors.append(error)
    if len(errors) == 2:
        raise errors[0]
    return Print(
        path=path,
        picture=None if frames is None else picture_print(frames),
        sound=None if samples is None else sound_print(samples[0]),
    )


def picture_print(frames: NDArray[np.uint8]) -> Vector | None:
    """Return the print of ``(time, channel=3, 64, 64)`` uint8, or ``None`` where nothing moves."""
    luma = np.tensordot(np.array([0.299, 0.587, 0.114], np.float32), frames.astype(np.float32), (0, 1))
    side = PIXELS // GRID
    cells = luma.reshape(len(luma), GRID, side, GRID, side).mean((2, 4))
    moving = cells - cells.mean(0)
    return _unit(moving) if moving.std() >= LEAST_MOTION else None


def sound_print(samples: NDArray[np.float32]) -> Vector | None:
    """Return the print of ``(time,)`` at 8 kHz, or ``None`` where nothing changes."""
    blocks = samples[: len(samples) // BLOCK * BLOCK].reshape(-1, BLOCK) * np.hanning(BLOCK)
    power = np.abs(np.fft.rfft(blocks)) ** 2 / BLOCK
    edges = np.geomspace(*BAND_HZ, BANDS + 1)
    band = np.searchsorted(edges, np.fft.rfftfreq(BLOCK, 1 / RATE), side="right") - 1
    energy = np.stack([power[:, band == each].sum(1) for each in range(BANDS)], axis=1)
    if energy.sum(1).max() < LEAST_LEVEL:
        return None
    # A floor far below the loudest, where codecs differ and nobody hears it.
    changing = np.log(energy + 1e-4 * energy.max())
    changing -= changing.mean(0)
    return _unit(changing) if changing.any() else None


def _unit(values: NDArray[np.floating]) -> Vector:
    flat = values.ravel()
    return (flat / np.linalg.norm(flat)).astype(np.float32)


def alike(prints: Sequence[Print], threshold: float = ALIKE) -> Iterator[Pair]:
    """Yield every pair of files of which each stream that both have a print of correlates so much.

    Memory: one row of correlations at a time.
    """
    pictures, sounds = (_matrix([getattr(each, name) for each in prints]) for name in ("picture", "sound"))
    for row, first in enumerate(prints):
        later = slice(row + 1, None)
        both = np.stack([pictures[later] @ pictures[row], sounds[later] @ sounds[row]])
        # NaN where either has no print: the other stream alone decides, and nothing where both are missing.
        least = np.fmin(both[0], both[1])
        for place in map(int, np.flatnonzero(least >= threshold)):
            seen, heard = (None if np.isnan(each) else float(each) for each in both[:, place])
            yield Pair(first=first.path, second=prints[row + 1 + place].path, picture=seen, sound=heard)


def _matrix(vectors: Sequence[Vector | None]) -> NDArray[np.float32]:
    width = next((len(each) for each in vectors if each is not None), 1)
    return np.stack([each if each is not None else np.full(width, np.nan, np.float32) for each in vectors])
