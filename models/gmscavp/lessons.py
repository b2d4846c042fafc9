"""What a network is trained on, and measured with meanwhile: that depends on what its config describes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from gmscavp.batches import Batches, Clips
from gmscavp.config import TrainingConfig
from gmscavp.distributed import Processes
from gmscavp.generator_config import GeneratorConfig
from gmscavp.plan import Batch, Validate
from gmscavp.validation import denoising_on, retrieval_on
from gmscavp.vocoder_config import VocoderConfig
from gmscavp.vocoder_training import distance_on


class Arrays(Protocol):
    """Clips to train on, and others to measure with."""

    @property
    def train(self) -> Clips: ...  # noqa: D102
    @property
    def validation(self) -> Clips | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """Of one process of a run.

    Attributes:
        batch: Its part of the batch of a step.
        validate: Measures the averaged network; ``None`` where there is nothing to measure it with.
    """

    batch: Batch
    validate: Validate | None


def lessons(
    config: Any,
    training: TrainingConfig,
    arrays: Arrays,
    *,
    seed: int,
    device: str,
    processes: Processes,
) -> Lessons:
    """Return the lessons of a vocoder, of a generator, or of a model of both streams.

    Raises:
        ValueError: The clips are too few or too short for what config and training ask for.
    """
    share = {"rank": processes.rank, "processes": processes.size}
    batches = Batches(arrays.train, config=config, training=training, seed=seed, **share)
    kept, measured = arrays.validation, measure_of(config)
    return Lessons(batch=batches.batch, validate=measured(kept, device) if kept else None)


def measure_of(config: Any) -> Callable[[Clips, str], Validate]:
    """Return what makes a measure of networks of a config, from clips and a device."""
    if isinstance(config, VocoderConfig):
        return distance_on
    return denoising_on if isinstance(config, GeneratorConfig) else retrieval_on
