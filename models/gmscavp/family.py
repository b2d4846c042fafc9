"""One architecture: its named configs, where their weights are, what is made over it. Knows no harness.

Importing this imports no torch; building a network does.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from gmscavp.complaints import Complaint, Misuse, Unknown
from gmscavp.public_keys import DIFF_FOLEY_BACKBONES, PANNS_KEYS, SLOWONLY_KEYS, KeyMap
from gmscavp.training.config import TrainingConfig

if TYPE_CHECKING:
    from gmscavp.extensions import Extension
    from gmscavp.sound.generators import Generators

Args = Mapping[str, str]

UNTRAINED = "random"
"""``weights=random``: a seeded, untrained network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One architecture with its named configs and bundled weights.

    Attributes:
        name: The model's name, and the format of its weight files.
        configs: By name.
        training: How each config is trained, by name.
        config_type: The dataclass of the configs.
        weights: The folder of the bundled weights, ``<config>.safetensors``.
        build: Makes the network from a config; imports torch.
        public: The public checkpoints whose keys are known.
        generators: What makes sound over its models, if anything does.
        heads: What says over its models how late a sound is, and whether it belongs.
        apart: What else is trained under its name, and made over none of its models.
        notes: What to keep beside trained weights.
    """

    name: str
    configs: Mapping[str, Any]
    training: Mapping[str, TrainingConfig]
    config_type: type[Any]
    weights: Path
    build: Callable[[Any], Any]
    public: tuple[KeyMap, ...] = (DIFF_FOLEY_BACKBONES, SLOWONLY_KEYS, PANNS_KEYS)
    generators: "Generators | None" = None
    heads: "tuple[Extension, ...]" = ()
    apart: tuple[Self, ...] = ()
    notes: Args = field(default_factory=dict[str, str])

    def config(self, name: str) -> Any:
        """Return a config.

        Raises:
            Unknown: There is none of that name.
        """
        if name not in self.configs:
            raise Unknown(f"config of {self.name}", name, self.configs)
        return self.configs[name]

    def weights_of(self, args: Args) -> str:
        """Return the digest of the weight file that arguments name, without loading it.

        Raises:
            Complaint: It is not there, or is of another config.
        """
        config, weights = args.get("config", "small"), args.get("weights")
        if weights == UNTRAINED:
            return f"{UNTRAINED}, seed {args.get('seed', '0')}"
        path = self.weight_file(config, weights)
        if (found := config_of(path)) not in (None, config):
            raise Complaint(f"The weights {path} are of config {found!r}, not {config!r}.")
        return digest(path)

    def weight_file(self, config: str, weights: str | None) -> Path:
        """Return the weight file that is given, or else the bundled one of the config.

        Raises:
            Complaint: It is not there.
        """
        hint = (
            f"Make some with `avbench train {self.name} --config {config} --output DIR`, or pass "
            "--model-args weights=PATH (weights=random: untrained)."
        )
        missing = f"No weights are bundled for config {config!r} of {self.name}."
        return there(weights, self.weights / f"{config}.safetensors", missing, hint)

    def network(self, config: str, weights: str | None, seed: str) -> Any:
        """Return the network of a config: trained, or untrained where ``weights`` says so.

        Raises:
            Misuse: The config is unknown, or the seed no number.
            Complaint: The weights are missing, damaged, or of another config.
        """
        known = self.config(config)
        return self.untrained(known, seed) if weights == UNTRAINED else self.trained(config, weights)

    def trained(self, config: str, weights: str | None) -> Any:
        """Return the network of a config with the weights of a file, or else with the bundled ones.

        Raises:
            Complaint: The weights are missing, damaged, or of another config.
        """
        from gmscavp.checkpoint import load_network

        path = self.weight_file(config, weights)
        return load_network(path, config, self.config_type, self.build, format=self.name)

    def untrained(self, config: Any, seed: str) -> Any:
        """Return a network with seeded random weights; the caller's random state is left alone.

        Raises:
            Misuse: The seed is not a whole number.
        """
        return seeded(self.build, config, seed)

    @property
    def extensions(self) -> "Mapping[str, Extension]":
        """Return what is made over its models, by the name of its config."""
        made = (self.generators, *self.heads) if self.generators is not None else self.heads
        return {each.config.name: each for each in made}

    @property
    def trainable(self) -> list[str]:
        """Return the names of all configs that are trained under its name."""
        return [*self.configs, *self.extensions, *(name for each in self.apart for name in each.configs)]

    def trained_as(self, name: str, args: Args) -> tuple[Self, Args]:
        """Return the family that a config is trained as, and what of the arguments is left for it.

        Args:
            name: One of :attr:`trainable`.
            args: For what is made over a model, ``encoder`` may be that model's weight file.

        Raises:
            Unknown: There is no config of that name.
            Complaint: The encoder's weights are not there.
        """
        if name in self.extensions:
            others = {key: value for key, value in args.items() if key != "encoder"}
            return self.over(name, args.get("encoder")), others
        for family in (self, *self.apart):
            if name in family.configs:
                return family, args
        raise Unknown(f"config of {self.name}", name, self.trainable)

    def over(self, name: str, encoder: str | None) -> Self:
        """Return what is made over a model of this family, as a family that can be trained.

        Args:
            name: Of its config.
            encoder: The model's weight file; by default the bundled one.

        Raises:
            Complaint: It is not there.
        """
        given = self.extensions[name]
        config = given.config
        of_encoder = {"config": config.encoder} | ({"weights": encoder} if encoder else {})
        return replace(
            self,
            configs={config.name: config},
            training={config.name: given.training},
            config_type=type(config),
            build=lambda each: given.over(self.trained(config.encoder, encoder), each),
            generators=None,
            heads=(),
            apart=(),
            notes={"encoder": self.weights_of(of_encoder)},
        )


def seeded(build: Callable[[Any], Any], config: Any, seed: str) -> Any:
    """Build a network with seeded random weights; the caller's random state is left alone.

    Raises:
        Misuse: The seed is not a whole number.
    """
    import torch

    if not seed.isdecimal():
        raise Misuse(f"The seed {seed!r} is not a whole number.", hint="Pass seed=0, 1, 2 …")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(seed))
        return build(config)


def there(
    given: str | None, bundled: Path, missing: str, hint: str, *, instead: str = "Give the path of one."
) -> Path:
    """Return the path that is given, or else that of a bundled file.

    Args:
        given: By the user, or None.
        bundled: What is taken then.
        missing: What is said where nothing is bundled.
        hint: What to do about that.
        instead: What to do where the given file is not there.

    Raises:
        Complaint: The file is not there.
    """
    path = Path(given) if given else bundled
    if given and not path.is_file():
        raise Complaint(f"There is no weight file {path}.", hint=instead)
    if not path.is_file():
        raise Complaint(missing, hint=hint)
    return path


def config_of(path: Path) -> str | None:
    """Return the name of the config that the header of a weight file holds; None where it cannot be read."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = file.read(min(length, path.stat().st_size))
    try:
        return json.loads(json.loads(header)["__metadata__"]["config"])["name"]
    except (ValueError, KeyError, TypeError):
        return None


def digest(path: Path) -> str:
    """Return a file's SHA-256, as identities say it."""
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
