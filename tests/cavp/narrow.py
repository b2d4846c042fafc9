"""The published CAVP with a thirty-second of its channels and frames of 32 pixels, as a plugin of its own."""

import dataclasses

from avbench import ModelRecord, hookimpl
from cavp.config import PUBLISHED, PUBLISHED_TRAINING
from cavp.plugin import FAMILY
from gmscavp.inputs import AudioConfig, VideoConfig

NARROW = dataclasses.replace(
    PUBLISHED,
    video=VideoConfig(backbone="slowonly", fps=4.0, size=32, channels=(16, 32, 64), norm="batch"),
    audio=AudioConfig(backbone="cnn14", channels=(8, 16, 32, 64), norm="batch", dropout=0.2),
    dim=8,
)
NARROW_FAMILY = dataclasses.replace(
    FAMILY, name="cavp-narrow", configs={"published": NARROW}, training={"published": PUBLISHED_TRAINING}
)


@hookimpl
def avbench_models() -> list[ModelRecord]:
    """One model."""
    return [
        ModelRecord(
            name=NARROW_FAMILY.name,
            summary="CAVP as published, narrow.",
            load=NARROW_FAMILY.load,
            inputs=NARROW_FAMILY.inputs,
            capabilities=("retrieval",),
            identity=NARROW_FAMILY.identity,
            train=NARROW_FAMILY.train,
            import_weights=NARROW_FAMILY.import_weights,
        )
    ]
