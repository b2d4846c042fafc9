import inspect

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gmscavp.config import SMALL
from gmscavp.segments import audio_segments, cut, video_segments


def test_a_clip_is_cut_into_adjoining_segments_clip_by_clip() -> None:
    stream = torch.arange(2 * 6).reshape(2, 6)

    assert cut(stream, 3, tolerance=0).tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]]


def test_a_remainder_is_left_out() -> None:
    assert cut(torch.arange(8)[None], 3, tolerance=0).tolist() == [[0, 1, 2], [3, 4, 5]]


def test_a_clip_shorter_than_a_segment_is_repeated() -> None:
    assert cut(torch.arange(3)[None], 7, tolerance=0).tolist() == [[0, 1, 2, 0, 1, 2, 0]]


def test_a_segment_that_lacks_no_more_than_the_tolerance_is_filled_with_zeros() -> None:
    assert cut(torch.arange(1, 6)[None], 3, tolerance=1).tolist() == [[1, 2, 3], [4, 5, 0]]
    assert cut(torch.arange(1, 5)[None], 3, tolerance=1).tolist() == [[1, 2, 3]]


@given(milliseconds=st.integers(500, 30_000))
def test_both_streams_of_a_clip_have_the_same_number_of_segments(milliseconds: int) -> None:
    seconds = milliseconds / 1000
    video = cut(torch.zeros(1, round(seconds * 12.5)), SMALL.frames, tolerance=0)
    samples = torch.zeros(1, round(seconds * 16_000))

    assert len(audio_segments(samples, SMALL)) == len(video)


@pytest.mark.parametrize(
    "shape", [(2, 25, 56, 56, 3), (2, 0, 3, 56, 56), (25, 3, 56, 56), (2, 25, 3, 56, 48)]
)
def test_frames_of_another_layout_are_refused_in_a_sentence(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"Frames must be \(batch, time, 3, 56, 56\)"):
        inspect.unwrap(video_segments)(torch.zeros(shape, dtype=torch.uint8), SMALL)


@pytest.mark.parametrize("shape", [(2, 1, 16_000), (2, 0), (16_000,)])
def test_samples_of_another_layout_are_refused_in_a_sentence(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"Samples must be \(batch, samples\)"):
        inspect.unwrap(audio_segments)(torch.zeros(shape), SMALL)
