r"""AV-Align: how many peaks of a sound have a peak of the picture's motion beside them, in its two versions.

Peaks of the sound are its onsets (:mod:`avbench.metrics.spectral_flux`); peaks of the picture are the frames
whose flow :math:`m` is above that of both neighbours, and at least a floor. With :math:`A` and :math:`V` the
peaks of both, in seconds, and :math:`h` the peaks of the sound that are matched,

.. math:: \text{AV-Align} = \frac{h}{|A| + |V| - h}, \qquad a \sim v \iff |a - v| < \frac{1}{\text{fps}}

Yariv et al., "Diverse and Aligned Audio-to-Video Generation via Text-to-Video Model Adaptation", arXiv
2309.16429; guyyariv/TempoTokens, ``av_align.py``. Its rule of October 2023 has no floor and counts every
:math:`a` that has a :math:`v`: several onsets may share one peak of the picture, so that :math:`h` may exceed
:math:`|V|` and the score 1 (three onsets about one peak: 3). That of February 2025 asks for a flow of 0.1
pixels and gives each :math:`v` to the first :math:`a` in time that fits. With both lists in order of time no
other pairing is larger, since all windows have the same width: the score is in [0, 1].

Where neither has a peak both divide by zero: here that is refused, never a score.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from avbench.metrics.embedding_sets import Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One version of the metric.

    Attributes:
        floor: Least flow of a peak, in pixels a frame.
        one_to_one: Whether a peak of the picture is matched once at most.
    """

    floor: float
    one_to_one: bool


RULES = {"2023": Rule(floor=0.0, one_to_one=False), "2025": Rule(floor=0.1, one_to_one=True)}


def motion_peaks(flow: ArrayLike, fps: float, rule: Rule) -> Values:
    """Return when the picture moves most, in seconds ``(v,)``, in order of time.

    Args:
        flow: ``(time,)``: mean length of the flow from the frame before, in pixels; that of the first frame,
            which has none before it, is the second's.
        fps: Frames a second: frame ``k`` is shown at ``k / fps``.
        rule: Which version.

    Raises:
        ValueError: The flow is no list of finite numbers.

    >>> motion_peaks([0.3, 0.3, 0.5, 0.0, 0.05, 0.0], 25, RULES["2023"]).tolist()
    [0.08, 0.16]
    >>> motion_peaks([0.3, 0.3, 0.5, 0.0, 0.05, 0.0], 25, RULES["2025"]).tolist()
    [0.08]
    """
    moved = np.asarray(flow, np.float64)
    if moved.ndim != 1 or not np.isfinite(moved).all():
        raise ValueError("the flow is not a list of finite numbers")
    before, here, after = moved[:-2], moved[1:-1], moved[2:]
    return (np.flatnonzero((here > before) & (here > after) & (here >= rule.floor)) + 1) / fps


def av_align(sound: ArrayLike, picture: ArrayLike, fps: float, rule: Rule) -> float:
    """Return the score of one clip.

    Args:
        sound: Peaks of the sound, in seconds ``(a,)``, in any order.
        picture: Peaks of the picture, in seconds ``(v,)``.
        fps: Frames a second: the window is one frame to either side, without its ends.
        rule: Which version.

    Raises:
        ValueError: Neither has a peak, or a time is NaN or infinite.

    >>> av_align([0.5, 1.0], [0.52, 1.5], 25, RULES["2025"])
    0.3333333333333333
    >>> av_align([1.0, 1.01, 1.02], [1.0], 25, RULES["2023"])
    3.0
    """
    onsets, moves = _in_order(sound, "the sound"), _in_order(picture, "the picture")
    if not len(onsets) + len(moves):
        raise ValueError("neither the sound nor the picture has a peak")
    near = (moves - 1 / fps < onsets[:, None]) & (onsets[:, None] < moves + 1 / fps)
    hits = _given_once(near) if rule.one_to_one else int(near.any(axis=1).sum())
    return hits / (len(onsets) + len(moves) - hits)


def _given_once(near: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> int:
    free = np.ones(near.shape[1], bool)
    for row in near:
        fitting = np.flatnonzero(row & free)
        free[fitting[:1]] = False
    return int((~free).sum())


def _in_order(times: ArrayLike, name: str) -> Values:
    given = np.asarray(times, np.float64)
    if given.ndim != 1 or not np.isfinite(given).all():
        raise ValueError(f"the peaks of {name} are not a list of finite times in seconds")
    return np.sort(given)
