r"""How sure a number is: bootstrap over recordings, and a paired test for two models.

Queries cut from one recording are not independent, so the unit that is resampled is the recording (the
*group*). For group sums :math:`S_g`, group sizes :math:`n_g` and resampled counts :math:`c \sim
\mathrm{Multinomial}(G, 1/G)`, one resample of a mean is

.. math:: \bar x^* = \frac{\sum_g c_g S_g}{\sum_g c_g n_g}

The gallery stays as it is: a number is about new queries against this gallery. Intervals are percentile
intervals (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13), expanded for few
groups: resampling :math:`G` groups understates the spread by :math:`\sqrt{(G - 1) / G}`, and knows nothing of
the tails of Student's t. So the quantiles taken are :math:`\alpha'` and :math:`1 - \alpha'` with

.. math::
    \alpha' = \Phi\big(\sqrt{G / (G - 1)}\; t_{\alpha, G - 1}\big), \qquad \alpha = (1 - \text{level}) / 2

(Hesterberg, "What Teachers Should Know About the Bootstrap", The American Statistician 69(4), 2015). With
many groups that is the plain percentile interval.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avbench.metrics.measurement import Interval

Values = NDArray[np.float64]

RESAMPLES = 1000
LEVEL = 0.95
RESAMPLES_AT_ONCE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedTest:
    """How much better one model is than another on the same queries.

    Attributes:
        difference: Mean of the first minus mean of the second.
        interval: Of the difference.
        p_value: Two-sided; of a difference this large if the two were equally good.
    """

    difference: float
    interval: Interval
    p_value: float


def bootstrap_means(
    values: NDArray[np.floating],
    groups: Sequence[str],
    *,
    seed: int,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> list[Interval]:
    """Return the percentile interval of the mean of each column.

    Where every query has the same value the interval has no width; for a share that is 0 or 1 throughout,
    :func:`clopper_pearson` says more.

    Args:
        values: ``(n, metrics)``: one column a metric, all resampled together.
        groups: ``(n,)``: the recording of each query.
        seed: Of the resampling.
        resamples: How many.
        level: Nominal coverage.

    >>> one, = bootstrap_means(np.array([[0.0], [1.0], [1.0], [0.0]]), ["a", "b", "c", "d"], seed=0)
    >>> one.low, one.high
    (0.0, 1.0)
    """
    names, group_of = np.unique(np.asarray(groups), return_inverse=True)
    means = _resampled_means(np.asarray(values, np.float64), group_of, seed, resamples)
    return [percentile_interval(column, level, seed, len(names)) for column in means.T]


def bootstrap_share(values: NDArray[np.floating], groups: Sequence[str], *, seed: int) -> Interval:
    """Return the interval of a share, ``values`` ``(n,)`` in {0, 1}: exact where all are alike."""
    recordings = len(set(groups))
    if np.ptp(values) == 0:
        return clopper_pearson(recordings * int(values[0]), recordings)
    return bootstrap_means(values[:, np.newaxis], groups, seed=seed)[0]


def bootstrap_median(
    values: NDArray[np.floating],
    groups: Sequence[str],
    *,
    seed: int,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> Interval:
    """Return the percentile interval of the median of ``values`` ``(n,)``, resampled by ``groups`` ``(n,)``.

    >>> bootstrap_median(np.array([3.0, 3.0, 3.0]), ["a", "b", "c"], seed=0).high
    3.0
    """
    names, group_of = np.unique(np.asarray(groups), return_inverse=True)
    order = np.argsort(values, kind="stable")
    ordered = np.asarray(values, np.float64)[order]
    medians: list[Values] = []
    for counts in group_counts(len(names), seed, resamples):
        upto = counts[:, group_of[order]].cumsum(1)
        total = upto[:, -1:]
        # The middle two of the resample, as numpy.median takes them; they coincide for an odd number.
        middle = [(upto <= position).sum(1) for position in ((total - 1) // 2, total // 2)]
        medians.append((ordered[middle[0]] + ordered[middle[1]]) / 2)
    return percentile_interval(np.concatenate(medians), level, seed, len(names))


def bootstrap_ratios(
    numerators: Values,
    denominators: Values,
    groups: Sequence[str],
    *,
    seed: int,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> Interval:
    """Return the percentile interval of a ratio of sums, such as hits over true onsets.

    Args:
        numerators: ``(n,)``, of each clip.
        denominators: ``(n,)``, at least 0; a resample in which they sum to 0 is left out.
        groups: ``(n,)``: the recording of each clip.
        seed: Of the resampling.
        resamples: How many.
        level: Nominal coverage.

    Raises:
        ValueError: The denominators sum to 0 whatever is drawn.

    >>> bootstrap_ratios(np.array([1.0, 2.0]), np.array([2.0, 4.0]), ["a", "b"], seed=0).high
    0.5
    """
    names, group_of = np.unique(np.asarray(groups), return_inverse=True)
    sums = np.stack([np.bincount(group_of, weights=each) for each in (numerators, denominators)], 1)
    totals = np.concatenate([counts @ sums for counts in group_counts(len(names), seed, resamples)])
    defined = totals[totals[:, 1] > 0]
    if not len(defined):
        raise ValueError("the denominators sum to 0: there is no ratio")
    return percentile_interval(defined[:, 0] / defined[:, 1], level, seed, len(names))


def paired_bootstrap(
    first: NDArray[np.floating],
    second: NDArray[np.floating],
    groups: Sequence[str],
    *,
    seed: int,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> PairedTest:
    r"""Compare the means, or ratios of sums, of two models over the same queries or sounds.

    Both are resampled together, so what a query is like cancels out. The p-value centres the resampled
    differences on zero (Efron and Tibshirani, chapter 16), and counts the observed one among them:

    .. math:: p = \frac{1 + \#\{b : |d^*_b - d| \ge |d|\}}{1 + B}

    Args:
        first: ``(n,)`` values of one model, or ``(n, 2)`` parts of a numerator and of a denominator.
        second: Those of the other, in the same order.
        groups: ``(n,)``: the recording of each.
        seed: Of the resampling.
        resamples: How many; one in which a denominator is 0 is left out.
        level: Nominal coverage.

    Raises:
        ValueError: A denominator is 0 whatever is drawn.

    >>> paired_bootstrap(np.ones(40), np.zeros(40), [str(i) for i in range(40)], seed=0).difference
    1.0
    """
    parts = np.concatenate([_ratio_parts(first), _ratio_parts(second)], axis=1)
    names, group_of = np.unique(np.asarray(groups), return_inverse=True)
    sums = np.stack([np.bincount(group_of, weights=column) for column in parts.T], 1)
    drawn = np.concatenate([counts @ sums for counts in group_counts(len(names), seed, resamples)])
    drawn = drawn[(drawn[:, 1] > 0) & (drawn[:, 3] > 0)]
    if not len(drawn):
        raise ValueError("the denominators sum to 0: there is no ratio")
    changes = drawn[:, 0] / drawn[:, 1] - drawn[:, 2] / drawn[:, 3]
    whole = sums.sum(0)
    difference = float(whole[0] / whole[1] - whole[2] / whole[3])
    return paired_test(difference, changes, seed=seed, groups=len(names), level=level)


def paired_test(
    difference: float, changes: Values, *, seed: int, groups: int, level: float = LEVEL
) -> PairedTest:
    """Return the test of a difference whose resamples are ``changes`` ``(resamples,)``."""
    as_far = int(np.sum(np.abs(changes - difference) >= abs(difference)))
    return PairedTest(
        difference=difference,
        interval=percentile_interval(changes, level, seed, groups),
        p_value=(1 + as_far) / (1 + len(changes)),
    )


def _ratio_parts(values: NDArray[np.floating]) -> Values:
    given = np.asarray(values, np.float64)
    return given if given.ndim == 2 else np.stack([given, np.ones(len(given))], 1)


def clopper_pearson(hits: int, trials: int, *, level: float = LEVEL) -> Interval:
    """Return the exact interval of a share (Clopper and Pearson, Biometrika 1934).

    >>> round(clopper_pearson(10, 10).low, 3), clopper_pearson(10, 10).high
    (0.692, 1.0)
    """
    from scipy.stats import beta

    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else float(beta.ppf(tail, hits, trials - hits + 1))
    high = 1.0 if hits == trials else float(beta.ppf(1 - tail, hits + 1, trials - hits))
    return Interval(
        low=low, high=high, level=level, method="clopper-pearson", resamples=0, seed=0, groups=trials
    )


def group_counts(groups: int, seed: int, resamples: int) -> Iterator[NDArray[np.int32]]:
    """Yield ``(some, groups)``: how often each resample draws each group; memory stays flat.

    >>> [counts.sum(1).tolist() for counts in group_counts(3, seed=0, resamples=2)]
    [[3, 3]]
    """
    rng = np.random.default_rng(seed)
    for start in range(0, resamples, RESAMPLES_AT_ONCE):
        some = min(RESAMPLES_AT_ONCE, resamples - start)
        drawn = rng.integers(0, groups, size=(some, groups))
        drawn += np.arange(some)[:, None] * groups
        yield np.bincount(drawn.ravel(), minlength=some * groups).reshape(some, groups).astype(np.int32)


def _resampled_means(values: Values, group_of: NDArray[np.intp], seed: int, resamples: int) -> Values:
    """Return ``(resamples, metrics)`` means of ``values`` ``(n, metrics)``."""
    groups = int(group_of.max()) + 1
    sums = np.stack([np.bincount(group_of, weights=column, minlength=groups) for column in values.T], 1)
    sums_and_sizes = np.concatenate([sums, np.bincount(group_of, minlength=groups)[:, None]], 1)
    totals = np.concatenate([counts @ sums_and_sizes for counts in group_counts(groups, seed, resamples)])
    return totals[:, :-1] / totals[:, -1:]


def expanded_tail(level: float, groups: int) -> float:
    """Return the share beyond each end of an interval, expanded for few groups (the module says how).

    >>> round(expanded_tail(0.95, 10_000), 4), round(expanded_tail(0.95, 8), 4)
    (0.025, 0.0057)
    """
    from scipy.stats import norm, t

    # One group alone resamples to itself, whatever the quantile; the interval says that it had one.
    spread = (groups / (groups - 1)) ** 0.5 * t.ppf((1 - level) / 2, groups - 1) if groups > 1 else 0.0
    return float(norm.cdf(spread))


def percentile_interval(resampled: Values, level: float, seed: int, groups: int) -> Interval:
    """Return the interval that resampled values span, expanded for few groups.

    >>> percentile_interval(np.array([1.0, 1.0]), 0.95, seed=0, groups=9).method
    'bootstrap-expanded-percentile'
    """
    tail = expanded_tail(level, groups)
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return Interval(
        low=float(low),
        high=float(high),
        level=level,
        method="bootstrap-expanded-percentile",
        resamples=len(resampled),
        seed=seed,
        groups=groups,
    )
