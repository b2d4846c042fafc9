import numpy as np
import pytest
from scipy.stats import binom, norm, t

from avbench.metrics.intervals import bootstrap_means, bootstrap_median, clopper_pearson, paired_bootstrap


def names(count: int) -> list[str]:
    return [f"clip{i}" for i in range(count)]


def slow_bootstrap(values: np.ndarray, groups: list[str], statistic, resamples: int, seed: int) -> np.ndarray:
    """Draw groups with replacement, concatenate their queries, take the statistic: one resample at a time."""
    rng = np.random.default_rng(seed)
    members = [np.flatnonzero(np.array(groups) == name) for name in sorted(set(groups))]
    drawn = (rng.integers(0, len(members), len(members)) for _ in range(resamples))
    return np.array([statistic(values[np.concatenate([members[g] for g in some])]) for some in drawn])


@pytest.mark.parametrize("statistic", ["mean", "median"])
def test_intervals_agree_with_a_bootstrap_that_copies_the_queries(statistic: str):
    rng = np.random.default_rng(0)
    values = rng.integers(1, 30, 90).astype(float)
    groups = [f"recording{i}" for i in rng.integers(0, 25, 90)]
    slow = slow_bootstrap(values, groups, getattr(np, statistic), 4000, seed=1)
    if statistic == "mean":
        (interval,) = bootstrap_means(values[:, None], groups, seed=0, resamples=4000)
    else:
        interval = bootstrap_median(values, groups, seed=0, resamples=4000)
    spread, drawn = slow.std(), len(set(groups))
    tail = norm.cdf(np.sqrt(drawn / (drawn - 1)) * t.ppf(0.025, drawn - 1))
    assert interval.low == pytest.approx(np.quantile(slow, tail), abs=0.15 * spread)
    assert interval.high == pytest.approx(np.quantile(slow, 1 - tail), abs=0.15 * spread)
    assert interval.groups == drawn


def test_the_median_of_a_resample_is_numpys():
    values = np.array([1.0, 2.0, 4.0, 8.0])
    medians = {np.median(np.array(values)[[a, b, c, d]]) for a, b, c, d in np.ndindex(4, 4, 4, 4)}
    interval = bootstrap_median(values, names(4), seed=0, level=0.999999)
    assert interval.low in medians
    assert interval.high in medians
    assert (interval.low, interval.high) == (1.0, 8.0)


def test_the_same_seed_gives_the_same_interval_and_it_says_how_it_was_made():
    values = np.random.default_rng(0).normal(size=(50, 2))
    first, second = (bootstrap_means(values, names(50), seed=5) for _ in range(2))
    assert first == second
    assert first != bootstrap_means(values, names(50), seed=6)
    assert (first[0].method, first[0].level, first[0].resamples, first[0].seed) == (
        "bootstrap-expanded-percentile", 0.95, 1000, 5,
    )  # fmt: skip


def test_the_order_of_the_queries_changes_nothing():
    values = np.random.default_rng(0).integers(0, 2, size=(60, 1)).astype(float)
    order = np.random.default_rng(1).permutation(60)
    shuffled = bootstrap_means(values[order], [names(60)[i] for i in order], seed=0)
    assert shuffled == bootstrap_means(values, names(60), seed=0)


def test_queries_of_one_recording_are_resampled_together():
    values = np.repeat(np.random.default_rng(0).integers(0, 2, 20), 10).astype(float)[:, None]
    recordings = [f"recording{i // 10}" for i in range(200)]
    (together,) = bootstrap_means(values, recordings, seed=0)
    (apart,) = bootstrap_means(values, names(200), seed=0)
    assert together.high - together.low > 2.5 * (apart.high - apart.low)


@pytest.mark.parametrize("clips_a_recording", [1, 5])
def test_nineteen_of_twenty_intervals_hold_the_true_recall(clips_a_recording: int):
    rng = np.random.default_rng(9)
    held, trials, recordings = 0, 400, 100
    for trial in range(trials):
        share = rng.beta(3, 5, recordings)  # the recall of each recording's clips; 3/8 on average
        values = (rng.random((recordings, clips_a_recording)) < share[:, None]).astype(float)
        groups = np.repeat(np.arange(recordings), clips_a_recording).astype(str).tolist()
        (interval,) = bootstrap_means(values.reshape(-1, 1), groups, seed=trial, resamples=300)
        held += interval.low <= 3 / 8 <= interval.high
    # 95 % nominal; three standard errors of a share of 400 are 3.3 %.
    assert 0.91 <= held / trials <= 0.98


def test_eight_recordings_are_enough_for_the_level_to_hold():
    rng = np.random.default_rng(11)
    held, plain, trials = 0, 0, 400
    for trial in range(trials):
        hits = rng.binomial(8, rng.beta(4, 4, 8)) / 8.0
        (interval,) = bootstrap_means(hits[:, None], names(8), seed=trial, resamples=400)
        held += interval.low <= 0.5 <= interval.high
        resampled = rng.choice(hits, (400, 8)).mean(1)
        plain += np.quantile(resampled, 0.025) <= 0.5 <= np.quantile(resampled, 0.975)
    assert 0.91 <= held / trials <= 0.98
    assert plain / trials < 0.91  # what the expansion is for


def test_one_recording_gives_an_interval_without_width_that_names_one_group():
    (interval,) = bootstrap_means(np.array([[0.0], [1.0]]), ["a", "a"], seed=0)
    assert (interval.low, interval.high, interval.groups) == (0.5, 0.5, 1)


def test_nineteen_of_twenty_intervals_hold_the_true_median_rank():
    rng = np.random.default_rng(10)
    held, trials = 0, 300
    for trial in range(trials):
        ranks = rng.geometric(0.02, 101).astype(float)
        interval = bootstrap_median(ranks, names(101), seed=trial, resamples=300)
        held += interval.low <= 35 <= interval.high  # P(rank <= 34) = 0.497, P(rank <= 35) = 0.507
    assert 0.91 <= held / trials <= 0.99


def test_the_paired_test_sees_what_two_separate_intervals_do_not():
    rng = np.random.default_rng(2)
    difficulty = rng.normal(size=300)
    first, second = difficulty + 0.1 + 0.2 * rng.normal(size=300), difficulty + 0.2 * rng.normal(size=300)
    apart = bootstrap_means(np.stack([first, second], 1), names(300), seed=0)
    test = paired_bootstrap(first, second, names(300), seed=0)
    assert apart[0].low < apart[1].high
    assert test.interval.low > 0
    assert test.p_value < 0.01
    assert test.difference == pytest.approx(first.mean() - second.mean())


def test_the_paired_test_rarely_finds_a_difference_between_equals():
    rng = np.random.default_rng(3)
    trials = 300
    p_values = np.array(
        [
            paired_bootstrap(*rng.normal(size=(2, 80)), names(80), seed=trial, resamples=200).p_value
            for trial in range(trials)
        ]
    )
    assert 0.02 <= np.mean(p_values <= 0.05) <= 0.09
    assert 0.4 <= np.mean(p_values <= 0.5) <= 0.6


def test_a_model_compared_with_itself_has_p_one():
    values = np.random.default_rng(4).normal(size=50)
    assert paired_bootstrap(values, values, names(50), seed=0).p_value == 1.0


@pytest.mark.parametrize(("hits", "trials"), [(0, 10), (10, 10), (3, 50), (25, 50)])
def test_the_exact_interval_holds_its_share_with_the_level_it_promises(hits: int, trials: int):
    interval = clopper_pearson(hits, trials)
    # At the ends, the observed count or one more extreme has a chance of exactly 2.5 %.
    if hits > 0:
        assert binom.sf(hits - 1, trials, interval.low) == pytest.approx(0.025)
    if hits < trials:
        assert binom.cdf(hits, trials, interval.high) == pytest.approx(0.025)
    assert (interval.low == 0) == (hits == 0)
    assert (interval.high == 1) == (hits == trials)
