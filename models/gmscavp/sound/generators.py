"""What makes sound over a family's models: a generator, a vocoder, and where their weights are. No torch."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gmscavp.diffusion.config import SamplingConfig
from gmscavp.extensions import Extension
from gmscavp.family import Args, digest, there
from gmscavp.sound.generator_config import GENERATOR_TRAINING, GeneratorConfig
from gmscavp.sound.vocoder_config import VOCODER_WEIGHTS

if TYPE_CHECKING:
    from gmscavp.sound.foley import Foley, Vocoder
    from gmscavp.sound.generator import Encoder, Generator

GRIFFIN_LIM = "griffin-lim"


@dataclass(frozen=True, slots=True, kw_only=True)
class Generators(Extension):
    """The generators over the models of one family.

    Attributes:
        sampling: How log-mel is sampled unless asked otherwise.
    """

    sampling: SamplingConfig

    def identity(self, args: Args) -> Args:
        """Name generator, vocoder and how log-mel is sampled, without loading anything.

        Raises:
            Complaint: A weight file is not there.
        """
        vocoder = args.get("vocoder")
        return {
            **Extension.identity(self, args),
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
                :class:`~gmscavp.diffusion.config.SamplingConfig`.

        Raises:
            Complaint: Weights are missing, damaged, or made over another model.
        """
        from gmscavp.sound.foley import Foley

        generator = self.network(network, encoder, args)
        return Foley(
            generator, self.vocoder(args.get("vocoder"), device), self.sampling.overridden(args), device
        )

    def vocoder(self, given: str | None, device: str) -> "Vocoder":
        """Return the vocoder that is asked for."""
        from gmscavp.sound.griffin_lim import griffin_lim
        from gmscavp.sound.vocoder import load_vocoder

        if given == GRIFFIN_LIM:
            return partial(griffin_lim, config=self.config.log_mel)
        return load_vocoder(self.vocoder_file(given), device)

    def vocoder_file(self, given: str | None) -> Path:
        """Return the weight file that is given, or else the bundled one."""
        hint = f"Pass --model-args vocoder=PATH, or vocoder={GRIFFIN_LIM}, which needs no weights."
        return there(given, VOCODER_WEIGHTS, "No vocoder is bundled.", hint, instead=hint)


def generators(
    *,
    model: str,
    config: GeneratorConfig,
    weights: Path,
    encode: "Callable[[Any], Encoder]",
    sampling: SamplingConfig,
) -> Generators:
    """Return the generators over a family's models, whose weights lie in the folder ``weights``."""
    return Generators(
        model=model,
        argument="generator",
        noun="generator",
        config=config,
        training=GENERATOR_TRAINING,
        weights=weights / "generator.safetensors",
        encode=encode,
        build=untrained,
        sampling=sampling,
    )


def untrained(config: GeneratorConfig, encoder: "Encoder") -> "Generator":
    """Return an untrained generator."""
    from gmscavp.sound.generator import Generator

    return Generator(config, encoder)
