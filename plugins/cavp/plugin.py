"""CAVP as avbench sees it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from avbench import ModelRecord, hookimpl
from cavp.config import CONFIGS, TRAINING, CAVPConfig
from cavp.public_keys import PUBLIC_KEYS
from gmscavp.plugin import ModelFamily


def build(config: CAVPConfig) -> Any:
    """Return an untrained CAVP."""
    from cavp.model import CAVP

    return CAVP(config)


FAMILY = ModelFamily(
    name="cavp",
    configs=CONFIGS,
    training=TRAINING,
    config_type=CAVPConfig,
    weights=Path(__file__).parent / "weights",
    build=build,
    public=PUBLIC_KEYS,
)


@hookimpl
def avbench_models() -> Iterable[ModelRecord]:
    """Contribute ``cavp``."""
    return [
        ModelRecord(
            name=FAMILY.name,
            summary="CAVP (Diff-Foley): audio-video contrast of one max-pooled vector a segment.",
            load=FAMILY.load,
            inputs=FAMILY.inputs,
            capabilities=("retrieval",),
            identity=FAMILY.identity,
            train=FAMILY.train,
            import_weights=FAMILY.import_weights,
            training_data=("avsynth",),
            license="Apache-2.0",
        )
    ]
