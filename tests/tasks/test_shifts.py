"""True offsets: stored lists are what the rule gives, and a clip's looks at no other clip."""

import hashlib
from collections import Counter

import pytest

from avbench.datasets.avsynth.dataset import choice_from
from avbench.errors import DataError
from avbench.specs import OffsetProtocol
from avbench.tasks.shifts import drawn, stored_list, true_offsets
from avbench.tasks.specs import TASKS

SYNC = [spec for spec in TASKS if isinstance(spec.protocol, OffsetProtocol)]
STORED = [spec for spec in SYNC if spec.dataset == "avsynth"]


def by_hand(name, clip_id, grid):
    number = int(hashlib.sha256(f"{name}:{clip_id}".encode()).hexdigest(), 16)
    return grid[number % len(grid)]


@pytest.mark.parametrize("spec", STORED, ids=lambda spec: spec.name)
def test_the_stored_list_names_the_clips_of_its_task_and_is_what_the_rule_gives(spec):
    ids = [place.id for place in choice_from(spec.dataset_args).places]
    listed = stored_list(spec.protocol.shifts)

    assert list(listed) == ids
    assert listed == {each: by_hand(spec.protocol.shifts, each, spec.protocol.offsets) for each in ids}
    assert true_offsets(spec.protocol, ids) == listed


def test_the_stored_list_is_what_counts(monkeypatch, tmp_path):
    (tmp_path / "mine.csv").write_text("id,offset\nclip1,0.4\n")
    monkeypatch.setattr("avbench.tasks.shifts.FOLDER", tmp_path)
    protocol = OffsetProtocol(shifts="mine")

    found = true_offsets(protocol, ["clip1", "clip2"])

    assert found == {"clip1": 0.4, "clip2": by_hand("mine", "clip2", protocol.offsets)}


def test_a_clip_is_shifted_the_same_whatever_else_there_is():
    protocol = OffsetProtocol()
    ids = [f"clip{k}" for k in range(50)]

    assert true_offsets(protocol, ids[::-3]).items() <= true_offsets(protocol, ids).items()


def test_the_rule_draws_the_whole_grid_evenly():
    protocol = OffsetProtocol()
    counts = Counter(drawn(protocol, f"clip{k}") for k in range(21_000))

    assert sorted(counts) == list(protocol.offsets)
    assert max(abs(count - 1000) for count in counts.values()) < 130  # 4 standard deviations


@pytest.mark.parametrize("spec", SYNC, ids=lambda spec: spec.name)
def test_a_task_takes_the_seconds_its_protocol_needs(spec):
    assert (
        spec.seconds == spec.protocol.seconds == pytest.approx(spec.protocol.window + 2 * spec.protocol.reach)
    )
    assert spec.protocol.offsets[0] == -spec.protocol.reach
    assert spec.protocol.offsets[-1] == spec.protocol.reach


@pytest.mark.parametrize(("name", "step"), [("avsynth-sync", 0.2), ("avsynth-sync-fine", 0.04)])
def test_the_grids_of_avsynth_have_21_offsets(name, step):
    (spec,) = (each for each in SYNC if each.name == name)
    grid = spec.protocol.offsets

    assert len(grid) == 21
    assert grid == pytest.approx([step * k for k in range(-10, 11)])


def test_a_list_that_is_given_stands_in_place_of_the_stored_one() -> None:
    protocol = OffsetProtocol(shifts="avsynth-sync")

    assert true_offsets(protocol, ["a", "b"], {"a": 0.6000000001, "c": 1.0}) == {"a": 0.6}


@pytest.mark.parametrize("offset", [0.5, 2.2, -2.04, float("nan")])
def test_an_offset_that_is_given_lies_on_the_grid(offset: float) -> None:
    with pytest.raises(DataError, match=r"not on the grid of the task: ±2 s by 0\.2 s") as raised:
        true_offsets(OffsetProtocol(), ["a"], {"a": offset})

    assert "list of offsets for this grid" in raised.value.hint
