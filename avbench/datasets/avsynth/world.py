"""A world: the law from what is seen to what is heard, and the source of all its randomness."""

from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

import numpy as np

CLASSES = 8
SIZES = 4
FINISHES = 3

NEW_WORLD = 1_000_003
"""What is added to a world's seed to get the world of its ``new-world`` split."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The law of one world: the look and the sound of each class.

    Sizes and finishes obey the same law in every world: larger is lower, glossier rings longer.

    Attributes:
        seed: What the law was drawn from.
        shapes: Shape of class 0 … 7, an index of :data:`~avbench.datasets.avsynth.sprites.SHAPES`.
        textures: Texture of each class.
        palettes: Palette of each class.
        timbres: Timbre family of each class, an index of :data:`~avbench.datasets.avsynth.modal.TIMBRES`.
    """

    seed: int
    shapes: tuple[int, ...]
    textures: tuple[int, ...]
    palettes: tuple[int, ...]
    timbres: tuple[int, ...]


@lru_cache(maxsize=16)
def world(seed: int) -> World:
    """Draw the law of a world: four permutations of the eight classes."""
    draw = randomness(seed, "law")
    shapes, textures, palettes, timbres = (tuple(int(k) for k in draw.permutation(CLASSES)) for _ in range(4))
    return World(seed=seed, shapes=shapes, textures=textures, palettes=palettes, timbres=timbres)


def randomness(seed: int, *key: int | str) -> np.random.Generator:
    """Return the random stream of a world that belongs to ``key``; different keys are independent."""
    words = [crc32(part.encode()) if isinstance(part, str) else part for part in key]
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, *words])))
