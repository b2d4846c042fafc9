from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avbench.metrics.bias import jackknife
from avbench.metrics.frechet import Moments, frechet_distance, moments
from avbench.metrics.frechet_intervals import (
    WeightedFrechet,
    extrapolation_interval,
    frechet_bootstrap,
    frechet_extrapolation,
    frechet_jackknife,
)


def names(count: int) -> list[str]:
    return [f"clip{i}" for i in range(count)]


def standard_normal(dim: int) -> Moments:
    """The moments of a population: of so many rows that their own error is nothing."""
    n = 10**9
    return Moments(n=n, mean=np.zeros(dim), factor=np.eye(dim) * (n - 1) ** 0.5)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31), n=st.integers(2, 12), dim=st.integers(1, 8))
def test_weights_are_repeated_rows(seed: int, n: int, dim: int):
    rng = np.random.default_rng(seed)
    rows, reference = rng.normal(size=(n, dim)), moments(rng.normal(1, 2, size=(9, dim)))
    counts = rng.integers(0, 4, n)
    counts[0] += 2
    expected = frechet_distance(moments(np.repeat(rows, counts, axis=0)), reference)
    found = WeightedFrechet(rows, reference).distance(counts.astype(float))
    assert found == pytest.approx(expected, abs=1e-6)


def coverage(trials: int, n: int, interval_of, target: float) -> float:
    rng = np.random.default_rng(0)
    held = 0
    for trial in range(trials):
        low, high = interval_of(rng.normal(0.3, 1.2, size=(n, 3)), trial)
        held += low <= target <= high
    return held / trials


def distance_at(n: int) -> float:
    """What the distance of n rows is on average: above that of the population."""
    rng = np.random.default_rng(1)
    draws = (rng.normal(0.3, 1.2, size=(n, 3)) for _ in range(2000))
    return float(np.mean([frechet_distance(moments(each), standard_normal(3)) for each in draws]))


POPULATION = 3 * (0.3**2 + 0.2**2)  # by hand: means 0.3 apart and deviations 1.2 against 1, in each dimension


def test_the_recentred_interval_holds_the_distance_at_this_number_of_clips():
    def interval(rows, seed):
        found = frechet_bootstrap(rows, names(len(rows)), standard_normal(3), seed=seed, resamples=100)
        return found.low, found.high

    # 95 % nominal; three standard errors of a share of 100 are 6.5 %.
    assert coverage(100, 60, interval, distance_at(60)) >= 0.88


def test_the_jackknife_interval_holds_the_distance_of_the_population():
    def interval(rows, seed):
        found = frechet_jackknife(rows, names(len(rows)), standard_normal(3), blocks=20).interval
        return found.low, found.high

    assert coverage(200, 60, interval, POPULATION) >= 0.89


def test_a_plain_percentile_interval_would_not():
    def interval(rows, seed):
        weighted, rng = WeightedFrechet(rows, standard_normal(3)), np.random.default_rng(seed)
        drawn = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), 100).astype(float)
        return np.quantile([weighted.distance(each) for each in drawn], [0.025, 0.975])

    assert coverage(60, 25, interval, POPULATION) < 0.85


@pytest.mark.slow
@pytest.mark.parametrize(("n", "dim"), [(300, 4), (100, 16)])
def test_both_intervals_hold_in_more_dimensions(n: int, dim: int):
    rng = np.random.default_rng(2)
    sets = [rng.normal(0.3, 1.2, size=(n, dim)) for _ in range(150)]
    reference = standard_normal(dim)
    expected = np.mean([frechet_distance(moments(rows), reference) for rows in sets])
    held = np.zeros(2)
    for seed, rows in enumerate(sets):
        here = frechet_bootstrap(rows, names(n), reference, seed=seed, resamples=200)
        whole = frechet_jackknife(rows, names(n), reference).interval
        held += here.low <= expected <= here.high, whole.low <= dim * (0.3**2 + 0.2**2) <= whole.high
    assert (held / len(sets) >= 0.89).all()


def test_the_jackknife_takes_the_bias_away():
    rng = np.random.default_rng(3)
    sets = [rng.normal(0.3, 1.2, size=(40, 3)) for _ in range(200)]
    plain = np.mean([frechet_distance(moments(rows), standard_normal(3)) for rows in sets])
    corrected = [frechet_jackknife(rows, names(40), standard_normal(3), blocks=10).value for rows in sets]
    assert plain > POPULATION * 1.3
    assert np.mean(corrected) == pytest.approx(POPULATION, rel=0.1)


def test_the_interval_is_about_the_value_and_says_how_it_was_made():
    rows = np.random.default_rng(4).normal(size=(80, 4))
    reference = moments(np.random.default_rng(5).normal(1, 1, size=(50, 4)))
    first, again = (frechet_bootstrap(rows, names(80), reference, seed=7, resamples=50) for _ in range(2))
    assert first == again
    assert first.low < frechet_distance(moments(rows), reference) < first.high
    assert (first.method, first.resamples, first.seed, first.groups) == ("bootstrap-recentred", 50, 7, 80)


def test_rows_of_one_recording_are_drawn_together():
    rows = np.repeat(np.random.default_rng(6).normal(size=(20, 2)), 10, axis=0)
    reference = moments(np.random.default_rng(5).normal(1, 1, size=(50, 2)))
    recordings = [f"recording{i // 10}" for i in range(200)]
    together = frechet_bootstrap(rows, recordings, reference, seed=0, resamples=200)
    apart = frechet_bootstrap(rows, names(200), reference, seed=0, resamples=200)
    assert together.groups == 20
    assert together.high - together.low > 2 * (apart.high - apart.low)


def test_a_distance_is_never_said_to_be_negative():
    rows = np.random.default_rng(6).normal(size=(30, 2))
    assert frechet_bootstrap(rows, names(30), moments(rows), seed=0, resamples=50).low == 0


def test_the_extrapolation_takes_the_bias_away_and_fadtks_draws_do_not():
    rng = np.random.default_rng(8)
    reference, population, plain, ours, theirs = standard_normal(6), 6 * 0.13, [], [], []
    for seed in range(20):
        rows = rng.normal(0.3, 1.2, size=(160, 6))
        plain.append(frechet_distance(moments(rows), reference))
        for found, replace in ((ours, False), (theirs, True)):
            line = frechet_extrapolation(rows, reference, seed=seed, smallest=40, replace=replace)
            found.append(line.value)
    bias = np.mean(plain) - population
    assert abs(np.mean(ours) - population) < 0.5 * bias
    assert abs(np.mean(theirs) - np.mean(plain)) < 0.5 * bias


def test_the_extrapolation_is_numpys_line_through_its_sizes():
    rows = np.random.default_rng(9).normal(size=(60, 2))
    line = frechet_extrapolation(rows, standard_normal(2), seed=0, smallest=20, steps=5)
    assert line.sizes == (20, 30, 40, 50, 60)
    assert 0 <= line.r2 <= 1
    at_all = line.value + line.slope / 60
    assert at_all == pytest.approx(frechet_distance(moments(rows), standard_normal(2)), rel=0.3)
    with pytest.raises(ValueError, match="cannot be extrapolated"):
        frechet_extrapolation(rows, standard_normal(2), seed=0)


def test_the_interval_of_the_extrapolation_is_numpys_line_without_each_block():
    """Ten recordings in ten blocks: every draw as it was, without the rows of one recording."""
    rng = np.random.default_rng(10)
    rows, reference = rng.normal(5, 1.2, size=(60, 3)), moments(rng.normal(size=(40, 3)))
    recordings = [f"recording{i // 6}" for i in range(60)]
    line = frechet_extrapolation(rows, reference, seed=4, smallest=30, steps=4)
    drawn, without = np.random.default_rng(4), np.empty((4, 10, 2))
    for step, size in enumerate(line.sizes):
        taken = np.isin(np.arange(60), drawn.choice(60, size, replace=False))
        for block in range(10):
            left = rows[taken & (np.arange(60) // 6 != block)]
            without[step, block] = 1 / len(left), frechet_distance(moments(left), reference)
    intercepts = np.array([np.polyfit(*without[:, block].T, 1)[1] for block in range(10)])
    expected = jackknife(line.value, intercepts, np.full(10, 6)).interval
    found = extrapolation_interval(rows, recordings, reference, seed=4, smallest=30, steps=4)
    assert (found.low + found.high) / 2 == pytest.approx(line.value)
    assert found.high - found.low == pytest.approx(expected.high - expected.low)
    assert (found.method, found.groups) == ("jackknife", 10)


def test_the_interval_of_the_extrapolation_holds_the_distance_of_the_population():
    def interval(rows, seed):
        found = extrapolation_interval(
            rows, names(len(rows)), standard_normal(3), seed=seed, smallest=40, steps=8
        )
        return found.low, found.high

    assert coverage(100, 120, interval, POPULATION) >= 0.88


@pytest.mark.parametrize("interval", [partial(frechet_bootstrap, seed=0), frechet_jackknife])
def test_what_cannot_have_an_interval_is_refused(interval):
    rows, reference = np.eye(4), standard_normal(4)
    with pytest.raises(ValueError, match="2 recordings"):
        interval(rows, ["a"] * 4, reference)
    with pytest.raises(ValueError, match="3 groups"):
        interval(rows, ["a", "b", "c"], reference)
    with pytest.raises(ValueError, match="dimension 4"):
        interval(rows, names(4), standard_normal(3))
    with pytest.raises(ValueError, match="NaN"):
        interval(rows * np.nan, names(4), reference)


def test_a_jackknife_needs_rows_beside_the_largest_recording():
    with pytest.raises(ValueError, match="too few rows remain"):
        frechet_jackknife(np.eye(4), ["a", "a", "a", "b"], standard_normal(4))


def test_an_extrapolation_of_one_recording_has_no_interval():
    with pytest.raises(ValueError, match="2 recordings"):
        extrapolation_interval(np.eye(9), ["a"] * 9, standard_normal(9), seed=0, smallest=4)
    with pytest.raises(ValueError, match="too few rows remain"):
        extrapolation_interval(np.eye(9), ["a"] * 8 + ["b"], standard_normal(9), seed=0, smallest=4)
