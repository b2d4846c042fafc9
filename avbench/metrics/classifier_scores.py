r"""Scores from a classifier's logits: Kullback-Leibler divergence of pairs, and the inception score.

With :math:`p = \operatorname{softmax}` of a clip's own truth and :math:`q` of what was generated for it:

.. math:: \mathrm{KL}(p \| q) = \sum_c p_c \, (\log p_c - \log q_c)

``truth_first`` is :math:`\mathrm{KL}(p \| q)`, ``generated_first`` is :math:`\mathrm{KL}(q \| p)`: two
different numbers that papers print under one name. With an ``epsilon`` the logarithm of the second is
:math:`\log(q_c + \epsilon)`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from avbench.metrics.bias import recentred_interval
from avbench.metrics.embedding_sets import Values, checked_pairs, checked_set, group_indices
from avbench.metrics.intervals import LEVEL, RESAMPLES, group_counts
from avbench.metrics.measurement import Interval

Order = NDArray[np.intp]

SPLITS = 10
SHUFFLE_SEED = 2020


@dataclass(frozen=True, slots=True, kw_only=True)
class InceptionScore:
    """How sure and how varied a classifier's answers are; 1 … number of classes.

    Attributes:
        mean: Over the splits.
        std: Over the splits, with divisor ``splits``.
        splits: How many; a score depends on it.
    """

    mean: float
    std: float
    splits: int


def kl_divergences(
    truth: ArrayLike,
    generated: ArrayLike,
    *,
    direction: Literal["truth_first", "generated_first"],
    epsilon: float = 0.0,
) -> Values:
    """Return the divergence of each pair in nats, ``(n,)``; the metric is their mean.

    Args:
        truth: Logits ``(n, classes)`` of each clip's own real sound.
        generated: Logits of what was generated for it; repeat rows of ``truth`` for several samples a clip.
        direction: Which distribution is the first.
        epsilon: Added to the probabilities of the second: 0 in av-benchmark, 1e-6 in audioldm_eval, SpecVQGAN
            and audiocraft (``truth_first``) and in stable-audio-metrics (``generated_first``).

    Raises:
        ValueError: The shapes differ, a value is NaN or infinite, or ``epsilon`` is negative.

    >>> kl_divergences([[0.0, 0.0]], [[np.log(3), 0.0]], direction="truth_first").round(6)
    array([0.143841])
    """
    if not 0 <= epsilon < 1:
        raise ValueError(f"epsilon {epsilon} is outside 0 … 1")
    real, made = checked_pairs(truth, generated, ("the truth", "the generated set"))
    first, second = (real, made) if direction == "truth_first" else (made, real)
    log_first, log_second = log_softmax(first), log_softmax(second)
    if epsilon:
        log_second = np.log(np.exp(log_second) + epsilon)
    divergences = (np.exp(log_first) * (log_first - log_second)).sum(1)
    # Without epsilon the exact value is at least 0; with one it may be a little less.
    return divergences if epsilon else np.maximum(divergences, 0.0)


def inception_score(
    logits: ArrayLike, *, splits: int = SPLITS, shuffle_seed: int | None = SHUFFLE_SEED
) -> InceptionScore:
    r"""Return the inception score (Salimans et al., "Improved Techniques for Training GANs", 2016).

    .. math:: \exp \frac1{|S|} \sum_{i \in S} \mathrm{KL}\Big(p_i \Big\| \frac1{|S|} \sum_{j \in S} p_j\Big)

    for each split :math:`S`, the rows from :math:`\lfloor i n / s \rfloor` on after a shuffle, as in
    torch-fidelity.

    Args:
        logits: ``(n, classes)``.
        splits: How many.
        shuffle_seed: Of numpy's ``RandomState``; ``None`` keeps the order. Because of it the score depends a
            little on the order of the rows: give them in the order of their ids.

    Raises:
        ValueError: There are fewer rows than splits, or the logits cannot be used.

    >>> round(inception_score(1e3 * np.eye(3), splits=1).mean, 9)
    3.0
    """
    log_p, order = _shuffled(logits, splits, shuffle_seed)
    scores = _split_scores(log_p, order, splits)
    return InceptionScore(mean=float(scores.mean()), std=float(scores.std()), splits=splits)


def inception_interval(
    logits: ArrayLike,
    groups: Sequence[str],
    *,
    seed: int,
    splits: int = SPLITS,
    shuffle_seed: int | None = SHUFFLE_SEED,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> Interval:
    """Return the recentred bootstrap interval of the mean inception score at this number of clips.

    Every resample is shuffled before it is cut: a row and its repeats in one split would vary too little.

    Args:
        logits: ``(n, classes)``.
        groups: ``(n,)``: the recording of each row.
        seed: Of the resampling.
        splits: As for the score.
        shuffle_seed: As for the score.
        resamples: How many.
        level: Nominal coverage.

    Raises:
        ValueError: As :func:`inception_score`, or there are fewer than two recordings.
    """
    log_p, order = _shuffled(logits, splits, shuffle_seed)
    count, group_of = group_indices(groups, len(log_p), least=2)
    shuffler = np.random.default_rng([seed, splits])  # apart from what draws the recordings
    values = [
        _split_scores(log_p, shuffler.permutation(repeated), splits).mean()
        for counts in group_counts(count, seed, resamples)
        for drawn in counts
        if len(repeated := np.repeat(order, drawn[group_of[order]])) >= splits
    ]
    whole = float(_split_scores(log_p, order, splits).mean())
    return recentred_interval(whole, np.array(values), groups=count, seed=seed, level=level, least=1.0)


def log_softmax(logits: Values) -> Values:
    """Return the logarithms of the class probabilities, ``(n, classes)``, in float64.

    >>> np.exp(log_softmax(np.array([[0.0, 1e4]])))
    array([[0., 1.]])
    """
    shifted = logits - logits.max(1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(1, keepdims=True))


def _shuffled(logits: ArrayLike, splits: int, shuffle_seed: int | None) -> tuple[Values, Order]:
    if splits < 1:
        raise ValueError(f"{splits} splits make no score; at least 1 is needed")
    log_p = log_softmax(checked_set(logits, "the generated set", least=splits))
    n = len(log_p)
    order = np.arange(n) if shuffle_seed is None else np.random.RandomState(shuffle_seed).permutation(n)
    return log_p, order


def _split_scores(log_p: Values, order: Order, splits: int) -> Values:
    n = len(order)
    # p log p, where p = 0 adds nothing however low its logarithm is.
    information = (np.exp(log_p) * log_p).sum(1)
    scores = np.empty(splits)
    for index in range(splits):
        rows = order[index * n // splits : (index + 1) * n // splits]
        marginal = np.exp(log_p[rows]).mean(0)
        entropy = -float((marginal * np.log(np.where(marginal > 0, marginal, 1.0))).sum())
        scores[index] = np.exp(max(entropy + float(information[rows].mean()), 0.0))
    return scores
