import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching
from sklearn.metrics import average_precision_score

from avbench.metrics.embedding_sets import Values
from avbench.metrics.intervals import group_counts, percentile_interval
from avbench.metrics.onsets import (
    TOLERANCES,
    OnsetCounts,
    average_precision,
    average_precision_interval,
    matched,
    onset_scores,
)

TIMES = st.lists(st.integers(0, 40).map(lambda tick: tick / 20), max_size=12)


@settings(max_examples=200, deadline=None)
@given(detected=TIMES, true=TIMES, tolerance=st.sampled_from(TOLERANCES))
def test_as_many_pairs_are_found_as_hopcroft_and_karp_find(detected, true, tolerance):
    ours, theirs = (np.round(np.array(each) * 1e6).astype(int) for each in (detected, true))
    edges = np.abs(ours[:, None] - theirs[None]) <= round(tolerance * 1e6)
    expected = int((maximum_bipartite_matching(csr_matrix(edges)) >= 0).sum()) if edges.size else 0
    counts = matched(detected, true, tolerance)
    assert counts == OnsetCounts(hits=expected, detected=len(detected), true=len(true))
    assert counts == matched(detected[::-1], true[::-1], tolerance)
    assert counts.hits == matched(true, detected, tolerance).hits


@pytest.mark.parametrize(
    ("detected", "true", "hits"),
    [
        ([0.5, 1.0], [0.52, 1.5], 1),
        ([1.00, 1.01, 1.02], [1.0], 1),  # one true onset is found once, however often
        ([1.03, 0.98], [1.00, 1.06], 2),  # and in any order
        ([0.1], [0.2], 1),  # at the tolerance itself
        ([], [1.0], 0),
        ([1.0], [], 0),
    ],
)
def test_pairs_are_one_to_one(detected, true, hits):
    assert matched(detected, true, 0.1).hits == hits


@pytest.mark.parametrize(
    ("audio", "video", "share"),
    [([0.5, 1.0], [0.52, 1.5], 1 / 3), ([1.00, 1.01, 1.02], [1.0], 1 / 3), ([0.98, 1.03], [1.00, 1.06], 1.0)],
)
def test_published_vectors_of_av_align_at_25_frames_a_second(audio, video, share):
    counts = matched(audio, video, 1 / 25)
    assert counts.hits / (counts.detected + counts.true - counts.hits) == pytest.approx(share, abs=1e-12)


def test_a_distance_equal_to_the_tolerance_is_a_hit_whatever_the_rounding():
    assert 1.1 - 1.0 > 0.1
    assert matched([1.1], [1.0], 0.1).hits == 1


def test_scores_are_of_the_sums_over_clips():
    clips = [
        OnsetCounts(hits=3, detected=4, true=3),
        OnsetCounts(hits=1, detected=1, true=5),
        OnsetCounts(hits=0, detected=2, true=0),
    ]
    scores = onset_scores(clips, ["a", "b", "c"], seed=0)
    assert scores.precision == 4 / 7
    assert scores.recall == 4 / 8
    assert scores.f1 == pytest.approx(2 / (7 / 4 + 8 / 4))
    assert scores.recall_interval.low <= scores.recall <= scores.recall_interval.high
    assert scores.f1_interval.groups == 3
    assert scores.precision_interval is not None
    assert scores.precision_interval.low <= scores.precision <= scores.precision_interval.high


def test_silence_finds_nothing_and_has_no_precision():
    scores = onset_scores([OnsetCounts(hits=0, detected=0, true=4)] * 3, ["a", "b", "c"], seed=0)
    assert scores.precision is None
    assert scores.precision_interval is None
    assert (scores.recall, scores.f1) == (0, 0)


def test_nineteen_of_twenty_intervals_hold_the_recall():
    rng, held, trials = np.random.default_rng(0), 0, 200
    for trial in range(trials):
        true = rng.poisson(4, 40)
        clips = [OnsetCounts(hits=int(rng.binomial(n, 0.6)), detected=int(n), true=int(n)) for n in true]
        interval = onset_scores(clips, [str(i) for i in range(40)], seed=trial, resamples=200).recall_interval
        held += interval.low <= 0.6 <= interval.high
    assert held / trials >= 0.9


def test_average_precision_is_scikit_learns_where_each_detection_is_a_hit_or_is_not():
    rng = np.random.default_rng(1)
    true = [np.arange(5.0), np.arange(3.0)]
    times, strengths, labels = [], [], []
    for wanted in true:
        is_hit = rng.random(len(wanted)) < 0.6
        times.append(np.concatenate([wanted, wanted + 0.5]))
        strengths.append(rng.integers(0, 6, 2 * len(wanted)).astype(float))
        strengths[-1][: len(wanted)][
            ~is_hit
        ] = -1.0  # of the weakest, so that every true onset is found at last
        labels.append(np.arange(2 * len(wanted)) < len(wanted))
    expected = average_precision_score(np.concatenate(labels), np.concatenate(strengths))
    assert average_precision(times, strengths, true, 0.1) == pytest.approx(expected)


def test_what_was_never_detected_counts_against_average_precision():
    assert average_precision([[0.0]], [[1.0]], [[0.0, 1.0]], 0.1) == 0.5
    assert average_precision([[]], [[]], [[0.0, 1.0]], 0.1) == 0


def drawn(seed: int, clips: int) -> tuple[list[Values], list[Values], list[Values]]:
    """Detections of which some are hits, with strengths that tie, and the true onsets."""
    rng = np.random.default_rng(seed)
    true = [np.arange(float(rng.integers(1, 5))) for _ in range(clips)]
    times = [np.concatenate([each[rng.random(len(each)) < 0.6], each + 0.5]) for each in true]
    return times, [rng.integers(0, 4, len(each)).astype(float) for each in times], true


def test_the_interval_of_average_precision_is_over_clips_that_are_repeated_or_left_out():
    times, strengths, true = drawn(2, 6)
    names = list("abcdef")
    values = [
        average_precision(*([each[clip] for clip in again] for each in (times, strengths, true)), 0.1)
        for counts in group_counts(6, 3, 200)
        for again in (np.repeat(np.arange(6), one) for one in counts)
    ]
    found = average_precision_interval(times, strengths, true, 0.1, names, seed=3, resamples=200)
    assert found == percentile_interval(np.array(values), 0.95, 3, 6)


def test_nineteen_of_twenty_intervals_hold_the_average_precision():
    whole = average_precision(*drawn(1, 4000), 0.1)
    names, held = [str(clip) for clip in range(40)], 0
    for seed in range(2, 102):
        found = average_precision_interval(*drawn(seed, 40), 0.1, names, seed=0, resamples=200)
        held += found.low <= whole <= found.high
    assert held >= 88


def test_where_nothing_is_detected_average_precision_is_0_and_sure_of_it():
    found = average_precision_interval([[]] * 3, [[]] * 3, [[0.0]] * 3, 0.1, ["a", "b", "c"], seed=0)
    assert (found.low, found.high) == (0, 0)


def test_equal_strengths_have_no_order():
    first = average_precision([[0.0, 5.0]], [[1.0, 1.0]], [[0.0]], 0.1)
    second = average_precision([[5.0, 0.0]], [[1.0, 1.0]], [[0.0]], 0.1)
    assert first == second == 0.5


def test_what_cannot_be_matched_is_refused():
    with pytest.raises(ValueError, match="not positive"):
        matched([0.0], [0.0], 0.0)
    with pytest.raises(ValueError, match="finite times"):
        matched([np.nan], [0.0], 0.1)
    with pytest.raises(ValueError, match="nothing to find"):
        onset_scores([OnsetCounts(hits=0, detected=1, true=0)], ["a"], seed=0)
    with pytest.raises(ValueError, match="nothing to find"):
        average_precision([[0.0]], [[1.0]], [[]], 0.1)
    with pytest.raises(ValueError, match="one finite strength"):
        average_precision([[0.0]], [[]], [[0.0]], 0.1)
    with pytest.raises(ValueError, match="1 groups"):
        onset_scores([OnsetCounts(hits=0, detected=1, true=1)] * 2, ["a"], seed=0)
