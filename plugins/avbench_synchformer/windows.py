r"""Which frames and samples Synchformer compares, and DeSync, the mean over both windows of a clip.

A segment is 16 frames at 25 a second and the 10,240 samples at 16 kHz that sound with them, 0.64 s; each
begins half a segment after the one before. A window is 14 segments, 4.8 s. With :math:`o_1` and :math:`o_2`
the most likely of 21 offsets, −2 … 2 s in steps of 0.2 s, in the first and in the last window of a clip,

.. math:: \text{DeSync} = \tfrac12 (|o_1| + |o_2|)

as hkchengrex/av-benchmark computes it (``av_bench/evaluate.py``, ``extract_video.py``). Of a clip of 8 s the
windows are 0 … 4.8 and 3.2 … 8 s, of one of 10 s 0 … 4.8 and 5.12 … 9.92 s; both are the same under 5.12 s,
and of more than 9.6 s the middle is not seen.
"""

import numpy as np
from numpy.typing import NDArray

FPS, RATE = 25, 16_000
FRAMES, FRAME_STEP = 16, 8
SAMPLES, SAMPLE_STEP = 10_240, 5_120
WINDOW = 14
SHORTEST = (FRAMES + (WINDOW - 1) * FRAME_STEP) / FPS

OFFSETS: NDArray[np.float64] = np.linspace(-2.0, 2.0, 21).round(1)
"""In seconds, as Synchformer counts them: above 0 the sound is *early*, the opposite of avbench's sign."""

UNIFORM_GUESS = float(np.abs(OFFSETS).mean())


def frame_starts(frames: int) -> range:
    """Return at which frames whole segments begin.

    >>> len(frame_starts(200)), len(frame_starts(250)), len(frame_starts(15))
    (24, 30, 0)
    """
    return range(0, frames - FRAMES + 1, FRAME_STEP)


def sample_starts(samples: int) -> range:
    """Return at which samples whole segments begin.

    >>> len(sample_starts(128_000)), len(sample_starts(160_000))
    (24, 30)
    """
    return range(0, samples - SAMPLES + 1, SAMPLE_STEP)


def windows(count: int) -> tuple[slice, slice]:
    """Return the segments of the first and of the last window.

    Raises:
        ValueError: There are fewer than a window's.

    >>> windows(24)
    (slice(0, 14, None), slice(10, 24, None))
    """
    if count < WINDOW:
        raise ValueError(f"{count} segments are fewer than the {WINDOW} of a window of {SHORTEST:g} s")
    return slice(0, WINDOW), slice(count - WINDOW, count)


def seconds(window: slice) -> tuple[float, float]:
    """Return when a window begins and ends in its clip.

    >>> [seconds(each) for each in windows(24)]
    [(0.0, 4.8), (3.2, 8.0)]
    >>> [seconds(each) for each in windows(30)]
    [(0.0, 4.8), (5.12, 9.92)]
    """
    last = (window.stop - 1) * FRAME_STEP + FRAMES
    return window.start * FRAME_STEP / FPS, last / FPS


def desync(classes: tuple[int, int]) -> float:
    """Return the score of a clip from the most likely class of each window, in seconds.

    >>> desync((10, 10)), desync((0, 11))
    (0.0, 1.1)
    """
    return float(np.abs(OFFSETS[list(classes)]).mean())
