"""Fréchet distances of two results on the same sounds, compared by what is kept beside the documents."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from avbench.boards.comparison import Comparison, compare_results
from avbench.boards.ranking import Entry, told_apart
from avbench.cli.leaderboard import command
from avbench.results import archive
from avbench.results.document import Score
from avbench.runs.job import score_of
from avbench.tasks.features import ClipSounds
from avbench.tasks.generation import score_generation
from tests.results.test_document import result
from tests.tasks.test_generation import clips

COUNT = 40


def shifted(some: Sequence[ClipSounds], by: float) -> list[ClipSounds]:
    """Return clips whose made sounds are further from the truth, all in one direction."""
    return [
        dataclasses.replace(
            clip,
            made=tuple(
                dataclasses.replace(each, rows={"tiny": each.rows["tiny"] + by}) for each in clip.made
            ),
        )
        for clip in some
    ]


def put(
    folder: Path,
    some: Sequence[ClipSounds],
    *,
    keeps: bool = True,
    networks: dict[str, dict[str, str]] | None = None,
) -> Path:
    outcome = score_generation(some, {"tiny": "fd"}, seed=0)
    records = [each if keeps else dataclasses.replace(each, without={}) for each in outcome.records]
    lines = archive.record_lines(records)
    document = result(
        scores=tuple(map(score_of, outcome.measurements)),
        records_sha256=archive.digest(lines),
        networks=networks or {"tiny": {"sha256": "0"}},
        task=result().task.model_copy(update={"kind": "generation"}),
    )
    return archive.put(folder, document, lines, b"")


def distance(found: Sequence[Comparison]) -> Comparison | None:
    return next((each for each in found if each.score.id == "fd.tiny"), None)


@pytest.fixture
def near() -> list[ClipSounds]:
    return clips(COUNT, samples=2)


def test_a_clear_difference_is_found_from_the_documents_alone(near: list[ClipSounds], tmp_path: Path) -> None:
    paths = put(tmp_path / "far", shifted(near, 0.4)), put(tmp_path / "near", near)
    found = distance(compare_results(*paths, seed=0))
    assert found is not None
    assert found.test.difference == found.score.value - found.other > 0
    assert found.test.interval.low > 0
    assert found.test.p_value < 0.01
    assert found.test.interval.groups == COUNT // 2  # recordings
    done = CliRunner().invoke(command, ["compare", *map(str, paths)], catch_exceptions=False)
    assert "| FD tiny" in done.stdout


def test_a_board_tells_apart_by_it_what_intervals_do_not(near: list[ClipSounds], tmp_path: Path) -> None:
    best, far, other = (
        Entry(result=archive.read(path), path=path, sha256="")
        for path in (
            put(tmp_path / "near", near),
            put(tmp_path / "far", shifted(near, 0.2)),
            put(tmp_path / "bare", shifted(near, 0.2), keeps=False),
        )
    )
    column = score(best)
    assert told_apart(column, far, best)
    assert not told_apart(column, other, best)  # by overlap, where nothing is kept to test with


def score(entry: Entry) -> Score:
    found = entry.result.score("fd.tiny")
    assert found is not None
    return found


def test_over_other_sounds_or_without_what_is_kept_there_is_no_test(
    near: list[ClipSounds], tmp_path: Path
) -> None:
    whole = put(tmp_path / "whole", near)
    for name, other in (
        ("bare", put(tmp_path / "bare", near, keeps=False)),
        ("fewer", put(tmp_path / "fewer", near[2:])),
        (
            "one sample",
            put(tmp_path / "one", [dataclasses.replace(each, made=each.made[:1]) for each in near]),
        ),
    ):
        assert distance(compare_results(whole, other, seed=0)) is None, name


def test_what_was_seen_through_other_weights_is_not_compared(near: list[ClipSounds], tmp_path: Path) -> None:
    paths = put(tmp_path / "a", near), put(tmp_path / "b", near, networks={"tiny": {"sha256": "1"}})
    ids = {each.score.id for each in compare_results(*paths, seed=0)}
    assert ids.isdisjoint({"fd.tiny", "kl.tiny"})
    assert "onset.f1@0.1" in ids
    done = CliRunner().invoke(command, ["compare", *map(str, paths)], catch_exceptions=False)
    assert "Not compared: what was seen through tiny, of other weights or versions in each." in done.stdout


def test_what_it_was_computed_on_makes_no_other_network(near: list[ClipSounds], tmp_path: Path) -> None:
    paths = [
        put(tmp_path / threads, near, networks={"tiny": {"sha256": "0", "torch": "2", "threads": threads}})
        for threads in "12"
    ]
    assert distance(compare_results(*paths, seed=0)) is not None


def test_one_recording_alone_keeps_nothing_to_test_with(near: list[ClipSounds]) -> None:
    alone = [dataclasses.replace(each, recording="one") for each in near]
    outcome = score_generation(alone, {"tiny": "fd"}, seed=0)
    assert all(each.without == {} for each in outcome.records)


def test_what_is_kept_is_the_distance_without_the_block_of_the_sound(near: list[ClipSounds]) -> None:
    outcome = score_generation(near, {"tiny": "fd"}, seed=0)
    left = [clip for clip in near if clip.recording != near[0].recording]
    truth = [clip.truth.rows["tiny"] for clip in near]
    from avbench.metrics.frechet import frechet_distance, moments

    made = np.concatenate([each.rows["tiny"] for clip in left for each in clip.made])
    expected = frechet_distance(moments(made), moments(np.concatenate(truth)))
    for record in outcome.records[:4]:  # two clips of two samples: one recording
        assert record.without["fd.tiny"] == pytest.approx(expected)
