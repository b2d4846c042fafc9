"""CAVP as avbench sees it."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avbench import ModelRecord, hookimpl
from cavp.config import CONFIGS, GENERATOR, GENERATOR_SAMPLING, HEADS, TRAINING, CAVPConfig
from cavp.public_keys import PUBLIC_KEYS
from gmscavp.plugin import ModelFamily
from gmscavp.sound.generators import generators
from gmscavp.synchrony.heads import heads

if TYPE_CHECKING:
    from cavp.encoder import CAVPEncoder

WEIGHTS = Path(__file__).parent / "weights"


def build(config: CAVPConfig) -> Any:
    """Return an untrained CAVP."""
    from cavp.model import CAVP

    return CAVP(config)


def encode(network: Any) -> "CAVPEncoder":
    """Return a trained CAVP as what is made over it looks through it."""
    from cavp.encoder import CAVPEncoder

    return CAVPEncoder(network)


FAMILY = ModelFamily(
    name="cavp",
    configs=CONFIGS,
    training=TRAINING,
    config_type=CAVPConfig,
    weights=WEIGHTS,
    build=build,
    public=PUBLIC_KEYS,
    generators=generators(
        model="cavp", config=GENERATOR, weights=WEIGHTS, encode=encode, sampling=GENERATOR_SAMPLING
    ),
    heads=heads(model="cavp", configs=HEADS, weights=WEIGHTS, encode=encode),
)


@hookimpl
def avbench_models() -> Iterable[ModelRecord]:
    """Contribute ``cavp``."""
    return [
        ModelRecord(
            name=FAMILY.name,
            summary="CAVP (Diff-Foley): audio-video contrast of one max-pooled vector, and sound for video.",
            load=FAMILY.load,
            inputs=FAMILY.inputs,
            capabilities=("retrieval", "generation", "synchrony", "alignment"),
            identity=FAMILY.identity,
            identities=FAMILY.identities,
            train=FAMILY.train,
            import_weights=FAMILY.import_weights,
            training_data=("avsynth/train",),
            license="Apache-2.0",
        )
    ]
