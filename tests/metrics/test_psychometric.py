"""The psychometric curve: its monotone fit, its threshold, and how sure both are."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from avbench.metrics.psychometric import Curve, crossing, monotone

SHARES = arrays(np.float64, st.integers(1, 7), elements=st.sampled_from([k / 8 for k in range(9)]))
SHIFTS = [0.02 * 2**k for k in range(7)]


def pooled(shares):
    """Return the isotonic fit by pooling adjacent violators: an independent slow reference."""
    blocks = [[value] for value in shares]
    place = 0
    while place < len(blocks) - 1:
        if np.mean(blocks[place]) > np.mean(blocks[place + 1]):
            blocks[place : place + 2] = [blocks[place] + blocks[place + 1]]
            place = max(place - 1, 0)
        else:
            place += 1
    return np.concatenate([np.full(len(block), np.mean(block)) for block in blocks])


@given(SHARES)
def test_the_fit_is_isotonic_regression_and_nowhere_below_chance(shares):
    np.testing.assert_allclose(monotone(shares), np.maximum(pooled(shares), 0.5), atol=1e-12)


@given(SHARES)
def test_many_curves_are_fitted_like_each_of_them(shares):
    both = monotone(np.stack([shares, shares[::-1]]))
    np.testing.assert_array_equal(both, [monotone(shares), monotone(shares[::-1])])


@given(SHARES)
def test_a_threshold_lies_where_the_drawn_curve_crosses_the_level(shares):
    fit, shifts = monotone(shares), SHIFTS[: len(shares)]
    found = crossing(shifts, fit.tolist(), 0.75)
    if fit[-1] < 0.75:
        assert found is None
        return
    # As charts draw it: 0 at 0, 1 at the smallest shift, a step for every doubling.
    place = found / shifts[0] if found < shifts[0] else 1 + math.log2(found / shifts[0])
    heights = np.interp(place, range(len(shares) + 1), [0.5, *fit])
    assert heights == pytest.approx(0.75, abs=1e-6)
    before = [height for at, height in enumerate([0.5, *fit]) if at < place - 1e-6]
    assert all(height < 0.75 for height in before)


def test_a_curve_of_a_known_law_has_the_threshold_of_the_law():
    # 1/2 + 1/2 · Φ-like steps: right with certainty from 0.08 s on, a coin below.
    shares = np.repeat([[0.5, 0.5, 1.0, 1.0]], 20, axis=0)
    curve = Curve.of(SHIFTS[:4], shares, [str(k) for k in range(20)])
    assert curve.threshold(0.75) == pytest.approx(math.sqrt(0.04 * 0.08))


def test_the_interval_holds_the_threshold_and_narrows_with_recordings():
    random = np.random.default_rng(0)
    law = np.array([0.5, 0.6, 0.8, 0.95])

    def curve(pairs):
        shares = (random.random((pairs, 4, 4)) < law[:, None]).mean(2)
        return Curve.of(SHIFTS[:4], shares, [str(k) for k in range(pairs)])

    few, many = curve(20), curve(400)
    widths = []
    for each in (few, many):
        interval = each.interval(0.75, seed=1)
        assert interval.low <= each.threshold(0.75) <= interval.high
        assert interval.groups == len(each.groups)
        widths.append(interval.high - interval.low)
    truth = 0.04 * 2 ** (0.15 / 0.2)
    assert many.threshold(0.75) == pytest.approx(truth, rel=0.15)
    assert widths[1] < widths[0] / 2
    assert few.interval(0.75, seed=1) == few.interval(0.75, seed=1) != few.interval(0.75, seed=2)


def test_there_is_no_interval_where_many_resamples_never_reach_the_level_or_all_are_alike():
    names = [str(k) for k in range(12)]
    barely = np.array([[0.5, 1.0]] * 7 + [[0.5, 0.5]] * 5)
    curve = Curve.of([0.1, 0.2], barely, names)
    assert curve.threshold(0.75) is not None
    assert curve.interval(0.75, seed=0) is None
    assert Curve.of([0.1], np.ones((12, 1)), names).interval(0.75, seed=0) is None


def test_a_pair_counts_at_the_shift_it_has_alone():
    nan = math.nan
    sparse = Curve.of([0.1, 0.2], [[0.5, nan], [nan, 1.0], [1.0, nan]], ["a", "a", "b"])
    assert sparse.means.tolist() == [0.75, 1.0]


@pytest.mark.parametrize(
    ("shifts", "shares", "groups"),
    [
        ([0.1, 0.2], [[0.5]], ["a"]),
        ([], [[]], ["a"]),
        ([0.2, 0.1], [[0.5, 1.0]], ["a"]),
        ([0.0, 0.1], [[0.5, 1.0]], ["a"]),
        ([0.1, 0.2], [[0.5, math.nan]], ["a"]),
    ],
)
def test_what_is_no_curve_is_refused(shifts, shares, groups):
    with pytest.raises(ValueError):
        Curve.of(shifts, shares, groups)
