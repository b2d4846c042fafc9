"""What a network is trained on, and measured with meanwhile: that depends on what its config describes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from gmscavp.sound.generator_config import GeneratorConfig
from gmscavp.sound.vocoder_config import VocoderConfig
from gmscavp.sound.vocoder_training import distance_on
from gmscavp.synchrony.config import HeadConfig
from gmscavp.synchrony.kept_tokens import KeptTokens, keep_tokens
from gmscavp.synchrony.training import TokenBatches, heads_on
from gmscavp.training.batches import Batches, Clips, refuse_sharing
from gmscavp.training.config import TrainingConfig
from gmscavp.training.distributed import Processes
from gmscavp.training.gradient_cache import refuse_parts
from gmscavp.training.plan import Batch, Validate
from gmscavp.training.validation import denoising_on, retrieval_on


class Arrays(Protocol):
    """Clips to train on, and others to measure with."""

    @property
    def train(self) -> Clips: ...  # noqa: D102
    @property
    def validation(self) -> Clips | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What lessons know of the run that they are for.

    Attributes:
        folder: Where it lives.
        seed: Its seed.
        device: ``cpu``, ``cuda`` …
        processes: Which of its processes this is.
        notes: What the data are, and the frozen encoder, if there is one.
        progress: Told about long work.
    """

    folder: Path
    seed: int
    device: str
    processes: Processes
    notes: Mapping[str, str]
    progress: Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """Of one process of a run.

    Attributes:
        batch: Its part of the batch of a step.
        validate: Measures the averaged network; ``None`` where there is nothing to measure it with.
    """

    batch: Batch
    validate: Validate | None


def refuse_unfit(network: Any, training: TrainingConfig, processes: int) -> None:
    """Refuse, before any data are made, what they could not be used for.

    Raises:
        ValueError: The processes cannot share the batch.
        TrainingError: The network cannot be trained in parts, and is to be.
    """
    refuse_sharing(training, processes)
    refuse_parts(network, training)


def lessons(network: Any, training: TrainingConfig, arrays: Arrays, setting: Setting) -> Lessons:
    """Return the lessons of a vocoder, of a generator, of a head, or of a model of both streams.

    Raises:
        ValueError: The clips are too few or too short for what config and training ask for.
        TrainingError: The folder holds the tokens of another run.
    """
    config, kept = network.config, arrays.validation
    share = {"rank": setting.processes.rank, "processes": setting.processes.size}
    if isinstance(config, HeadConfig):
        return setting.processes.in_turn(lambda: _lessons_of_head(network, training, arrays, setting, share))
    batches = Batches(arrays.train, config=config, training=training, seed=setting.seed, **share)
    measured = measure_of(config)
    return Lessons(batch=batches.batch, validate=measured(kept, setting.device) if kept else None)


def _lessons_of_head(
    network: Any, training: TrainingConfig, arrays: Arrays, setting: Setting, share: Mapping[str, int]
) -> Lessons:
    """Let the encoder look at all clips once; those to train on are varied as the training says."""

    def kept(name: str, clips: Clips, varied: TrainingConfig | None) -> KeptTokens:
        return keep_tokens(
            setting.folder / "tokens" / name,
            clips,
            network.config,
            network.encoder,
            seed=setting.seed,
            device=setting.device,
            about=setting.notes,
            training=varied,
            progress=setting.progress,
        )

    apart = kept("validation", arrays.validation, None) if arrays.validation else None
    batches = TokenBatches(
        kept("train", arrays.train, training), training=training, seed=setting.seed, **share
    )
    return Lessons(batch=batches.batch, validate=heads_on(apart, setting.device) if apart else None)


def measure_of(config: Any) -> Callable[[Clips, str], Validate]:
    """Return what makes a measure of networks of a config, from clips and a device."""
    if isinstance(config, VocoderConfig):
        return distance_on
    return denoising_on if isinstance(config, GeneratorConfig) else retrieval_on
