"""Distances of two sets over the same recordings, compared: the level is held, and a difference is seen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, kstest, ttest_rel

from avbench.metrics.bias import blocks_of, paired_jackknife
from avbench.metrics.frechet import Moments, frechet_distance, moments
from avbench.metrics.frechet_intervals import frechet_bootstrap, frechet_jackknife, frechet_without
from avbench.metrics.intervals import PairedTest

RECORDINGS, ROWS, DIM = 40, 5, 4
NAMES = [f"recording{i:02}" for i in range(RECORDINGS) for _ in range(ROWS)]


def compared(
    first: np.ndarray, second: np.ndarray, reference: Moments, names: list[str] = NAMES
) -> PairedTest:
    whole = [frechet_distance(moments(each), reference) for each in (first, second)]
    without = [frechet_without(each, names, reference) for each in (first, second)]
    return paired_jackknife(whole[0] - whole[1], without[0] - without[1], np.bincount(blocks_of(names)))


def drawn(
    rng: np.random.Generator, shift: float = 0.0, far: float = 1.0
) -> tuple[np.ndarray, np.ndarray, Moments]:
    """Two systems' rows, alike in what is the recording's, and the reference, from which both are ``far``."""
    recording = rng.normal(size=(RECORDINGS, 1, DIM))

    def rows(of: np.ndarray) -> np.ndarray:
        return (of + 0.7 * rng.normal(size=(RECORDINGS, ROWS, DIM))).reshape(-1, DIM)

    def made() -> np.ndarray:
        return rows(1.3 * recording + far + 0.4 * rng.normal(size=recording.shape))

    return made(), made() + shift, moments(rows(recording))


@pytest.mark.parametrize("far", [1.0, 0.0])
def test_of_equals_no_more_are_told_apart_than_the_level_says(far: float) -> None:
    rng = np.random.default_rng(0)
    p_values = np.array([compared(*drawn(rng, far=far)).p_value for _ in range(300)])
    for share in (0.01, 0.05, 0.2):
        assert (p_values <= share).sum() <= binom.ppf(0.999, 300, share)


def test_under_the_null_p_is_uniform() -> None:
    rng = np.random.default_rng(1)
    p_values = [compared(*drawn(rng)).p_value for _ in range(300)]
    assert kstest(p_values, "uniform").pvalue > 0.01


def test_a_difference_that_separate_intervals_overlap_on_is_seen() -> None:
    rng = np.random.default_rng(2)
    seen, apart = 0, 0
    for _ in range(20):
        first, second, reference = drawn(rng, shift=0.25)
        seen += compared(first, second, reference).p_value < 0.05
        one, other = (
            frechet_bootstrap(each, NAMES, reference, seed=0, resamples=100) for each in (first, second)
        )
        apart += one.high < other.low
    assert seen >= 18
    assert apart <= 2


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), recordings=st.integers(3, 60))
def test_turned_round_it_is_the_same_test_with_the_other_sign(seed: int, recordings: int) -> None:
    rng = np.random.default_rng(seed)
    names = [f"{i:02}" for i in range(recordings) for _ in range(2)]
    first, second = rng.normal(size=(2, len(names), 3))
    reference = moments(rng.normal(size=(30, 3)))
    there, back = compared(first, second, reference, names), compared(second, first, reference, names)
    assert (there.difference, there.p_value) == (-back.difference, back.p_value)
    assert (there.interval.low, there.interval.high) == pytest.approx(
        (-back.interval.high, -back.interval.low)
    )


def test_a_set_is_no_better_than_itself() -> None:
    first, _, reference = drawn(np.random.default_rng(3))
    found = compared(first, first, reference)
    assert (found.difference, found.interval.low, found.interval.high, found.p_value) == (0, 0, 0, 1)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), n=st.integers(3, 40))
def test_of_means_it_is_the_paired_t_test(seed: int, n: int) -> None:
    first, second = np.random.default_rng(seed).normal(size=(2, n))
    without = np.array([np.delete(first - second, i).mean() for i in range(n)])
    found = paired_jackknife(float((first - second).mean()), without, np.ones(n, int))
    expected = ttest_rel(first, second)
    assert found.p_value == pytest.approx(expected.pvalue)
    low, high = expected.confidence_interval(0.95)
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high))


def test_what_is_left_out_is_a_whole_block_of_recordings() -> None:
    rng = np.random.default_rng(4)
    names = [f"{i // 2:03}" for i in range(240)]  # 120 recordings in 50 blocks
    rows, reference = rng.normal(size=(240, 3)), moments(rng.normal(size=(30, 3)))
    blocks = np.array([int(name) % 50 for name in names])
    expected = [frechet_distance(moments(rows[blocks != block]), reference) for block in range(50)]
    without = frechet_without(rows, names, reference)
    assert without == pytest.approx(np.array(expected))
    assert frechet_jackknife(rows, names, reference, without=without) == frechet_jackknife(
        rows, names, reference
    )


def test_one_block_alone_is_no_test() -> None:
    with pytest.raises(ValueError, match="2 recordings"):
        paired_jackknife(1.0, np.array([1.0]), np.array([5]))
