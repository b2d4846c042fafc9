"""A training step, against the bare forward and backward of its two backbones, and against eager float32.

    python benchmarks/training_step.py [--config base] [--clips 8] [--device cuda] [--repeats 10]

Bar, on an H200 with config ``base``: the whole step (log-mel, backbones, pyramids, objective, AdamW)
at least 0.85 × the rate of the backbones alone, both in bfloat16 and compiled; and at least 2.5 × the rate of
the same step, eager, in float32. All three are timed in one run on the same random batch, and the fastest
repeat of each is compared. On a GPU peak memory and the rate of a bare bfloat16 matrix product are printed as
well.

Not measured on a GPU yet.
"""

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gmscavp.compilation import compile_in_place
from gmscavp.gradient_cache import Learner
from gmscavp.model import GMSCAVP
from gmscavp.optimisation import parameter_groups
from gmscavp.plugin import FAMILY

SEGMENTS = 3
MATRIX = 8192


def seconds(call: Callable[[], object], device: str, repeats: int) -> float:
    """Return the fastest of ``repeats`` calls, after two that are not counted."""
    times: list[float] = []
    for _ in range(repeats + 2):
        wait(device)
        start = time.perf_counter()
        call()
        wait(device)
        times.append(time.perf_counter() - start)
    return min(times[2:])


def wait(device: str) -> None:
    """Wait for what the device was given to do."""
    if device.startswith("cuda"):
        torch.cuda.synchronize()


class Steps:
    """The three things that are timed, over one random batch.

    Args:
        config: A named config of gmscavp.
        clips: Clips in the batch.
        device: Where.
    """

    def __init__(self, config: str, clips: int, device: str) -> None:
        self.config, self.device = FAMILY.config(config), device
        rows, size = clips * SEGMENTS, self.config.video.size
        self.frames = torch.rand(rows, self.config.frames, 3, size, size, device=device)
        self.samples = torch.rand(rows, self.config.samples, device=device) * 2 - 1
        self.seeds = torch.arange(rows, device=device)

    def whole(self, *, compiled: bool) -> Callable[[], None]:
        """Return a whole step: objective, backward, optimiser; compiled in bfloat16, or eager in float32."""
        network = GMSCAVP(self.config).to(self.device).train()
        learner = Learner(network)
        if compiled:
            compile_in_place(learner, self.device, print)
        groups = parameter_groups(network, 0.2)
        optimiser = torch.optim.AdamW(groups, lr=1e-5)

        def step() -> None:
            optimiser.zero_grad(set_to_none=True)
            with self.autocast(compiled):
                frames = self.frames.bfloat16() if compiled else self.frames
                objective: Any = learner(frames, self.samples, SEGMENTS, self.seeds)
            objective.total.backward()
            optimiser.step()

        return step

    def backbones(self) -> Callable[[], None]:
        """Return forward and backward of both backbones alone, compiled, in bfloat16."""
        network = GMSCAVP(self.config).to(self.device).train()
        with torch.no_grad():
            log_mel = network.log_mel(self.samples)
        video, audio = (torch.compile(each) for each in (network.video, network.audio))

        def step() -> None:
            network.zero_grad(set_to_none=True)
            with self.autocast(True):
                made: list[Tensor] = [video(self.frames.bfloat16()).summary, audio(log_mel).summary]
            torch.stack([each.float().square().mean() for each in made]).sum().backward()

        return step

    def autocast(self, on: bool) -> torch.autocast:
        """Return bfloat16 autocast, or none."""
        return torch.autocast(torch.device(self.device).type, torch.bfloat16, enabled=on)


def matrix_rate(device: str) -> float:
    """Return the rate of a bare bfloat16 matrix product, in TFLOP/s."""
    one, other = (torch.rand(MATRIX, MATRIX, device=device, dtype=torch.bfloat16) for _ in range(2))
    return 2 * MATRIX**3 / seconds(lambda: one @ other, device, 10) / 1e12


def main() -> None:
    """Print every figure as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--config", default="base", choices=list(FAMILY.configs))
    parser.add_argument("--clips", type=int, default=8)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--repeats", type=int, default=10)
    given = parser.parse_args()
    steps = Steps(given.config, given.clips, given.device)
    on_gpu = given.device.startswith("cuda")
    figures: dict[str, Any] = {"config": given.config, "clips": given.clips, "device": given.device}
    rates: dict[str, float] = {}
    for name, step in (
        ("backbones", steps.backbones()),
        ("step", steps.whole(compiled=True)),
        ("eager_float32", steps.whole(compiled=False)),
    ):
        if on_gpu:
            torch.cuda.reset_peak_memory_stats()
        rates[name] = given.clips / seconds(step, given.device, given.repeats)
        figures[f"{name}_clips_per_s"] = rates[name]
        if on_gpu:
            figures[f"{name}_peak_gib"] = torch.cuda.max_memory_allocated() / 2**30
    figures["step_over_backbones"] = rates["step"] / rates["backbones"]
    figures["step_over_eager_float32"] = rates["step"] / rates["eager_float32"]
    if on_gpu:
        figures |= {"gpu": torch.cuda.get_device_name(), "matrix_tflops": matrix_rate(given.device)}
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
