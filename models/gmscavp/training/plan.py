"""A training run, before it starts."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor

from gmscavp.complaints import Complaint
from gmscavp.training.batches import SegmentBatch
from gmscavp.training.config import TrainingConfig
from gmscavp.training.distributed import ALONE, Processes

# What changes no weight beyond rounding may change between a run and its continuation.
FREE = ("compile", "micro_batch_clips")


class TrainingError(Complaint):
    """Training cannot go on; the last checkpoint is kept."""


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
            has ``clamp`` and ``config``; ``encode`` and ``contrast`` too, for gradient caching.
        batch: This process's part of the batch of a step, not yet varied.
        training: How to train.
        folder: Where the run lives.
        format: Which package the weights are for.
        device: ``cpu``, ``cuda`` …
        seed: Seeds the variation of batches.
        validate: Measures the averaged network; what it returns is logged.
        notes: What to keep beside the weights.
        processes: Which process of the run this is.
        say: Told what is worth a line.
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
    processes: Processes = ALONE
    say: Callable[[str], None] = lambda line: None

    def validates(self, step: int) -> bool:
        """Say whether the averaged network is measured after this many steps."""
        if self.validate is None or self.training.precision == "fp64":
            return False
        return step % self.training.validate_every == 0 or step == self.training.steps

    def fingerprint(self) -> str:
        """Return everything that must not change between a run and its continuation."""
        settings = {"format": self.format, "seed": self.seed, "notes": dict(self.notes or {})}
        training = {key: value for key, value in asdict(self.training).items() if key not in FREE}
        return json.dumps(
            settings | {"config": asdict(self.network.config), "training": training}, sort_keys=True
        )


def differences(before: str, now: str) -> list[str]:
    """Return the settings that one fingerprint has and another has not, as ``name=value``."""
    had, has = (dict(_flat(json.loads(text))) for text in (before, now))
    return [f"{name}={value}" for name, value in had.items() if name not in has or has[name] != value]


def _flat(settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what is said in a fingerprint; a training argument has the name that it is given by."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{inner}".removeprefix("training."), each) for inner, each in _flat(value))
        else:
            yield name, value
