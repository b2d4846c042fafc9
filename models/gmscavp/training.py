"""The training loop of gmscavp and cavp: step, average, log, checkpoint, resume.

A folder of a run holds

    state.pt             everything needed to go on, written atomically; read without running code from it
    log.jsonl            one line every few steps; lines after the last checkpoint are cut off on resuming
    tensorboard/         the same curves, where tensorboard is installed
    weights.safetensors  the averaged weights, half precision, with the config inside

As batches are a function of the step, a run that was killed and resumed ends with the weights of an unbroken
one, to the bit on one CPU with one number of threads.
"""

import copy
import json
import math
import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from gmscavp.batches import SegmentBatch, vary
from gmscavp.checkpoint import read_state, save_weights, write_state
from gmscavp.config import TrainingConfig
from gmscavp.draws import row_seeds
from gmscavp.interrupts import Interrupts
from gmscavp.memory import keep_freed_memory
from gmscavp.training_log import TrainingLog


class TrainingError(Exception):
    """Training cannot go on; the message is one sentence, and the last checkpoint is kept."""


class Objective(Protocol):
    """What a network returns for a batch: the scalar to minimise, and its detached parts by name."""

    @property
    def total(self) -> Tensor: ...  # noqa: D102
    @property
    def parts(self) -> Mapping[str, Tensor]: ...  # noqa: D102


Batch = Callable[[int], SegmentBatch]
Validate = Callable[[Any], Mapping[str, float]]
Report = Callable[[int, Mapping[str, float]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A run, before it starts.

    Attributes:
        network: A module that returns an objective for (frames, samples, segments, seeds of the rows), and
            has ``clamp`` and ``config``.
        batch: The batch of a step, not yet varied.
        training: How to train.
        folder: Where the run lives.
        format: Which package the weights are for.
        device: ``cpu``, ``cuda`` …
        seed: Seeds the variation of batches.
        validate: Measures the averaged network; what it returns is logged.
        notes: What to keep beside the weights.
    """

    network: Any
    batch: Batch
    training: TrainingConfig
    folder: Path
    format: str
    device: str
    seed: int
    validate: Validate | None = None
    notes: Mapping[str, str] | None = None

    def fingerprint(self) -> str:
        """Return everything that must not change between a run and its continuation."""
        settings = {"format": self.format, "seed": self.seed, "notes": dict(self.notes or {})}
        return json.dumps(
            settings | {"config": asdict(self.network.config), "training": asdict(self.training)},
            sort_keys=True,
        )


def train(plan: Plan, report: Report = lambda step, values: None) -> Path:
    """Train until the last step, from the last checkpoint if there is one, and return the weight file.

    Args:
        plan: What to train.
        report: Told the number of steps done after each, with what was logged, if anything was.

    Raises:
        TrainingError: The folder holds another run, or the loss is no longer finite.
        KeyboardInterrupt: Ctrl-C; everything up to the last whole step is kept.
    """
    keep_freed_memory()
    plan.folder.mkdir(parents=True, exist_ok=True)
    run = Run(plan)
    log = TrainingLog(plan.folder, run.step)
    try:
        with Interrupts() as interrupts:
            for batch in prefetched(plan.batch, run.step, plan.training.steps):
                run.advance(batch)
                run.report(log, report)
                if interrupts.asked:
                    run.save()
                    raise KeyboardInterrupt
    finally:
        log.close()
    run.save()
    return run.save_weights()


class Run:
    """The moving parts of a run: network, average, optimiser, step."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.network = plan.network.to(plan.device).train()
        self.average = copy.deepcopy(self.network).eval().requires_grad_(False)
        training = plan.training
        self.optimiser = torch.optim.AdamW(
            parameter_groups(self.network, training.weight_decay),
            lr=training.learning_rate,
            betas=training.betas,
            eps=training.eps,
        )
        self.step = 0
        self.state = plan.folder / "state.pt"
        if self.state.exists():
            self.resume()
        self.clock = Clock(self.step)

    def resume(self) -> None:
        """Go back to the last checkpoint.

        Raises:
            TrainingError: It is damaged, or of a run with other settings.
        """
        state = read_state(self.state)
        if state["fingerprint"] != self.plan.fingerprint():
            raise TrainingError(f"{self.plan.folder} holds a run with other settings.")
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]

    def save(self) -> None:
        """Write a checkpoint."""
        write_state(
            self.state,
            {
                "fingerprint": self.plan.fingerprint(),
                "network": self.network.state_dict(),
                "average": self.average.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "step": self.step,
            },
        )

    def save_weights(self) -> Path:
        """Write the averaged weights."""
        path = self.plan.folder / "weights.safetensors"
        notes = dict(self.plan.notes or {}) | {"steps": str(self.step), "seed": str(self.plan.seed)}
        save_weights(
            path, self.average.state_dict(), self.network.config, format=self.plan.format, notes=notes
        )
        return path

    def advance(self, batch: SegmentBatch) -> None:
        """Take one step of AdamW, clamp the temperature, and move the average.

        Raises:
            TrainingError: The loss is not finite; nothing has been changed by it.
        """
        training, device = self.plan.training, torch.device(self.plan.device)
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.step, training)
        moved = SegmentBatch(
            frames=batch.frames.to(device), samples=batch.samples.to(device), segments=batch.segments
        )
        varied = vary(moved, training, self.plan.seed, self.step)
        seeds = row_seeds(self.plan.seed, self.step, len(varied.frames))
        with torch.autocast(device.type, torch.bfloat16, enabled=training.precision == "bf16"):
            self.objective: Objective = self.network(varied.frames, varied.samples, varied.segments, seeds)
        if not self.objective.total.isfinite():
            raise TrainingError(f"The loss is not finite at step {self.step}.")
        self.optimiser.zero_grad(set_to_none=True)
        self.objective.total.backward()
        self.optimiser.step()
        self.network.clamp()
        move_average(self.average, self.network, training.ema, self.step)
        self.step += 1

    def report(self, log: TrainingLog, report: Report) -> None:
        """Log, validate and checkpoint where it is time to."""
        training, last = self.plan.training, self.step == self.plan.training.steps
        values: dict[str, float] = {}
        if self.step % training.log_every == 0 or last:
            values = self.values()
        if self.plan.validate is not None and (self.step % training.validate_every == 0 or last):
            values |= self.plan.validate(self.average)
        if values:
            log.write(self.step, values)
        if self.step % training.checkpoint_every == 0:
            self.save()
        report(self.step, values)

    def values(self) -> dict[str, float]:
        """Return what a line of the log says."""
        objective = self.objective
        values = {"loss": objective.total.item(), "learning_rate": self.optimiser.param_groups[0]["lr"]}
        values |= {name: part.item() for name, part in objective.parts.items()}
        values["logit_scale"] = self.network.logit_scale.item()
        values["clips_per_second"] = self.plan.training.batch_clips * self.clock.rate(self.step)
        return values


class Clock:
    """Steps a second since it was last asked."""

    def __init__(self, step: int) -> None:
        self.step, self.time = step, time.monotonic()

    def rate(self, step: int) -> float:
        """Return the rate, and start anew."""
        now = time.monotonic()
        rate = (step - self.step) / max(now - self.time, 1e-9)
        self.step, self.time = step, now
        return rate


def parameter_groups(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Split the parameters: matrices and kernels decay; vectors, biases and the temperature do not."""
    trained = [each for each in network.parameters() if each.requires_grad]
    return [
        {"params": [each for each in trained if each.ndim >= 2], "weight_decay": weight_decay},
        {"params": [each for each in trained if each.ndim < 2], "weight_decay": 0.0},
    ]


def learning_rate(step: int, training: TrainingConfig) -> float:
    """Return the rate of a step: up in a straight line over the warm-up, then down half a cosine."""
    if step < training.warmup:
        return training.learning_rate * (step + 1) / training.warmup
    share = (step - training.warmup) / max(training.steps - training.warmup, 1)
    return training.learning_rate * (1 + math.cos(math.pi * share)) / 2


@torch.no_grad()
def move_average(average: nn.Module, network: nn.Module, decay: float, step: int) -> None:
    """Average <- d · average + (1 - d) · network, with d = min(decay, (1 + step) / (10 + step)).

    The smaller d of the first steps forgets the initial weights soon. Counters are copied.
    """
    d = min(decay, (1 + step) / (10 + step))
    for kept, new in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if kept.is_floating_point():
            kept.lerp_(new, 1 - d)
        else:
            kept.copy_(new)


def prefetched(batch: Batch, first: int, last: int) -> Generator[SegmentBatch, None, None]:
    """Yield the batches of steps ``first`` … ``last - 1``, reading one ahead in a thread."""
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(batch, first) if first < last else None
        for step in range(first, last):
            assert coming is not None
            ready = coming.result()
            coming = reader.submit(batch, step + 1) if step + 1 < last else None
            yield ready
