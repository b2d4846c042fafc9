"""Offset results on a board and against each other: shown in order of top-1, told apart clip by clip."""

from pathlib import Path

import pytest

from avbench.boards.comparison import compare_results
from avbench.boards.pages import page
from avbench.boards.ranking import board, read_entries
from tests.running import Runs
from tests.runs.appearing import finder, write_folder

LATE = """
    exact = offset_scores
    def offset_scores(self, video, audio):
        return self.exact(video, audio).roll(2, 1)
"""


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Results of a model that finds every offset, and of one that says two steps more."""
    folder = tmp_path_factory.mktemp("board")
    runs = Runs(folder, write_folder(folder / "clips", (2.3, 2.4, 2.5, 2.6, 2.7, 2.8)))
    (exact,) = runs.finished(finder(), tasks=("folder-sync",))
    (late,) = runs.finished(finder(LATE), tasks=("folder-sync",))
    return exact.path, late.path


def test_the_exact_model_stands_first_and_chance_and_random_beside_it(paths: tuple[Path, Path]) -> None:
    entries, errors = read_entries(paths[0].parent)
    found = board(entries)

    assert not errors
    assert [entry.result.score("offset.top1").value for entry in found.rows] == [1.0, 0.0]
    assert [row.model for row in found.scale_rows] == ["random"]
    assert [column.id for column in found.columns()][:3] == [
        "offset.top1", "offset.within1", "offset.accuracy@0.2",
    ]  # fmt: skip
    assert not any("choice" in column.id for column in found.columns())
    assert "top-1 ↑ (%)" in page(found, paths[0].parent)


def test_two_results_are_told_apart_clip_by_clip(paths: tuple[Path, Path]) -> None:
    tests = {each.score.id: each.test for each in compare_results(*paths, seed=0)}

    assert tests["offset.top1"].difference == 1.0
    assert tests["offset.mean-error"].difference < 0
    assert "offset.ece" not in tests  # is no mean over clips
