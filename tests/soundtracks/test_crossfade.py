"""Windows that cover a long stretch, and sounds that become one again."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbench.soundtracks.crossfade import joined, window_starts


@given(frames=st.integers(1, 2000), length=st.integers(1, 300), share=st.floats(0, 0.9))
def test_windows_cover_everything_share_what_they_must_and_are_as_few_as_can_be(frames, length, share):
    overlap = min(int(share * length), length - 1)
    starts = window_starts(frames, length, overlap)
    assert starts[0] == 0
    if frames <= length:
        assert starts == [0]
        return
    assert starts[-1] + length == frames
    assert all(0 < after - before <= length - overlap for before, after in itertools.pairwise(starts))
    fewer = len(starts) - 1
    assert fewer * length - (fewer - 1) * overlap < frames


@given(
    frames=st.integers(30, 500),
    length=st.integers(10, 29),
    fade=st.integers(1, 40),
    channels=st.integers(1, 2),
)
def test_what_all_windows_agree_on_is_kept(frames, length, fade, channels):
    whole = np.random.default_rng(0).uniform(-1, 1, (channels, frames)).astype(np.float32)
    starts = window_starts(frames, length, length // 4)
    again = joined([whole[:, start : start + length] for start in starts], starts, fade)
    np.testing.assert_allclose(again, whole, atol=1e-6)


def test_one_sound_passes_through_to_the_bit():
    sound = np.random.default_rng(0).uniform(-1, 1, (2, 999)).astype(np.float32)
    np.testing.assert_array_equal(joined([sound], [0], fade=100), sound)


def test_two_windows_fade_in_a_straight_line_where_they_overlap():
    first, second = np.ones((1, 60), np.float32), np.zeros((1, 60), np.float32)
    mixed = joined([first, second], [0, 50], fade=10)
    expected = [*np.ones(50), *(1 - (np.arange(10) + 0.5) / 10), *np.zeros(50)]
    assert mixed[0] == pytest.approx(expected, abs=1e-6)


@given(starts=st.lists(st.integers(1, 30), max_size=6), fade=st.integers(1, 50))
def test_a_mixture_lies_between_its_parts(starts, fade):
    begins = np.cumsum([0, *starts]).tolist()
    levels = np.random.default_rng(1).uniform(-1, 1, len(begins))
    sounds = [np.full((1, 30), level, np.float32) for level in levels]
    mixed = joined(sounds, begins, fade)
    assert mixed.shape == (1, begins[-1] + 30)
    for t in range(mixed.shape[1]):
        heard = [level for begin, level in zip(begins, levels, strict=True) if begin <= t < begin + 30]
        assert min(heard) - 1e-6 <= mixed[0, t] <= max(heard) + 1e-6
