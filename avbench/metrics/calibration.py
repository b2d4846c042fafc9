r"""How far the confidence of offset scores can be believed.

**Calibration error.** Logits claim a probability, :math:`p = \max \mathrm{softmax}`; with clips in bins
:math:`B` of equal width of p, and :math:`a` the top-1 of a clip,

.. math:: \mathrm{ECE} = \sum_B \frac{|B|}{n} |\bar p_B - \bar a_B|

(Guo et al., ICML 2017). The fewer clips, the less their gaps cancel out within a bin: it is
biased, so its interval is recentred (:mod:`avbench.metrics.bias`), and is one at this number of clips.

**Margin.** Cosines claim no probability; what can be asked of both is whether the margin, the highest score
less the second, is larger for clips that are right: the area under the ROC curve. Equal margins count half; a
clip that ties is right and wrong in parts, its margin 0.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from avbench.metrics.bias import recentred_interval
from avbench.metrics.embedding_sets import Values
from avbench.metrics.intervals import LEVEL, percentile_interval
from avbench.metrics.measurement import Interval
from avbench.metrics.offsets import Trials, within
from avbench.metrics.weighting import resampled, weighted_area

BINS = 15
# Of sums in another order.
NO_WIDTH = 1e-12


def calibration_error(trials: Trials) -> float:
    """Return the ECE of scores that are logits, over 15 bins.

    >>> calibration_error(Trials.of([0.0, 1.0], [0.0, 1.0], np.zeros((2, 2))))
    0.0
    """
    return float(_weighted_error(*_gaps(trials), np.ones((1, len(trials.offsets))))[0])


def calibration_interval(trials: Trials, groups: Sequence[str], *, seed: int) -> Interval | None:
    """Return the interval of the ECE at this number of clips.

    Args:
        trials: Scored by logits.
        groups: ``(clip,)``: the recording of each.
        seed: Of the resampling.

    Returns:
        ``None`` where it would have no width, which says nothing: of one recording.
    """
    gaps, bins = _gaps(trials)
    drawn = resampled(lambda weights: _weighted_error(gaps, bins, weights), groups, seed=seed)
    if np.ptp(drawn) < NO_WIDTH:
        return None
    return recentred_interval(calibration_error(trials), drawn, groups=len(set(groups)), seed=seed, least=0.0)


def _gaps(trials: Trials) -> tuple[Values, NDArray[np.intp]]:
    """Return what each clip claims beyond what it gets, and the bin it lies in."""
    from scipy.special import softmax

    sure = softmax(trials.scores, axis=1).max(1)
    return sure - within(trials, 0.0), np.minimum((sure * BINS).astype(np.intp), BINS - 1)


def _weighted_error(gaps: Values, bins: NDArray[np.intp], weights: Values) -> Values:
    by_bin = (weights * gaps) @ (bins[:, None] == np.arange(BINS)).astype(np.float64)
    return np.abs(by_bin).sum(1) / weights.sum(1)


def margin_area(trials: Trials) -> float | None:
    """Return the probability that a clip that is right has a larger margin than one that is not.

    Returns:
        ``None`` where all clips are right, or none is.
    """
    area = float(_weighted_margins(trials, np.ones((1, len(trials.offsets))))[0])
    return area if np.isfinite(area) else None


def margin_interval(trials: Trials, groups: Sequence[str], *, seed: int) -> Interval | None:
    """Return the interval of that probability; a resample in which all are right, or none, is left out.

    Args:
        trials: Of which some are right and some wrong.
        groups: ``(clip,)``: the recording of each.
        seed: Of the resampling.

    Returns:
        ``None`` where it would have no width, which says nothing.
    """
    drawn = resampled(lambda weights: _weighted_margins(trials, weights), groups, seed=seed)
    found = percentile_interval(drawn, LEVEL, seed, len(set(groups)))
    return found if found.low < found.high else None


def _weighted_margins(trials: Trials, weights: Values) -> Values:
    second, first = np.sort(trials.scores, axis=1)[:, -2:].T
    right = within(trials, 0.0)
    return weighted_area(first - second, weights * right, weights * (1 - right))
