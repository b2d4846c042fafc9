import dataclasses
import itertools

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gmscavp.config import GMSCAVPConfig
from gmscavp.training.batches import Batches
from gmscavp.training.config import TrainingConfig
from gmscavp.training.variation import vary
from tests.gmscavp.blinks import Blinks

TRAINING = TrainingConfig(batch_clips=4, segments=3, gap_seconds=0.5, precision="fp32")


def batches(config: GMSCAVPConfig, seed: int = 0) -> Batches:
    return Batches(Blinks(), config=config, training=TRAINING, seed=seed)


def test_a_batch_depends_on_seed_and_step_alone(tiny: GMSCAVPConfig) -> None:
    first = batches(tiny).batch(5)
    batches(tiny).batch(4)
    again = batches(tiny).batch(5)

    assert torch.equal(first.frames, again.frames) and torch.equal(first.samples, again.samples)
    assert not torch.equal(first.frames, batches(tiny, seed=1).batch(5).frames)
    assert not torch.equal(first.frames, batches(tiny).batch(6).frames)


def test_every_clip_comes_once_before_any_comes_again_and_families_stay_together(tiny: GMSCAVPConfig) -> None:
    drawn = [batches(tiny).clips_of(step) for step in range(8)]

    for epoch in (drawn[:4], drawn[4:]):
        assert sorted(clip for clips in epoch for clip in clips) == list(range(16))
    assert drawn[:4] != drawn[4:]
    for clips in drawn:
        assert all(clips[k + 1] == clips[k] + 1 and clips[k] % 2 == 0 for k in (0, 2))


@given(seed=st.integers(0, 10_000))
def test_segments_start_a_gap_apart_and_end_within_the_clip(seed: int) -> None:
    from gmscavp.config import SMALL

    drawn = Batches(
        Blinks(clip_frames=100), config=SMALL, training=TrainingConfig(batch_clips=4), seed=0
    ).starts(np.random.default_rng(seed))

    assert len(drawn) == 3
    assert drawn[0] >= 0 and drawn[-1] + 25 <= 100
    assert all(later - earlier >= 13 for earlier, later in itertools.pairwise(drawn))


def test_siblings_are_cut_at_the_same_instants(tiny: GMSCAVPConfig) -> None:
    class Numbered(Blinks):
        def frames_of(self, clip: int, start: int, count: int) -> npt.NDArray[np.uint8]:
            return np.full((count, 8, 8, 3), start, np.uint8)

    drawn = Batches(Numbered(), config=tiny, training=TRAINING, seed=0).batch(3).frames[:, 0, 0, 0, 0]
    one, sibling, other, _ = drawn.unflatten(0, (4, 3))
    assert torch.equal(one, sibling)
    assert not torch.equal(one, other)


def test_both_streams_of_a_segment_start_at_the_same_instant(tiny: GMSCAVPConfig) -> None:
    batch = batches(tiny).batch(0)

    bright = batch.frames.float().mean(dim=(2, 3, 4)) > 60
    loud = batch.samples.unflatten(1, (8, 128)).abs().amax(dim=2) > 0.1
    assert torch.equal(bright, loud)


@pytest.mark.parametrize("clips", [3, 18])
def test_a_batch_that_the_clips_cannot_fill_is_refused(tiny: GMSCAVPConfig, clips: int) -> None:
    with pytest.raises(ValueError, match="whole families"):
        Batches(Blinks(), config=tiny, training=dataclasses.replace(TRAINING, batch_clips=clips), seed=0)


def test_a_batch_of_one_clip_is_refused(tiny: GMSCAVPConfig) -> None:
    one = dataclasses.replace(TRAINING, batch_clips=1)

    with pytest.raises(ValueError, match="one clip has no other"):
        Batches(Blinks(siblings=1), config=tiny, training=one, seed=0)


def test_processes_read_the_slices_of_one_batch_and_vary_them_as_one_process_would(
    tiny: GMSCAVPConfig,
) -> None:
    whole = batches(tiny).batch(3)
    parts = [
        Batches(Blinks(), config=tiny, training=TRAINING, seed=0, rank=rank, processes=2).batch(3)
        for rank in (0, 1)
    ]

    assert torch.equal(torch.cat([part.frames for part in parts]), whole.frames)
    assert torch.equal(torch.cat([part.samples for part in parts]), whole.samples)
    expected, varied = vary(whole, TRAINING, 0, 3), [vary(part, TRAINING, 0, 3) for part in parts]
    assert torch.equal(torch.cat([part.frames for part in varied]), expected.frames)
    assert torch.equal(torch.cat([part.samples for part in varied]), expected.samples)


def test_a_batch_that_processes_cannot_share_evenly_is_refused(tiny: GMSCAVPConfig) -> None:
    with pytest.raises(ValueError, match="4 clips cannot be shared by 3 processes"):
        Batches(Blinks(), config=tiny, training=TRAINING, seed=0, processes=3)


def test_clips_too_short_for_their_segments_are_refused(tiny: GMSCAVPConfig) -> None:
    with pytest.raises(ValueError, match="too short"):
        Batches(Blinks(clip_frames=15), config=tiny, training=TRAINING, seed=0)
