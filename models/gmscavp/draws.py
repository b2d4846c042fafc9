r"""Random numbers of a training step that belong to a row, whatever batch the row is in.

Each row has a seed of its own, a function of run, step and row. So a resumed run draws what an unbroken one
draws, and a batch that is split, over processes or to save memory, draws what the whole batch draws.

Each row reads one stretch of SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number
Generators", OOPSLA 2014), whose number n is a hash of n. So all rows are drawn at once, on any device the
same up to rounding.

.. code-block:: text

    h_k      = mix((mix(seed) + k) γ) mod 2^64                          k = 0, 1 …
    uniform  = (upper 24 bits of h) / 2^24                              in [0, 1)
    normal   = √(-2 ln u) cos 2πv,  √(-2 ln u) sin 2πv                  Box and Muller
               u = (upper 32 bits of h + 1/2) / 2^32,  v = (lower 32 bits of h) / 2^32
"""

import math
from collections.abc import Sequence
from math import prod

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

# γ and the multipliers of mix, as the signed integers that torch has.
GAMMA, FIRST, SECOND = (word - 2**64 for word in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def row_seeds(seed: int, step: int, rows: int) -> Int64[Tensor, " rows"]:
    """Return the seed of every row of a step."""
    drawn = np.random.SeedSequence([seed, step, 3]).generate_state(rows, np.uint64)
    return torch.from_numpy((drawn >> np.uint64(1)).astype(np.int64))


def generator_seed(seed: int, step: int, first: int) -> int:
    """Return what torch's own generator is seeded with at a step, where ``first`` is the first row here."""
    return int(np.random.SeedSequence([seed, step, 4, first]).generate_state(1)[0])


def drawn(
    seeds: Int64[Tensor, " rows"], uniforms: int, shapes: Sequence[Sequence[int]], like: Tensor
) -> tuple[Float[Tensor, "rows uniform"], list[Float[Tensor, "rows ..."]]]:
    """Draw for each row, from its seed alone.

    Args:
        seeds: Of the rows.
        uniforms: How many numbers to draw uniformly in [0, 1).
        shapes: Of the standard normal tensors to draw, without the axis of rows.
        like: Of the type and on the device of the result; the precision is that of float32.
    """
    sizes = [prod(shape) for shape in shapes]
    words = hashed(seeds.to(like.device), uniforms + -(-sum(sizes) // 2))
    uniform = shifted(words[:, :uniforms], 40).float() / 2**24
    normal = normals(words[:, uniforms:])[:, : sum(sizes)]
    shaped = [
        part.unflatten(1, tuple(shape)) for part, shape in zip(normal.split(sizes, 1), shapes, strict=True)
    ]
    return uniform.to(like.dtype), [part.to(like.dtype) for part in shaped]


def hashed(seeds: Int64[Tensor, " rows"], count: int) -> Int64[Tensor, "rows count"]:
    """Return h_0 … of each row, 64 bits each."""
    place = mixed(seeds)[:, None] + torch.arange(count, device=seeds.device)
    return mixed(place * GAMMA)


def mixed(words: Int64[Tensor, "*shape"]) -> Int64[Tensor, "*shape"]:
    """Return mix: SplitMix64's bijection of 64 bits, in which every bit depends on every bit."""
    words = (words ^ shifted(words, 30)) * FIRST
    words = (words ^ shifted(words, 27)) * SECOND
    return words ^ shifted(words, 31)


def shifted(words: Int64[Tensor, "*shape"], bits: int) -> Int64[Tensor, "*shape"]:
    """Shift to the right and fill up with zeros; torch's own shift repeats the sign."""
    return (words >> bits) & (2 ** (64 - bits) - 1)


def normals(words: Int64[Tensor, "rows count"]) -> Float[Tensor, "rows 2*count"]:
    """Return two standard normal numbers for each word of 64 bits: all cosines, then all sines."""
    radius = ((shifted(words, 32).float() + 0.5) / 2**32).log().mul(-2).sqrt()
    angle = (words & (2**32 - 1)).float() * (2 * math.pi / 2**32)
    return torch.cat([radius * angle.cos(), radius * angle.sin()], dim=1)
