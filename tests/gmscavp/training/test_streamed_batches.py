"""Batches of clips that are decoded as they are asked for: who takes the place of a bad one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gmscavp.training.batches import Batches, StreamedClips
from gmscavp.training.config import TrainingConfig
from tests.gmscavp.blinks import Blinks
from tests.gmscavp.runs import TINY

TRAINING = TrainingConfig(batch_clips=4, segments=3, gap_seconds=0.5, precision="fp32")


@dataclass(frozen=True)
class Stream(Blinks):
    """Blinks that are expected before they are read; some of them are of no use."""

    siblings: int = 1
    bad: frozenset[int] = frozenset()
    blocks: Sequence[int] = (6, 6, 4)
    together: int = 2
    expected: list[list[int]] = field(default_factory=list)

    def expect(self, clips: Sequence[int]) -> None:
        self.expected.append(list(clips))

    def first_usable(self, candidates: Iterable[int]) -> int:
        return next(clip for clip in candidates if clip not in self.bad)


def batches(stream: Stream, **share: int) -> Batches:
    return Batches(stream, config=TINY, training=TRAINING, seed=0, **share)


def used(stream: Stream, step: int) -> list[int]:
    return [clip for _, clip in batches(stream).own_clips(step)]


def test_a_stream_is_known_by_what_it_can_do() -> None:
    assert isinstance(Stream(), StreamedClips) and not isinstance(Blinks(), StreamedClips)


def test_a_batch_and_the_next_one_are_expected_before_it_is_read() -> None:
    stream = Stream()
    reading = batches(stream)

    reading.batch(2)

    assert stream.expected == [[*reading.clips_of(2), *reading.clips_of(3)]]


def test_a_bad_clip_gives_its_place_to_the_one_there_in_the_next_batch() -> None:
    plan = batches(Stream())
    now, then = plan.clips_of(1), plan.clips_of(2)

    assert used(Stream(bad=frozenset({now[2]})), 1) == [now[0], now[1], then[2], now[3]]
    after = plan.clips_of(3)
    assert used(Stream(bad=frozenset({now[2], then[2]})), 1) == [now[0], now[1], after[2], now[3]]


@given(bad=st.frozensets(st.integers(0, 15), max_size=9), step=st.integers(0, 12))
def test_only_bad_clips_are_replaced_and_by_none_that_the_batch_holds(bad: frozenset[int], step: int) -> None:
    planned, found = batches(Stream()).clips_of(step), used(Stream(bad=bad), step)

    for asked, taken in zip(planned, found, strict=True):
        assert taken == asked if asked not in bad else taken not in planned
    assert not bad & set(found)


def test_where_nothing_is_left_to_take_a_place_the_search_ends() -> None:
    with pytest.raises(StopIteration):
        used(Stream(clips=4, blocks=(4,), bad=frozenset({2})), 0)


def test_the_same_bad_clips_give_the_same_batch_whatever_was_read_before() -> None:
    stream = Stream(bad=frozenset({1, 5, 9}))
    fresh, used_before = batches(stream), batches(stream)
    used_before.batch(0)

    assert torch.equal(fresh.batch(3).frames, used_before.batch(3).frames)


def test_processes_read_their_slices_of_one_batch_bad_clips_or_not() -> None:
    stream = Stream(bad=frozenset({0, 3, 11}))
    whole = batches(stream).batch(2).frames
    parts = [batches(stream, rank=rank, processes=2).batch(2).frames for rank in (0, 1)]

    assert torch.equal(torch.cat(parts), whole)


def test_a_batch_is_read_from_a_few_files_at_a_time() -> None:
    stream = Stream(clips=48, blocks=(8,) * 6, together=2)
    plan = batches(stream)

    for first in range(0, 12, 4):
        homes = {clip // 8 for step in range(first, first + 4) for clip in plan.clips_of(step)}
        assert len(homes) == 2


def test_a_set_smaller_than_a_batch_is_refused() -> None:
    with pytest.raises(ValueError, match="A batch of 4 clips cannot be filled from the 3 clips"):
        batches(Stream(clips=3, blocks=(3,)))
