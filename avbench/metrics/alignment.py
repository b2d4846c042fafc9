r"""Whether a judge accepts the pairs that are true and no others.

Pair :math:`i` has a logit :math:`z_i` and is accepted where :math:`z_i > 0`. With :math:`T` the true pairs
and :math:`F` all others, shifted or of another recording,

.. math::
    \text{acceptance} &= P_T(z > 0), \qquad \text{rejection} = P_F(z \le 0), \\
    \text{accuracy} &= \frac{|T| \, \text{acceptance} + |F| \, \text{rejection}}{|T| + |F|}, \qquad
    \text{balanced} = \frac{\text{acceptance} + \text{rejection}}{2} \\
    \text{AUROC} &= P(z_T > z_F) + \tfrac12 P(z_T = z_F)

A judge that looks at nothing has a balanced accuracy and an AUROC of 1/2; its accuracy, if it accepts
everything, is the share of true pairs. Acceptance is what Luo et al. ("Diff-Foley", NeurIPS 2023) report as
alignment accuracy: it is none, for accepting everything gives 1.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from avbench.metrics.embedding_sets import Values
from avbench.metrics.intervals import LEVEL, percentile_interval
from avbench.metrics.measurement import Interval
from avbench.metrics.weighting import resampled, weighted_area


def accepted(logits: ArrayLike) -> NDArray[np.bool_]:
    """Return which pairs a judge accepts, ``(pair,)``.

    Raises:
        ValueError: A logit is NaN or infinite.
    """
    logits = np.asarray(logits, np.float64)
    if not np.isfinite(logits).all():
        raise ValueError("a logit is NaN or infinite")
    return logits > 0


def right(logits: ArrayLike, true: ArrayLike) -> Values:
    """Return 1 for each pair that is judged rightly and 0 for the others, ``(pair,)``.

    >>> right([2.0, -1.0, 0.5, 0.0], [True, True, False, False]).tolist()
    [1.0, 0.0, 0.0, 1.0]
    """
    return (accepted(logits) == np.asarray(true, bool)).astype(np.float64)


def balanced_accuracy(logits: ArrayLike, true: ArrayLike) -> float:
    """Return the mean of acceptance and rejection.

    Raises:
        ValueError: There are no true pairs, or no others, or a logit is NaN or infinite.
    """
    true = _both(true)
    judged = right(logits, true)
    return float(judged[true].mean() + judged[~true].mean()) / 2


def auroc(logits: ArrayLike, true: ArrayLike) -> float:
    """Return how often a true pair outscores another; a tie counts half.

    Raises:
        ValueError: There are no true pairs, or no others, or a logit is NaN or infinite.

    >>> auroc([3.0, 1.0, 1.0, 0.0], [True, True, False, False])
    0.875
    """
    true = _both(true)
    accepted(logits)
    logits = np.asarray(logits, np.float64)
    others = np.sort(logits[~true])
    below = np.searchsorted(others, logits[true], "left") + np.searchsorted(others, logits[true], "right")
    return float(below.mean() / (2 * len(others)))


def intervals(
    logits: ArrayLike, true: ArrayLike, groups: Sequence[str], *, seed: int
) -> tuple[Interval, Interval]:
    """Return the intervals of balanced accuracy and of AUROC, recordings resampled.

    A resample without true pairs, or without others, is drawn in vain.

    Args:
        logits: ``(pair,)``.
        true: ``(pair,)``, of both sorts.
        groups: ``(pair,)``: the recording of each picture.
        seed: Of the resampling.
    """
    true = _both(true)
    drawn = (
        resampled(partial(weighted, logits, true), groups, seed=seed)
        for weighted in (weighted_balanced, weighted_auroc)
    )
    balanced, area = (percentile_interval(each, LEVEL, seed, len(set(groups))) for each in drawn)
    return balanced, area


def weighted_balanced(logits: ArrayLike, true: ArrayLike, weights: Values) -> Values:
    """Return balanced accuracy with each pair counted so many times, ``(some,)``.

    NaN where the weights leave no true pair, or no other.

    Args:
        logits: ``(pair,)``.
        true: ``(pair,)``.
        weights: ``(some, pair)``.
    """
    yes, true = accepted(logits), np.asarray(true, bool)
    trues, others = weights * true, weights * ~true
    with np.errstate(invalid="ignore", divide="ignore"):
        return (trues @ yes / trues.sum(1) + others @ ~yes / others.sum(1)) / 2


def weighted_auroc(logits: ArrayLike, true: ArrayLike, weights: Values) -> Values:
    """Return the AUROC, likewise."""
    true = np.asarray(true, bool)
    return weighted_area(logits, weights * true, weights * ~true)


def roc(logits: ArrayLike, true: ArrayLike) -> tuple[Values, Values]:
    """Return the ROC curve: the share of other pairs and that of true ones above each threshold.

    Thresholds fall, so both rise from 0 to 1; one point for each logit, since equal ones are told apart by
    none.

    >>> [each.tolist() for each in roc([3.0, 1.0, 1.0, 0.0], [True, True, False, False])]
    [[0.0, 0.0, 0.5, 1.0], [0.0, 0.5, 1.0, 1.0]]
    """
    true = _both(true)
    logits = np.asarray(logits, np.float64)
    levels = np.unique(logits)[::-1]
    shares = [
        np.concatenate([[0.0], (of >= levels[:, None]).mean(1)]) for of in (logits[~true], logits[true])
    ]
    return shares[0], shares[1]


def _both(true: ArrayLike) -> NDArray[np.bool_]:
    """Return which pairs are true; refuse a set of one kind."""
    true = np.asarray(true, bool)
    if true.all() or not true.any():
        raise ValueError("there must be true pairs and others")
    return true
