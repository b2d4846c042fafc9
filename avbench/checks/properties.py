"""What must hold of anything a model returns for clips, be it embeddings, scores or sounds."""

from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avbench.checks.verdicts import Breach, Check, attempt
from avbench.records import ModelRecord
from avbench.runs.border import usable
from avbench.runs.slots import Slots

Rows = NDArray[np.float32]

# Rounding inside a convolution depends on the size of the batch; a leak between clips is far larger.
TOLERANCE = 1e-4
GUIDE = "docs/write-a-model-plugin.md says what a model returns."


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Something a loaded model can be asked for of clips.

    Attributes:
        record: The model's record.
        noun: What it returns, in the plural.
        slots: The clips, all different; the first is black and silent.
        outputs: Asks it: rows ``(clip, ...)`` for some clips; the border's checks hold.
        shape: Describes the rows.
        longer: Asks it for clips of another length, and says what came.
        looks: Whether it reads what makes the clips different.
        some_alike: Whether different clips may get the same, as long as not all do.
        tolerance: How far a clip's row may hang on the rest of the batch, of the largest value.
    """

    record: ModelRecord
    noun: str
    slots: Slots
    outputs: Callable[[Slots], Rows]
    shape: Callable[[Rows], str]
    longer: Callable[[], str]
    looks: bool
    some_alike: bool = False
    tolerance: float = TOLERANCE


def tried(name: str, asked: Asked) -> Generator[Check, None, Rows | None]:
    """Ask a model, try every property of what it returns, and return that, if it can be tried at all."""
    started: list[Rows] = []

    def first() -> str:
        started.append(asked.outputs(asked.slots))
        return asked.shape(started[0])

    yield from attempt(f"{name} shape", first)
    if not started:
        return None
    for what, holds in PROPERTIES.items():
        yield from attempt(f"{name} {what}", lambda h=holds: h(asked, started[0]))
    return started[0]


def _finite(asked: Asked, rows: Rows) -> str:
    bad = int((~usable(rows)).sum())
    if bad:
        raise Breach(
            f"{bad} of {len(rows)} {asked.noun} hold NaN or infinity",
            "Look for a division by zero, a logarithm of zero or an overflow; one clip is black and silent.",
        )
    return f"all finite, in [{rows.min():.3g}, {rows.max():.3g}]"


def _distinct(asked: Asked, rows: Rows) -> str | None:
    if not asked.looks or asked.record.scale_row:
        return None
    different = len(np.unique(rows.reshape(len(rows), -1), axis=0))
    if different < (2 if asked.some_alike else len(rows)):
        raise Breach(
            f"{len(rows)} different clips have {different} different {asked.noun}",
            "Check that the model looks at its input, and that its weights were loaded.",
        )
    return f"{len(rows)} different clips, {different} different {asked.noun}"


def _deterministic(asked: Asked, rows: Rows) -> str | None:
    if not asked.record.deterministic:
        return None
    difference = _difference(rows, asked.outputs(asked.slots))
    if difference > 0:
        raise Breach(
            f"the same input twice differs by {difference:.2g} of the largest value",
            "Call model.eval(), seed what is random, or say deterministic=False in the record.",
        )
    return "the same input twice gives the same bytes"


def _independent(asked: Asked, rows: Rows) -> str | None:
    if not asked.record.deterministic:
        return None
    alone = np.concatenate([asked.outputs([slot]) for slot in asked.slots])
    turned = asked.outputs(asked.slots[::-1])[::-1]
    difference = max(_difference(rows, alone), _difference(rows, turned))
    if difference > asked.tolerance:
        raise Breach(
            f"a clip alone, or in another order, differs by {difference:.2g} of the largest value",
            "What a clip gets must hang on it alone: call model.eval(), normalise over no batch axis.",
        )
    return f"alone, in a batch, in another order: within {difference:.1g} of the largest value"


def _difference(left: Rows, right: Rows) -> float:
    if left.shape != right.shape:
        raise Breach(f"the shape changes from {left.shape} to {right.shape}", GUIDE)
    finite = np.isfinite(left) & np.isfinite(right)
    if not np.array_equal(left[~finite], right[~finite], equal_nan=True):
        return np.inf
    largest = float(np.abs(left[finite]).max(initial=0)) or 1.0
    return float(np.abs(left[finite] - right[finite]).max(initial=0)) / largest


PROPERTIES: dict[str, Callable[[Asked, Rows], str | None]] = {
    "values": _finite,
    "distinct": _distinct,
    "deterministic": _deterministic,
    "independent": _independent,
    "length": lambda asked, _: asked.longer(),
}
