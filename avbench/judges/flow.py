"""How much a picture moves, frame by frame: the mean length of Farnebäck's dense optical flow.

Farnebäck, "Two-frame motion estimation based on polynomial expansion", SCIA 2003, as OpenCV computes it with
the parameters of AV-Align (guyyariv/TempoTokens, ``av_align.py``).
"""

import importlib
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

FARNEBACK = {
    "pyr_scale": 0.5,
    "levels": 3,
    "winsize": 15,
    "iterations": 3,
    "poly_n": 5,
    "poly_sigma": 1.2,
    "flags": 0,
}


def mean_flow(frames: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the mean length of the flow from the frame before, in pixels, ``(time,)``.

    The first frame has none before it and is given the second's, so that neither can be a peak.

    Args:
        frames: ``(time, channel=3, height, width)``, uint8 RGB.

    Raises:
        ModuleNotFoundError: OpenCV is not installed.
    """
    cv2: Any = importlib.import_module("cv2")
    # cv2's own weights of grey; it wants channels last.
    grey = [
        cv2.cvtColor(np.ascontiguousarray(each.transpose(1, 2, 0)), cv2.COLOR_RGB2GRAY) for each in frames
    ]
    moved = [_mean_length(cv2, *pair) for pair in pairwise(grey)]
    return np.array([*moved[:1], *moved], np.float64)


def _mean_length(cv2: Any, before: NDArray[np.uint8], after: NDArray[np.uint8]) -> float:
    flow = cv2.calcOpticalFlowFarneback(before, after, None, **FARNEBACK)
    return float(cv2.mean(cv2.magnitude(flow[..., 0], flow[..., 1]))[0])
