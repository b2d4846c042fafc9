"""Whole recordings are kept apart; what is not there is left out before anything is decoded."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbench.clips import Clip, Gallery
from avbench.training.selection import Selection, select_clips
from tests.training.clips import silent_progress

HERE = Path(__file__)


@dataclass(frozen=True)
class Listed:
    clips: Sequence[Clip]
    name: str = "listed"
    revision: str = "1"
    galleries: tuple[Gallery, ...] = ()
    notes: tuple[str, ...] = ()


def selected(*datasets: Sequence[Clip], apart: int = 0) -> Selection:
    return select_clips([Listed(clips) for clips in datasets], 4.0, lambda clips: apart, silent_progress)


def clips_of(sources: Sequence[str]) -> list[Clip]:
    return [Clip(id=f"{k}", path=HERE, source=source) for k, source in enumerate(sources)]


@given(sources=st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=40), apart=st.integers(0, 12))
def test_no_recording_is_on_both_sides_and_enough_are_kept_apart(sources: list[str], apart: int) -> None:
    chosen = selected(clips_of(sources), apart=min(apart, len(sources) - 1))

    train, held_out = ({sources[int(k)] for k in side} for side in (chosen.train, chosen.held_out))
    assert sorted([*chosen.train, *chosen.held_out]) == list(range(len(sources)))
    assert not train & held_out
    assert len(chosen.train) > 0
    assert len(held_out) != 1 or len(chosen.held_out) > 1
    if 1 < apart <= len(sources) - max(map(sources.count, sources)):
        assert len(chosen.held_out) >= apart


def test_which_recordings_are_kept_apart_does_not_depend_on_the_order() -> None:
    sources = [f"tape{k % 10}" for k in range(40)]
    sides = [
        {names[int(k)] for k in selected(clips_of(names), apart=8).held_out}
        for names in (sources, sources[::-1])
    ]

    assert sides[0] == sides[1] and len(sides[0]) == 2


def test_files_that_are_not_there_and_clips_that_are_too_short_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "folder.mp4").mkdir()

    chosen = selected(
        [
            Clip(id="whole", path=HERE),
            Clip(id="missing", path=tmp_path / "missing.mp4"),
            Clip(id="empty", path=tmp_path / "empty.mp4"),
            Clip(id="folder", path=tmp_path / "folder.mp4"),
            Clip(id="short", path=HERE, start=1.0, end=4.9),
            Clip(id="long", path=HERE, start=1.0, end=5.0),
            Clip(id="nothing", path=HERE, part=(0, 0)),
        ]
    )

    assert chosen.train.tolist() == [0, 5]
    assert {chosen.clips[k].id: why.reason for k, why in chosen.left_out.items()} == {
        "missing": "missing", "empty": "empty", "folder": "corrupt", "short": "too-short", "nothing": "empty",
    }  # fmt: skip


def test_datasets_follow_each_other_and_share_their_recordings() -> None:
    one, other = clips_of(["a", "b", "c"]), clips_of(["b", "c", "d", "e"])

    chosen = selected(one, other, apart=2)

    assert len(chosen.clips) == 7
    assert chosen.clips[3] is other[0] and chosen.clips[-1] is other[-1]
    assert list(chosen.clips[2:5]) == [one[2], *other[:2]]
    sources = [clip.source for clip in chosen.clips]
    assert not {sources[k] for k in chosen.train} & {sources[k] for k in chosen.held_out}
    with pytest.raises(IndexError):
        chosen.clips[7]
