import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gmscavp.diffusion.windows import ALONE, Windows, covering, fading


@given(count=st.integers(1, 6), size=st.integers(2, 12), stride=st.integers(1, 12), clips=st.integers(1, 3))
def test_windows_of_one_clip_are_joined_to_the_clip(count: int, size: int, stride: int, clips: int) -> None:
    windows = Windows(count=count, share=min(stride, size) / size)
    whole = torch.rand(clips, 2, windows.length(size), 3, dtype=torch.float64)

    cut = windows.cut(whole, size)

    assert cut.shape == (clips * count, 2, size, 3)
    assert torch.allclose(windows.joined(cut), whole)


def test_a_clip_is_the_weighted_mean_of_its_windows() -> None:
    windows, size = Windows(count=3, share=0.6), 5
    cut = torch.rand(6, 1, size, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    found = windows.joined(cut)

    for clip, time, place in itertools.product(range(2), range(11), range(2)):
        total = weights = 0.0
        for window in range(3):
            if 0 <= time - 3 * window < size:
                inside = time - 3 * window
                weight = min(1, (inside + 0.5) / 2, (size - inside - 0.5) / 2)
                total += weight * cut[3 * clip + window, 0, inside, place].item()
                weights += weight
        assert found[clip, 0, time, place].item() == pytest.approx(total / weights)


@pytest.mark.parametrize(("size", "overlap"), [(10, 4), (25, 10), (5, 2), (4, 1)])
def test_one_window_fades_into_the_next(size: int, overlap: int) -> None:
    weight = fading(size, overlap)

    assert torch.allclose(weight[-overlap:] + weight[:overlap], torch.ones(overlap))
    assert torch.equal(weight[overlap : size - overlap], torch.ones(size - 2 * overlap))
    assert (weight > 0).all()


@given(length=st.integers(1, 400), stride=st.integers(1, 25))
def test_a_clip_is_covered_by_as_few_windows_as_possible(length: int, stride: int) -> None:
    windows = covering(length, 25, stride)

    assert windows.stride(25) == stride or windows.count == 1
    assert windows.length(25) >= length
    assert windows.count == 1 or windows.length(25) - stride < length


def test_a_single_window_is_left_as_it_is() -> None:
    clip = torch.rand(2, 1, 7, 3)

    assert torch.equal(ALONE.cut(clip, 7), clip) and torch.equal(ALONE.joined(clip), clip)


def test_windows_that_start_between_two_parts_or_leave_gaps_are_refused() -> None:
    with pytest.raises(ValueError, match="fall between the 5 parts"):
        Windows(count=2, share=0.5).cut(torch.rand(1, 1, 9), 5)
    for stride in (0, 26):
        with pytest.raises(ValueError, match="do not cover"):
            covering(100, 25, stride)
