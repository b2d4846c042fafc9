"""What makes sound over a family's models: a generator, a vocoder, and where their weights are. No torch.

Nothing is read before it is asked for: a model that only embeds needs none of these files.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gmscavp.complaints import Complaint
from gmscavp.config import TrainingConfig
from gmscavp.diffusion_config import SamplingConfig
from gmscavp.family import UNTRAINED, Args, digest, seeded, there
from gmscavp.generator_config import GENERATOR_TRAINING, GeneratorConfig

if TYPE_CHECKING:
    from gmscavp.foley import Foley, Vocoder
    from gmscavp.generator import Encoder, Generator

GRIFFIN_LIM = "griffin-lim"
VOCODER = Path(__file__).parent / "weights" / "vocoder.safetensors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Generators:
    """The generators over the models of one family.

    Attributes:
        model: The family's name, which is also the format of the weight files.
        config: The generator's.
        training: How it is trained.
        weights: Its bundled weights.
        encode: Makes the encoder of a trained model.
        sampling: How log-mel is sampled unless asked otherwise.
    """

    model: str
    config: GeneratorConfig
    training: TrainingConfig = GENERATOR_TRAINING
    weights: Path
    encode: "Callable[[Any], Encoder]"
    sampling: SamplingConfig

    def identity(self, args: Args) -> Args:
        """Name generator, vocoder and how log-mel is sampled, without loading anything.

        Raises:
            Complaint: A weight file is not there.
        """
        generator, vocoder = args.get("generator"), args.get("vocoder")
        untrained = f"{UNTRAINED}, seed {args.get('seed', '0')}"
        return {
            "generator": untrained if generator == UNTRAINED else digest(self.generator_file(generator)),
            "vocoder": GRIFFIN_LIM if vocoder == GRIFFIN_LIM else digest(self.vocoder_file(vocoder)),
            "sampling": str(self.sampling.overridden(args)),
        }

    def foley(self, network: Any, *, encoder: str, device: str, args: Args) -> "Foley":
        """Return what makes sound over a trained model.

        Args:
            network: The model.
            encoder: What its weights are, as its identity says.
            device: Where to compute.
            args: ``generator``, ``vocoder``, ``seed`` of an untrained generator, and fields of
                :class:`~gmscavp.diffusion_config.SamplingConfig`.

        Raises:
            Complaint: Weights are missing, damaged, or made over another model.
        """
        from gmscavp.foley import Foley

        generator = self.generator(network, encoder, args)
        return Foley(
            generator, self.vocoder(args.get("vocoder"), device), self.sampling.overridden(args), device
        )

    def generator(self, network: Any, encoder: str, args: Args) -> "Generator":
        """Return the generator over a trained model."""
        from gmscavp.checkpoint import load_network

        if network.config.name != self.config.encoder:
            raise Complaint(
                f"There is no generator over config {network.config.name!r} of {self.model}.",
                hint=f"Pass config={self.config.encoder}.",
            )
        build = partial(self.over, network)
        if args.get("generator") == UNTRAINED:
            return seeded(build, self.config, args.get("seed", "0"))
        path, made = self.generator_file(args.get("generator")), {"encoder": encoder}
        return load_network(path, self.config.name, GeneratorConfig, build, format=self.model, notes=made)

    def over(self, network: Any, config: GeneratorConfig) -> "Generator":
        """Return an untrained generator over a trained model."""
        from gmscavp.generator import Generator

        return Generator(config, self.encode(network))

    def vocoder(self, given: str | None, device: str) -> "Vocoder":
        """Return the vocoder that is asked for."""
        from gmscavp.griffin_lim import griffin_lim
        from gmscavp.vocoder import load_vocoder

        if given == GRIFFIN_LIM:
            return partial(griffin_lim, config=self.config.log_mel)
        return load_vocoder(self.vocoder_file(given), device)

    def generator_file(self, given: str | None) -> Path:
        """Return the weight file that is given, or else the bundled one."""
        hint = (
            f"Make one with `avbench train {self.model} --config {self.config.name} --output DIR`, and pass "
            "--model-args generator=PATH (generator=random: untrained)."
        )
        return there(given, self.weights, f"No generator is bundled with {self.model}.", hint)

    def vocoder_file(self, given: str | None) -> Path:
        """Return the weight file that is given, or else the bundled one."""
        hint = f"Pass --model-args vocoder=PATH, or vocoder={GRIFFIN_LIM}, which needs no weights."
        return there(given, VOCODER, "No vocoder is bundled.", hint)
