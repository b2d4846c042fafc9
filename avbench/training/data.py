"""What a model is handed to train on, wherever it comes from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from avbench.records import Args
from avbench.training.arrays import ArraySet


class TrainingClips(Protocol):
    """Clips of equal length, read piece by piece. Consecutive ``siblings`` clips make a family."""

    @property
    def clips(self) -> int: ...  # noqa: D102
    @property
    def siblings(self) -> int: ...  # noqa: D102
    @property
    def clip_frames(self) -> int: ...  # noqa: D102
    @property
    def clip_samples(self) -> int: ...  # noqa: D102

    def frames_of(self, clip: int, start: int, count: int) -> npt.NDArray[np.uint8]:
        """Return ``(time, height, width, channel=3)``."""
        ...

    def samples_of(self, clip: int, start: int, count: int) -> npt.NDArray[np.float32]:
        """Return ``(channel, sample)`` in [-1, 1]."""
        ...


def nothing() -> None:
    """Close what need not be closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingData:
    """What a model trains on, and what it is looked at with meanwhile.

    Attributes:
        train: Clips to train on.
        validation: Clips that are kept apart from them, or ``None``.
        about: What they are, for the record.
        close: Ends what reads them.
    """

    train: TrainingClips
    validation: ArraySet | None
    about: Args
    close: Callable[[], None] = nothing
