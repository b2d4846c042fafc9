"""When something is heard in a clip, where its side-car says so."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avbench.clips import Clip
from avbench.errors import DataError


def onsets_of(clip: Clip, seconds: float) -> NDArray[np.float64] | None:
    """Return the instants at which something sounds in the window of a clip, in order, in seconds ``(t,)``.

    Of avsynth every landing that is heard, loud or soft. Of a side-car ``.txt``, as Greatest Hits has them,
    the first column of each line. ``None`` for a clip without a side-car.

    Raises:
        DataError: The side-car is damaged.
    """
    if clip.truth is None:
        return None
    times = _first_column(clip.truth) if clip.truth.suffix == ".txt" else _landings(clip.truth)
    inside = (times >= clip.start) & (times < clip.start + seconds)
    return np.sort(times[inside] - clip.start)


def _landings(path: Path) -> NDArray[np.float64]:
    from avbench.datasets.avsynth.truth import read_truth

    heard = read_truth(path).audio
    return np.array([event.time for toy in heard.objects for event in toy.events], np.float64)


def _first_column(path: Path) -> NDArray[np.float64]:
    """Read ``<seconds> <material> <action> <reaction>``, a line a hit."""
    try:
        lines = [line.split() for line in path.read_text("utf-8").splitlines() if line.strip()]
        times = np.array([float(line[0]) for line in lines], np.float64)
    except (OSError, ValueError) as error:
        raise DataError(
            f"The side-car {path.name} cannot be read: {error}.",
            hint="Each line begins with the instant of a hit, in seconds.",
        ) from error
    if not (np.isfinite(times) & (times >= 0)).all():
        raise DataError(
            f"The side-car {path.name} holds an instant that is none.",
            hint="Each line begins with the instant of a hit, in seconds, 0 or later.",
        )
    return times
