"""What is made over a family's models, trained while the model is frozen: where its weights are. No torch.

Nothing is read before it is asked for: a model that only embeds needs none of these files.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from gmscavp.complaints import Complaint
from gmscavp.family import UNTRAINED, Args, digest, seeded, there
from gmscavp.training.config import TrainingConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """A network over the models of one family.

    Attributes:
        model: The family's name, which is also the format of the weight files.
        argument: What the user types before its weight file: ``generator=PATH``.
        noun: What it is.
        config: Of its network; says which config of the model it is made over.
        training: How it is trained.
        weights: Its bundled weights.
        encode: Makes the encoder of a trained model.
        build: Makes the untrained network from its config and that encoder; imports torch.
    """

    model: str
    argument: str
    noun: str
    config: Any
    training: TrainingConfig
    weights: Path
    encode: Callable[[Any], Any]
    build: Callable[[Any, Any], Any]

    def identity(self, args: Args) -> Args:
        """Name its weights, without loading them.

        Raises:
            Complaint: The weight file is not there.
        """
        given = args.get(self.argument)
        untrained = f"{UNTRAINED}, seed {args.get('seed', '0')}"
        return {self.argument: untrained if given == UNTRAINED else digest(self.file(given))}

    def network(self, model: Any, encoder: str, args: Args) -> Any:
        """Return the network over a trained model.

        Args:
            model: The model.
            encoder: What its weights are, as its identity says.
            args: The weight file, and ``seed`` of an untrained network.

        Raises:
            Complaint: Weights are missing, damaged, or made over another model.
        """
        from gmscavp.checkpoint import load_network

        if model.config.name != self.config.encoder:
            raise Complaint(
                f"There is no {self.noun} over config {model.config.name!r} of {self.model}.",
                hint=f"Pass config={self.config.encoder}.",
            )
        build, given = partial(self.over, model), args.get(self.argument)
        if given == UNTRAINED:
            return seeded(build, self.config, args.get("seed", "0"))
        path, made = self.file(given), {"encoder": encoder}
        return load_network(path, self.config.name, type(self.config), build, format=self.model, notes=made)

    def over(self, model: Any, config: Any) -> Any:
        """Return an untrained network over a trained model."""
        return self.build(config, self.encode(model))

    def file(self, given: str | None) -> Path:
        """Return the weight file that is given, or else the bundled one."""
        hint = (
            f"Make one with `avbench train {self.model} --config {self.config.name} --output DIR`, and pass "
            f"--model-args {self.argument}=PATH ({self.argument}=random: untrained)."
        )
        return there(given, self.weights, f"No {self.noun} is bundled with {self.model}.", hint)
