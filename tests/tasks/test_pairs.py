"""Pairs of picture and sound: shares, shifts, partners, and what they may depend on."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbench.errors import DataError
from avbench.specs import AlignmentProtocol
from avbench.tasks.pairs import drawn_pairs

PROTOCOL = AlignmentProtocol(smallest=0.25, largest=1.5)
CLIPS = {f"clip{index}": f"recording{index // 2}" for index in range(4000)}
PAIRS = drawn_pairs(PROTOCOL, CLIPS)


@pytest.mark.parametrize(("kind", "share"), [("true", 0.5), ("shifted", 0.25), ("other", 0.25)])
def test_shares_are_as_asked_for(kind, share):
    n = len(CLIPS)
    found = sum(pair.kind == kind for pair in PAIRS.values())
    assert abs(found - n * share) < 4 * (n * share * (1 - share)) ** 0.5


def test_shifts_fill_their_range_on_both_sides_alike():
    shifts = [pair.shift for pair in PAIRS.values() if pair.kind == "shifted"]
    late = sum(shift > 0 for shift in shifts)
    assert abs(late - len(shifts) / 2) < 4 * (len(shifts) / 4) ** 0.5
    sizes = sorted(map(abs, shifts))
    assert 0.25 <= sizes[0] < 0.27 and 1.48 < sizes[-1] <= 1.5
    assert abs(sum(sizes) / len(sizes) - 0.875) < 4 * 1.25 / (12 * len(sizes)) ** 0.5


def test_only_shifted_pairs_are_shifted_and_only_other_pairs_have_another_recordings_sound():
    for clip, pair in PAIRS.items():
        assert (pair.shift != 0) == (pair.kind == "shifted")
        assert (CLIPS[pair.sound] != CLIPS[clip]) == (pair.kind == "other")
        assert (pair.sound == clip) == (pair.kind != "other")


@given(st.randoms(use_true_random=False))
def test_the_order_of_clips_changes_nothing(shuffler: random.Random):
    clips = dict(list(CLIPS.items())[:40])
    turned = list(clips.items())
    shuffler.shuffle(turned)
    assert drawn_pairs(PROTOCOL, dict(turned)) == drawn_pairs(PROTOCOL, clips)


@given(st.sets(st.integers(0, 99), min_size=5))
def test_kind_and_shift_depend_on_no_other_clip(kept):
    clips = {f"clip{index}": f"recording{index}" for index in kept}
    for clip, pair in drawn_pairs(PROTOCOL, clips).items():
        assert (pair.kind, pair.shift) == (PAIRS[clip].kind, PAIRS[clip].shift)


def test_another_name_draws_other_pairs():
    assert drawn_pairs(AlignmentProtocol(pairs="second"), CLIPS) != drawn_pairs(AlignmentProtocol(), CLIPS)


def test_one_recording_alone_has_no_other():
    with pytest.raises(DataError, match="there is no other"):
        drawn_pairs(AlignmentProtocol(true=0, shifted=0, other=1), {"a": "same", "b": "same"})
