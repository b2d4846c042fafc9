"""GMS-CAVP as avbench sees it: the one module of the package that knows avbench.

:class:`ModelFamily` is what gmscavp and cavp have in common, with all that is made over such a model.
"""

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avbench import AudioBatch, AudioInput, ModelError, ModelInputs, ModelRecord, VideoInput, hookimpl
from avbench.errors import StorageError, UnknownName, UsageError
from avbench.records import Capability, Progress
from avbench.requests import ImportRequest, TrainRequest
from gmscavp import ablation
from gmscavp.bundled import GENERATORS, HEADS, WEIGHTS, build
from gmscavp.complaints import Complaint, Misuse, Unknown
from gmscavp.config import CONFIGS, TRAINING, GMSCAVPConfig
from gmscavp.family import Args, Family, digest
from gmscavp.inputs import FamilyConfig
from gmscavp.sound.vocoder_config import VOCODER, VOCODER_TRAINING, VocoderConfig
from gmscavp.synchrony.heads import JUDGE, SYNC

if TYPE_CHECKING:
    from gmscavp.audio_video import AudioVideoModel
    from gmscavp.public_weights import WeightsMatch
    from gmscavp.sound.foley import Foley
    from gmscavp.synchrony.listener import Listener
    from gmscavp.training.distributed import Processes
    from gmscavp.training.lessons import Setting
    from gmscavp.training.plan import Plan

RECIPES = Path(__file__).parent / "recipes"


@contextmanager
def told(hint: str = "") -> Generator[None]:
    """Turn a complaint of gmscavp into an error of avbench, with this hint where it has none."""
    try:
        yield
    except Unknown as error:
        raise UnknownName(error.kind, error.name, error.known) from error
    except Misuse as error:
        raise UsageError(str(error), hint=error.hint) from error
    except Complaint as error:
        raise ModelError(str(error), hint=error.hint or hint) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFamily(Family):
    """A family as the functions of a model's record."""

    @told()
    def inputs(self, args: Args) -> ModelInputs:
        """Return what to decode: frames and samples at the rates of the config."""
        config: FamilyConfig = self.config(args.get("config", "small"))
        size = config.video.size
        return ModelInputs(
            video=VideoInput(fps=config.video.fps, height=size, width=size),
            audio=AudioInput(sample_rate=config.log_mel.sample_rate),
        )

    @told("Pass the config= that the file is of, or another file.")
    def identity(self, args: Args) -> Args:
        """Name the config and the digest of the weight file, without loading it."""
        return {"config": args.get("config", "small"), "weights": self.weights_of(args)}

    @property
    def identities(self) -> Mapping[Capability, Callable[[Args], Args]]:
        """Name what is made over the model and only tasks of one kind depend on, without loading it."""
        kinds: Mapping[str, Capability] = {"generator": "generation", SYNC: "synchrony", JUDGE: "alignment"}
        return {kinds[each.argument]: told()(each.identity) for each in self.extensions.values()}

    @told("Pass the config= that the file is of, train again, or restore it from its origin.")
    def load(
        self,
        device: str,
        config: str = "small",
        weights: str | None = None,
        seed: str = "0",
        sync: str | None = None,
        judge: str | None = None,
        generator: str | None = None,
        vocoder: str | None = None,
        sampler: str | None = None,
        steps: str | None = None,
        guidance: str | None = None,
        alignment: str | None = None,
        overlap: str | None = None,
    ) -> "AudioVideoModel":
        """Load the model; what is made over it is loaded when it is first asked.

        Args:
            device: ``cpu``, ``cuda`` …
            config: A named config.
            weights: A weight file; ``random`` for an untrained model; by default the bundled weights.
            seed: Seeds what is untrained.
            sync: A weight file; ``random`` for an untrained one; by default the bundled offset head.
            judge: Likewise of the judge.
            generator: Likewise of the generator.
            vocoder: A weight file; ``griffin-lim`` for none; by default the bundled vocoder.
            sampler: ``dpm-solver++`` or ``ddim``; by default, as what follows, what was chosen for the model.
            steps: Predictions of the data at each scale.
            guidance: w of classifier-free guidance; 1 is none.
            alignment: g of alignment guidance; 0 is none.
            overlap: Seconds that the windows of a long clip share.

        Raises:
            ModelError: The weights are missing, damaged, or of another config.
            UsageError: An argument makes no sense.
        """
        from gmscavp.audio_video import AudioVideoModel
        from gmscavp.retriever import Retriever

        given = {"generator": generator, "vocoder": vocoder, "sampler": sampler, "steps": steps}
        given |= {"guidance": guidance, "alignment": alignment, "overlap": overlap}
        given |= {"sync": sync, "judge": judge, "config": config, "weights": weights, "seed": seed}
        args = {name: value for name, value in given.items() if value is not None}
        if self.generators is not None:
            self.generators.sampling.overridden(args)
        network = self.network(config, weights, seed)
        return AudioVideoModel(
            Retriever(network, device),
            foley=partial(self._foley, network, device, args),
            listener=partial(self._listener, network, device, args),
            batch=AudioBatch,
        )

    @told("Train it again, or restore it from its origin.")
    def _foley(self, network: Any, device: str, args: Args) -> "Foley":
        """Load what makes sound over a model."""
        assert self.generators is not None
        return self.generators.foley(network, encoder=self.weights_of(args), device=device, args=args)

    @told("Train it again, or restore it from its origin.")
    def _listener(self, network: Any, device: str, args: Args, argument: str) -> "Listener":
        """Load a head over a model."""
        from gmscavp.synchrony.listener import Listener

        (head,) = (each for each in self.heads if each.argument == argument)
        return Listener(head.network(network, self.weights_of(args), args), device)

    @told("Get the file again from its origin.")
    def import_weights(self, request: ImportRequest) -> "WeightsMatch":
        """Write a weight file from public checkpoints, unless one of them has nothing for the config.

        Raises:
            ModelError: A file is missing or damaged, or holds objects that only running code could restore.
        """
        from gmscavp.public_weights import import_public

        network = self.untrained(self.config(request.config), str(request.seed))
        return import_public(network, request.files, self.public, request.output, format=self.name)

    @told("Train into another folder, or remove this one.")
    def train(self, request: TrainRequest, progress: Progress) -> None:
        """Train a config, going on where an unfinished run in the same folder stopped.

        Args:
            request: ``config`` may be any of :attr:`trainable`; ``args`` may hold ``init`` (a weight file to
                start from), ``encoder`` (of an extension: a weight file of the model it is made over),
                what the data take (:func:`avbench.training.opening.data_arguments`), and any field of
                :class:`~gmscavp.training.config.TrainingConfig`.
            progress: Told about rendering, decoding and training.

        Raises:
            UsageError: An argument is unknown, or it or the device makes no sense.
            DataError: The data are missing or unusable.
            ModelError: The folder holds another run, or the loss is no longer finite.
            StorageError: The disk is full or the folder cannot be written.
        """
        from gmscavp.training.distributed import joined
        from gmscavp.training.loop import train
        from gmscavp.training.reporting import reporter

        family, args = self.trained_as(request.config, request.args)
        if family is not self:
            return family.train(replace(request, args=args), progress)
        try:
            with joined(request.device) as (processes, device), ExitStack() as opened:
                request = replace(request, device=device)
                plan = self._plan(request, progress, processes, opened)
                if not request.prepare:
                    train(plan, reporter(request.say, progress, plan.training))
        except OSError as error:
            raise StorageError(
                f"The run cannot be written to {request.output}: {error.strerror or error}.",
                hint="Free some space and give the same command again: it goes on from the last checkpoint.",
            ) from error

    def _plan(
        self, request: TrainRequest, progress: Progress, processes: "Processes", opened: ExitStack
    ) -> "Plan":
        """Check what is asked for, open the data until the stack is closed, and build the network."""
        from avbench.training.opening import data_arguments, open_data
        from gmscavp.training.distributed import check_device
        from gmscavp.training.lessons import lessons, refuse_unfit
        from gmscavp.training.plan import Plan

        config, of_data = self.config(request.config), data_arguments(request)
        own = {key: value for key, value in request.args.items() if key not in of_data}
        initial = own.pop("init", None)
        check_device(request.device)
        try:
            known = self.training[config.name]
            training = known.overridden(own, steps=request.steps, others=(*of_data, "init"))
            network = self._network(config, initial, request.seed)
            refuse_unfit(network.train(), training, processes.size)
            inputs = self.inputs({"config": config.name})
            data = processes.in_turn(lambda: open_data(request, inputs, progress))
            opened.enter_context(closing(data))
            setting = _setting(request, processes, {**data.about, **self.notes}, progress)
            given = lessons(network, training, data, setting)
        except ValueError as error:
            raise UsageError(str(error), hint="Pass other --train-args.") from error
        return Plan(
            network=network,
            batch=given.batch,
            training=training,
            folder=request.output,
            format=self.name,
            device=request.device,
            seed=request.seed,
            validate=given.validate,
            notes={**setting.notes, **({"init": digest(Path(initial))} if initial else {})},
            processes=processes,
            say=request.say,
        )

    def _network(self, config: Any, initial: str | None, seed: int) -> Any:
        """Return what is to be trained: new, or with the weights of a file."""
        import torch

        torch.manual_seed(seed)
        wanted = "init= weights of this config" if initial else "encoder= weights of the config it is over"
        with told(f"Pass as {wanted}: a run's, or imported ones."):
            return self.trained(config.name, initial) if initial else self.build(config)


def _setting(
    request: TrainRequest, processes: "Processes", notes: Mapping[str, str], progress: Progress
) -> "Setting":
    from gmscavp.training.lessons import Setting

    return Setting(
        folder=request.output,
        seed=request.seed,
        device=request.device,
        processes=processes,
        notes=notes,
        progress=progress,
    )


VOCODERS = ModelFamily(
    name="gmscavp",
    configs={"vocoder": VOCODER},
    training={"vocoder": VOCODER_TRAINING},
    config_type=VocoderConfig,
    weights=WEIGHTS,
    build=build,
)

FAMILY = ModelFamily(
    name="gmscavp",
    configs=CONFIGS | ablation.CONFIGS,
    training=TRAINING | ablation.TRAINING,
    config_type=GMSCAVPConfig,
    weights=WEIGHTS,
    build=build,
    generators=GENERATORS,
    heads=HEADS,
    apart=(VOCODERS,),
)


@hookimpl
def avbench_models() -> Iterable[ModelRecord]:
    """Contribute ``gmscavp``."""
    return [
        ModelRecord(
            name=FAMILY.name,
            summary="GMS-CAVP: audio-video contrast at several scales of time and space; sound for video.",
            load=FAMILY.load,
            inputs=FAMILY.inputs,
            capabilities=("retrieval", "generation", "synchrony", "alignment"),
            identity=FAMILY.identity,
            identities=FAMILY.identities,
            train=FAMILY.train,
            import_weights=FAMILY.import_weights,
            recipes={path.stem: path for path in sorted(RECIPES.glob("*.toml"))},
            training_data=("avsynth/train",),
            license="Apache-2.0",
        )
    ]
