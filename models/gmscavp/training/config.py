"""How a model is trained. No torch here."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

from gmscavp.complaints import Unknown
from gmscavp.inputs import STRICT

RANGES = {
    **dict.fromkeys(("steps", "batch_clips", "segments"), (1, math.inf)),
    **dict.fromkeys(("log_every", "checkpoint_every", "validate_every"), (1, math.inf)),
    **dict.fromkeys(("learning_rate", "eps", "weight_decay", "gap_seconds"), (0, math.inf)),
    **dict.fromkeys(("warmup", "micro_batch_clips", "gain_db", "brightness", "contrast"), (0, math.inf)),
    **dict.fromkeys(("ema", "blur"), (0, 1)),
}
"""The least and the most that a number may be; infinite it may not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """How a model is trained; gmscavp and cavp share it, so that a ratio compares methods and nothing else.

    Attributes:
        steps: Optimiser steps.
        batch_clips: Clips in a batch, whole families of siblings.
        segments: N_T, segments of each clip.
        gap_seconds: Segments of a clip start at least this far apart.
        learning_rate: At its peak, after the warm-up; a cosine takes it to zero.
        warmup: Steps of the linear warm-up.
        betas: Of AdamW.
        eps: Of AdamW.
        weight_decay: Of matrices and kernels; biases and the temperature have none.
        ema: Decay of the average of the weights, which is validated and kept; 0 keeps the weights themselves.
        precision: ``bf16`` computes convolutions and products under autocast, ``fp32`` everything in float32,
            ``fp64`` in float64 and without validation, for comparing runs.
        micro_batch_clips: Clips of a process that are encoded at once, gradients being cached; 0 for all.
        compile: Compile the training step, where the machine has a compiler.
        gain_db: Audio gain is drawn within ± this.
        noise_db: White noise is drawn below this level, relative to full scale; ``None`` for no noise.
        brightness: Added to all pixels, within ± this (white is 1).
        contrast: Pixels are scaled within 1 ± this.
        blur: Share of clips whose frames are smoothed, as by a codec.
        log_every: Steps between two lines of the log.
        checkpoint_every: Steps between two checkpoints.
        validate_every: Steps between two validations.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = STRICT

    steps: int = 1_000
    batch_clips: int = 32
    segments: int = 3
    gap_seconds: float = 1.0
    learning_rate: float = 8e-4
    warmup: int = 100
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.2
    ema: float = 0.995
    precision: Literal["bf16", "fp32", "fp64"] = "bf16"
    micro_batch_clips: int = 0
    compile: bool = False
    gain_db: float = 6.0
    noise_db: float | None = -45.0
    brightness: float = 0.06
    contrast: float = 0.15
    blur: float = 0.25
    log_every: int = 10
    checkpoint_every: int = 100
    validate_every: int = 250

    def __post_init__(self) -> None:
        """Refuse a number that nothing can be trained with.

        Raises:
            ValueError: It is out of its range, or not finite.
        """
        for name, (least, most) in RANGES.items():
            value = getattr(self, name)
            if not (least <= value <= most and math.isfinite(value)):
                fits = f"{least} at least" if most == math.inf else f"between {least} and {most}"
                raise ValueError(f"The training argument {name!r} must be {fits}, not {value:g}.")
        if not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(
                f"The training argument 'betas' must be 0 at least and below 1, not {self.betas}."
            )

    @property
    def varies(self) -> bool:
        """Say whether clips are varied at all."""
        pixels = (self.brightness, self.contrast, self.blur)
        return self.noise_db is not None or any((self.gain_db, *pixels))

    def overridden(
        self, given: Mapping[str, str], *, steps: int | None, others: Iterable[str] = ()
    ) -> "TrainingConfig":
        """Return the same with other values, read from text; ``none`` is None, ``0.9:0.95`` two numbers.

        Args:
            given: By the names of fields.
            steps: In place of its own.
            others: What else may be given, to be named with the fields.

        Raises:
            Unknown: There is no such field.
            ValueError: A value does not fit its field.
        """
        from pydantic import TypeAdapter, ValidationError

        changes: dict[str, Any] = {
            name: None if text == "none" else text.split(":") if ":" in text else text
            for name, text in given.items()
        }
        changes |= {} if steps is None else {"steps": str(steps)}
        if unknown := [name for name in given if name not in asdict(self)]:
            raise Unknown("training argument", unknown[0], (*asdict(self), *others))
        try:
            return TypeAdapter(TrainingConfig).validate_python(asdict(self) | changes)
        except ValidationError as error:
            wrong = error.errors()[0]
            name = ".".join(str(part) for part in wrong["loc"])
            if not name:
                raise ValueError(wrong["msg"].removeprefix("Value error, ")) from error
            raise ValueError(f"The training argument {name!r}: {wrong['msg']}.") from error
