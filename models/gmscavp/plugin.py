"""GMS-CAVP as avbench sees it: the one module of the package that knows avbench.

:class:`ModelFamily` is what gmscavp and cavp have in common: named configs, weights, two streams cut into
segments.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avbench import AudioInput, ModelError, ModelInputs, ModelRecord, VideoInput, hookimpl
from avbench.errors import StorageError, UnknownName, UsageError
from avbench.records import Progress
from avbench.requests import ImportRequest, TrainRequest
from gmscavp import ablation
from gmscavp.config import CONFIGS, TRAINING, GMSCAVPConfig, TrainingConfig
from gmscavp.inputs import FamilyConfig
from gmscavp.public_keys import DIFF_FOLEY_BACKBONES, PANNS_KEYS, SLOWONLY_KEYS, KeyMap

if TYPE_CHECKING:
    from gmscavp.distributed import Processes
    from gmscavp.plan import Plan
    from gmscavp.public_weights import WeightsMatch
    from gmscavp.retriever import Retriever

Args = Mapping[str, str]

RECIPES = Path(__file__).parent / "recipes"
UNTRAINED = "random"
"""``weights=random``: a seeded, untrained model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFamily:
    """One architecture with its named configs and bundled weights.

    Attributes:
        name: The model's name in avbench, and the format of its weight files.
        configs: By name.
        training: How each config is trained, by name.
        config_type: The dataclass of the configs.
        weights: The folder of the bundled weights, ``<config>.safetensors``.
        build: Makes the network from a config; imports torch.
        public: The public checkpoints whose keys are known.
    """

    name: str
    configs: Mapping[str, Any]
    training: Mapping[str, TrainingConfig]
    config_type: type[Any]
    weights: Path
    build: Callable[[Any], Any]
    public: tuple[KeyMap, ...] = (DIFF_FOLEY_BACKBONES, SLOWONLY_KEYS, PANNS_KEYS)

    def config(self, name: str) -> Any:
        """Return a config.

        Raises:
            UnknownName: There is none of that name.
        """
        if name not in self.configs:
            raise UnknownName(f"config of {self.name}", name, self.configs)
        return self.configs[name]

    def inputs(self, args: Args) -> ModelInputs:
        """Return what to decode: frames and samples at the rates of the config."""
        config: FamilyConfig = self.config(args.get("config", "small"))
        size = config.video.size
        return ModelInputs(
            video=VideoInput(fps=config.video.fps, height=size, width=size),
            audio=AudioInput(sample_rate=config.log_mel.sample_rate),
        )

    def identity(self, args: Args) -> Args:
        """Name the config and the digest of the weight file, without loading it."""
        config, weights = args.get("config", "small"), args.get("weights")
        if weights == UNTRAINED:
            return {"config": config, "weights": f"random, seed {args.get('seed', '0')}"}
        digest = hashlib.sha256(self.weight_file(config, weights).read_bytes()).hexdigest()
        return {"config": config, "weights": f"sha256:{digest}"}

    def weight_file(self, config: str, weights: str | None) -> Path:
        """Return the weight file that is given, or else the bundled one of the config.

        Raises:
            ModelError: It is not there.
        """
        path = Path(weights) if weights else self.weights / f"{config}.safetensors"
        if not path.is_file():
            raise ModelError(
                f"There is no weight file {path}."
                if weights
                else f"No weights are bundled for config {config!r} of {self.name}.",
                hint=f"Make some with `avbench train {self.name} --config {config} --output DIR`, or pass "
                "--model-args weights=PATH (weights=random: untrained).",
            )
        return path

    def load(
        self, device: str, config: str = "small", weights: str | None = None, seed: str = "0"
    ) -> "Retriever":
        """Load the model.

        Args:
            device: ``cpu``, ``cuda`` …
            config: A named config.
            weights: A weight file; ``random`` for an untrained model; by default the bundled weights.
            seed: Seeds the untrained model.

        Raises:
            ModelError: The weights are missing, damaged, or of another config.
        """
        from gmscavp.retriever import Retriever

        expected = self.config(config)
        if weights == UNTRAINED:
            return Retriever(self.untrained(expected, seed), device)
        return Retriever(self.trained(config, weights), device)

    def trained(self, config: str, weights: str | None) -> Any:
        """Return the network of a config with the weights of a file, or else with the bundled ones.

        Raises:
            ModelError: The weights are missing, damaged, or of another config.
        """
        from gmscavp.checkpoint import CheckpointError, load_network

        path = self.weight_file(config, weights)
        try:
            return load_network(path, config, self.config_type, self.build, format=self.name)
        except CheckpointError as error:
            hint = "Pass the config= that the file is of, train again, or restore it from its origin."
            raise ModelError(str(error), hint=hint) from error

    def import_weights(self, request: ImportRequest) -> "WeightsMatch":
        """Write a weight file from public checkpoints, unless one of them has nothing for the config.

        Raises:
            ModelError: A file is missing or damaged, or holds objects that only running code could restore.
        """
        from gmscavp.checkpoint import CheckpointError
        from gmscavp.public_weights import ForeignObjects, import_public

        network = self.untrained(self.config(request.config), str(request.seed))
        try:
            return import_public(network, request.files, self.public, request.output, format=self.name)
        except ForeignObjects as error:
            hint = "Have someone who trusts it save its state dict alone, as safetensors, and import that."
            raise ModelError(str(error), hint=hint) from error
        except CheckpointError as error:
            raise ModelError(str(error), hint="Get the file again from its origin.") from error

    def train(self, request: TrainRequest, progress: Progress) -> None:
        """Train a config, going on where an unfinished run in the same folder stopped.

        Args:
            request: ``args`` may hold ``init`` (a weight file to start from), what the data take
                (:func:`avbench.training.opening.data_arguments`), and any field of
                :class:`~gmscavp.config.TrainingConfig`.
            progress: Told about rendering, decoding and training.

        Raises:
            UsageError: An argument is unknown, or it or the device makes no sense.
            DataError: The data are missing or unusable.
            ModelError: The folder holds another run, or the loss is no longer finite.
            StorageError: The disk is full or the folder cannot be written.
        """
        from gmscavp.checkpoint import CheckpointError
        from gmscavp.distributed import joined
        from gmscavp.plan import TrainingError
        from gmscavp.reporting import reporter
        from gmscavp.training import train

        try:
            with joined(request.device) as (processes, device), ExitStack() as opened:
                request = replace(request, device=device)
                plan = self._plan(request, progress, processes, opened)
                if not request.prepare:
                    train(plan, reporter(request.say, progress, plan.training))
        except TrainingError as error:
            raise ModelError(str(error), hint=error.hint) from error
        except CheckpointError as error:
            raise ModelError(str(error), hint="Train into another folder, or remove this one.") from error
        except OSError as error:
            raise StorageError(
                f"The run cannot be written to {request.output}: {error.strerror or error}.",
                hint="Free some space and give the same command again: it goes on from the last checkpoint.",
            ) from error

    def _plan(
        self, request: TrainRequest, progress: Progress, processes: "Processes", opened: ExitStack
    ) -> "Plan":
        """Check what is asked for, open the data until the stack is closed, and build the network."""
        import torch

        from avbench.training.opening import data_arguments, open_data
        from gmscavp.batches import Batches
        from gmscavp.plan import Plan
        from gmscavp.validation import retrieval_on

        config = self.config(request.config)
        own = {key: value for key, value in request.args.items() if key not in data_arguments(request)}
        initial = own.pop("init", None)
        check_device(request.device)
        try:
            training = self.training[config.name].overridden(own, steps=request.steps)
            inputs = self.inputs({"config": config.name})
            data = processes.in_turn(lambda: open_data(request, inputs, progress))
            opened.enter_context(closing(data))
            share = {"rank": processes.rank, "processes": processes.size}
            batches = Batches(data.train, config=config, training=training, seed=request.seed, **share)
        except ValueError as error:
            raise UsageError(str(error), hint="Pass other --train-args.") from error
        started = {"init": self.identity({"weights": initial})["weights"]} if initial else {}
        torch.manual_seed(request.seed)
        return Plan(
            network=self.trained(config.name, initial) if initial else self.build(config),
            batch=batches.batch,
            training=training,
            folder=request.output,
            format=self.name,
            device=request.device,
            seed=request.seed,
            validate=retrieval_on(data.validation, request.device) if data.validation else None,
            notes={**data.about, **started},
            processes=processes,
            say=request.say,
        )

    def untrained(self, config: Any, seed: str) -> Any:
        """Return a network with seeded random weights; the caller's random state is left alone.

        Raises:
            UsageError: The seed is not a whole number.
        """
        import torch

        if not seed.isdecimal():
            raise UsageError(f"The seed {seed!r} is not a whole number.", hint="Pass seed=0, 1, 2 …")
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(seed))
            return self.build(config)


def check_device(device: str) -> None:
    """Raise ``UsageError`` for a device that torch does not have here."""
    import torch

    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        message = f"The device {device!r} cannot be used: {error}."
        raise UsageError(message, hint="Pass --device cpu.") from error


def build(config: GMSCAVPConfig) -> Any:
    """Return an untrained GMS-CAVP."""
    from gmscavp.model import GMSCAVP

    return GMSCAVP(config)


FAMILY = ModelFamily(
    name="gmscavp",
    configs=CONFIGS | ablation.CONFIGS,
    training=TRAINING | ablation.TRAINING,
    config_type=GMSCAVPConfig,
    weights=Path(__file__).parent / "weights",
    build=build,
)


@hookimpl
def avbench_models() -> Iterable[ModelRecord]:
    """Contribute ``gmscavp``."""
    return [
        ModelRecord(
            name=FAMILY.name,
            summary="GMS-CAVP: audio-video contrast at several temporal and spatial scales.",
            load=FAMILY.load,
            inputs=FAMILY.inputs,
            capabilities=("retrieval",),
            identity=FAMILY.identity,
            train=FAMILY.train,
            import_weights=FAMILY.import_weights,
            recipes={path.stem: path for path in sorted(RECIPES.glob("*.toml"))},
            training_data=("avsynth",),
            license="Apache-2.0",
        )
    ]
