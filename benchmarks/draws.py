"""Draws of a training step, all rows at once, against a generator a row.

    python benchmarks/draws.py [--config small-diffusion] [--rows 96] [--device cpu] [--repeats 20]

Bar: on a GPU, where a generator a row takes several launches a row and reads the seeds back, at least 10 ×
its rate; on a CPU the cost, which is small beside a step, is only stated. Both directions.

Measured on one core of a shared x86-64 machine, no GPU, 96 rows of ``small-diffusion``, 697,000 numbers, in
milliseconds of the processor: a generator a row 3.0, all rows at once 5.0 to 5.3, compiled 0.94. Not measured
on a GPU yet.
"""

import argparse
import json
import math
from collections.abc import Callable

import torch
from training_step import seconds

from gmscavp.diffusion.denoiser import sees_coarser
from gmscavp.draws import drawn, row_seeds
from gmscavp.plugin import FAMILY
from gmscavp.training.memory import keep_freed_memory

Shapes = list[tuple[int, ...]]


def shapes_of(config: str) -> list[Shapes]:
    """Return what a row draws in each direction."""
    diffusion = FAMILY.config(config).diffusion
    found: list[Shapes] = []
    for direction in diffusion.directions:
        grids = [target.grid(direction) for target in diffusion.targets]
        seen = [grids[i + 1] for i in range(len(grids)) if sees_coarser(diffusion, i)]
        found.append([*grids, *seen])
    return found


def a_generator_a_row(seeds: torch.Tensor, shapes: Shapes, device: str) -> torch.Tensor:
    """Draw as many normal numbers for each row, from a generator with its seed."""
    numbers = torch.empty(len(seeds), sum(map(math.prod, shapes)), device=device)
    generator = torch.Generator(device)
    for row, seed in enumerate(seeds.tolist()):
        generator.manual_seed(seed)
        numbers[row].normal_(generator=generator)
    return numbers


def main() -> None:
    """Print milliseconds a step, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--config", default="small-diffusion")
    parser.add_argument("--rows", type=int, default=96)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--repeats", type=int, default=20)
    given = parser.parse_args()
    # As training does.
    keep_freed_memory()
    shapes, like = shapes_of(given.config), torch.empty(0, device=given.device)
    seeds = row_seeds(0, 0, given.rows).to(given.device)
    compiled = torch.compile(drawn)
    ways: dict[str, Callable[[], object]] = {
        "a generator a row": lambda: [a_generator_a_row(seeds, each, given.device) for each in shapes],
        "all rows at once": lambda: [drawn(seeds, 4, each, like) for each in shapes],
        "all rows at once, compiled": lambda: [compiled(seeds, 4, each, like) for each in shapes],
    }
    figures = {name: 1e3 * seconds(way, given.device, given.repeats) for name, way in ways.items()}
    print(json.dumps({"rows": given.rows, "device": given.device, "ms": figures}, indent=2))


if __name__ == "__main__":
    main()
