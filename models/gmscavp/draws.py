"""Random numbers of a training step that belong to a row, whatever batch the row is in.

Each row has a seed of its own, a function of run, step and row. So a resumed run draws what an unbroken one
draws, and a batch that is split, over processes or to save memory, draws what the whole batch draws.
"""

from collections.abc import Sequence
from math import prod

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor


def row_seeds(seed: int, step: int, rows: int) -> Int64[Tensor, " rows"]:
    """Return the seed of every row of a step."""
    drawn = np.random.SeedSequence([seed, step, 3]).generate_state(rows, np.uint64)
    return torch.from_numpy((drawn >> np.uint64(1)).astype(np.int64))


def drawn(
    seeds: Int64[Tensor, " rows"], uniforms: int, shapes: Sequence[Sequence[int]], like: Tensor
) -> tuple[Float[Tensor, "rows uniform"], list[Float[Tensor, "rows ..."]]]:
    """Draw for each row, from its seed alone.

    Args:
        seeds: Of the rows.
        uniforms: How many numbers to draw uniformly in [0, 1).
        shapes: Of the standard normal tensors to draw, without the axis of rows.
        like: Of the type and on the device of the result; another kind of device draws other numbers.
    """
    sizes = [prod(shape) for shape in shapes]
    uniform = torch.empty(len(seeds), uniforms, device=like.device)
    normal = torch.empty(len(seeds), sum(sizes), device=like.device)
    generator = torch.Generator(like.device)
    for row, seed in enumerate(seeds.tolist()):
        generator.manual_seed(seed)
        uniform[row].uniform_(generator=generator)
        normal[row].normal_(generator=generator)
    parts = normal.split(sizes, dim=1)
    shaped = [part.unflatten(1, tuple(shape)) for part, shape in zip(parts, shapes, strict=True)]
    return uniform.to(like.dtype), [part.to(like.dtype) for part in shaped]
