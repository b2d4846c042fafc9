"""When something is heard in a clip, where its side-car says so."""

import numpy as np
from numpy.typing import NDArray

from avbench.clips import Clip


def onsets_of(clip: Clip, seconds: float) -> NDArray[np.float64] | None:
    """Return the instants at which something sounds in the window of a clip, in order, in seconds ``(t,)``.

    Of avsynth every landing that is heard, loud or soft. ``None`` for a clip without a side-car.

    Raises:
        DataError: The side-car is damaged.
    """
    if clip.truth is None:
        return None
    from avbench.datasets.avsynth.truth import read_truth

    heard = read_truth(clip.truth).audio
    times = np.array([event.time for toy in heard.objects for event in toy.events], np.float64)
    inside = (times >= clip.start) & (times < clip.start + seconds)
    return np.sort(times[inside] - clip.start)
