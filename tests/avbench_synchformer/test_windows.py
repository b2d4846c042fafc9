"""Segments, windows and DeSync: which frames and samples are compared, and what comes of it."""

import doctest
from itertools import product

import numpy as np
import pytest

from avbench_synchformer import windows as w


def test_the_examples_hold():
    outcome = doctest.testmod(w)

    assert outcome.failed == 0 and outcome.attempted > 0


@pytest.mark.parametrize(
    ("seconds", "count", "first", "last"),
    [
        (4.8, 14, (0.0, 4.8), (0.0, 4.8)),
        (5.0, 14, (0.0, 4.8), (0.0, 4.8)),
        (5.12, 15, (0.0, 4.8), (0.32, 5.12)),
        (8.0, 24, (0.0, 4.8), (3.2, 8.0)),
        (10.0, 30, (0.0, 4.8), (5.12, 9.92)),
    ],
)
def test_the_windows_of_a_clip(seconds, count, first, last):
    frames, samples = w.frame_starts(round(seconds * w.FPS)), w.sample_starts(round(seconds * w.RATE))

    assert len(frames) == len(samples) == count
    assert [w.seconds(each) for each in w.windows(count)] == [first, last]
    assert [start / w.FPS for start in frames] == pytest.approx([start / w.RATE for start in samples])


def test_a_clip_a_frame_shorter_than_a_window_has_none():
    assert len(w.frame_starts(119)) == 13 and len(w.frame_starts(120)) == 14
    assert w.SHORTEST == 4.8
    with pytest.raises(ValueError, match="13 segments are fewer than the 14"):
        w.windows(13)


def test_a_uniform_guess_scores_what_the_mean_of_all_pairs_of_classes_does():
    every = [w.desync(pair) for pair in product(range(21), repeat=2)]

    assert np.mean(every) == pytest.approx(w.UNIFORM_GUESS)
    assert round(w.UNIFORM_GUESS, 3) == 1.048
    assert max(every) == 2.0 and w.desync((10, 10)) == 0.0


def test_the_grid_is_that_of_the_published_code():
    assert w.OFFSETS.tolist() == pytest.approx([-2 + 0.2 * k for k in range(21)])
