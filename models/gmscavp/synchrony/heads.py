"""The heads over a family's models, and where their weights are. No torch."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gmscavp.extensions import Extension
from gmscavp.synchrony.config import HEAD_TRAINING, JudgeConfig, OffsetConfig

if TYPE_CHECKING:
    from gmscavp.synchrony.offset_head import InstantEncoder

SYNC, JUDGE = "sync", "judge"
"""What the user types before a head's weight file: ``sync=PATH``."""


def heads(
    *, model: str, configs: tuple[OffsetConfig, JudgeConfig], weights: Path, encode: Callable[[Any], Any]
) -> tuple[Extension, Extension]:
    """Return both heads over a family's models, whose weights lie in the folder ``weights``."""

    def head(argument: str, noun: str, config: OffsetConfig | JudgeConfig) -> Extension:
        return Extension(
            model=model,
            argument=argument,
            noun=noun,
            config=config,
            training=HEAD_TRAINING,
            weights=weights / f"{config.name}.safetensors",
            encode=encode,
            build=untrained,
        )

    offsets, judge = configs
    return head(SYNC, "offset head", offsets), head(JUDGE, "judge", judge)


def untrained(config: OffsetConfig | JudgeConfig, encoder: "InstantEncoder") -> Any:
    """Return an untrained head."""
    from gmscavp.synchrony.judge import Judge
    from gmscavp.synchrony.offset_head import OffsetHead

    return Judge(config, encoder) if isinstance(config, JudgeConfig) else OffsetHead(config, encoder)
