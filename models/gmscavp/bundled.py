"""What comes with gmscavp: how its networks are made, and what is made over them. Imports no torch."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gmscavp.config import GMSCAVPConfig
from gmscavp.sound.generator_config import GENERATOR, GENERATOR_SAMPLING
from gmscavp.sound.generators import generators
from gmscavp.sound.vocoder_config import VocoderConfig
from gmscavp.synchrony.config import JUDGE_HEAD, OFFSET_HEAD
from gmscavp.synchrony.heads import heads

if TYPE_CHECKING:
    from gmscavp.encoder import GMSCAVPEncoder

WEIGHTS = Path(__file__).parent / "weights"


def build(config: GMSCAVPConfig | VocoderConfig) -> Any:
    """Return an untrained GMS-CAVP, or an untrained vocoder."""
    if isinstance(config, VocoderConfig):
        from gmscavp.sound.vocoder_training import LearningVocoder

        return LearningVocoder(config)
    from gmscavp.model import GMSCAVP

    return GMSCAVP(config)


def encode(network: Any) -> "GMSCAVPEncoder":
    """Return a trained GMS-CAVP as what is made over it looks through it."""
    from gmscavp.encoder import GMSCAVPEncoder

    return GMSCAVPEncoder(network)


GENERATORS = generators(
    model="gmscavp", config=GENERATOR, weights=WEIGHTS, encode=encode, sampling=GENERATOR_SAMPLING
)
HEADS = heads(model="gmscavp", configs=(OFFSET_HEAD, JUDGE_HEAD), weights=WEIGHTS, encode=encode)
