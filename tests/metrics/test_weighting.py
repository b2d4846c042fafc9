"""Numbers that all pairs make together: resampled and paired, against means that can be had another way."""

from itertools import product

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from avbench.metrics import alignment
from avbench.metrics.intervals import paired_bootstrap
from avbench.metrics.weighting import paired, resampled, weighted_area

RANDOM = np.random.default_rng(0)
GROUPS = [f"from{k // 3}" for k in range(60)]


def mean_of(values):
    return lambda weights: (weights @ values) / weights.sum(1)


def test_of_a_mean_it_is_the_test_that_there_is() -> None:
    first, second = RANDOM.random(60), RANDOM.random(60)

    found = paired(mean_of(first), mean_of(second), GROUPS, seed=7)

    expected = paired_bootstrap(first, second, GROUPS, seed=7)
    assert found.difference == pytest.approx(expected.difference)
    assert found.p_value == expected.p_value
    assert (found.interval.low, found.interval.high) == pytest.approx(
        (expected.interval.low, expected.interval.high)
    )


def test_soft_weights_give_the_area_that_scikit_learn_gives() -> None:
    values = RANDOM.integers(0, 6, 40)
    high, low = RANDOM.random((2, 5, 40))

    for row in range(5):
        labels = np.repeat([1, 0], 40)
        expected = roc_auc_score(
            labels, np.tile(values, 2), sample_weight=np.concatenate([high[row], low[row]])
        )
        assert weighted_area(values, high, low)[row] == pytest.approx(expected)


def test_the_curve_is_that_of_scikit_learn_and_the_area_lies_under_it() -> None:
    logits, true = RANDOM.integers(-3, 4, 50).astype(float), RANDOM.random(50) < 0.4

    others, trues = alignment.roc(logits, true)

    assert np.allclose((others, trues), roc_curve(true, logits, drop_intermediate=False)[:2])
    assert np.trapezoid(trues, others) == pytest.approx(alignment.auroc(logits, true))


def test_a_resample_without_the_number_is_left_out() -> None:
    true = np.array([True, False])
    statistic = lambda weights: alignment.weighted_auroc([1.0, 0.0], true, weights)  # noqa: E731

    drawn = resampled(statistic, ["a", "b"], seed=0)

    assert 0 < len(drawn) < 1000
    assert set(drawn) == {1.0}


def test_two_judges_are_told_apart_where_each_alone_would_not_be() -> None:
    hard = RANDOM.standard_normal(200)  # how hard a pair is, to both
    true = np.arange(200) % 2 == 0
    sign, groups = np.where(true, 1.0, -1.0), [str(k) for k in range(200)]
    better, worse = (3 * hard + gain * sign for gain in (1.5, 1.0))
    statistics = [
        lambda weights, each=each: alignment.weighted_auroc(each, true, weights) for each in (better, worse)
    ]

    found = paired(*statistics, groups, seed=0)

    wins = [np.mean([a > b for a, b in product(each[true], each[~true])]) for each in (better, worse)]
    assert found.difference == pytest.approx(wins[0] - wins[1])
    assert found.interval.low > 0
    assert found.p_value < 0.01
    alone = [alignment.intervals(each, true, groups, seed=0)[1] for each in (better, worse)]
    assert alone[0].low < alone[1].high


def test_a_judge_is_not_better_than_itself() -> None:
    true = np.arange(60) % 2 == 0
    logits = RANDOM.standard_normal(60)
    found = paired(*[lambda weights: alignment.weighted_balanced(logits, true, weights)] * 2, GROUPS, seed=0)

    assert (found.difference, found.p_value) == (0.0, 1.0)


def test_a_number_that_is_not_defined_is_no_test() -> None:
    with pytest.raises(ValueError, match="not defined"):
        paired(*[lambda weights: np.full(len(weights), np.nan)] * 2, GROUPS, seed=0)
