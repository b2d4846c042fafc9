"""From the shell to a row on a leaderboard, over real media files."""

import json
from pathlib import Path

import pytest

from avbench.results import from_json
from tests.model_sources import seeing


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    path = tmp_path / "seeing.py"
    path.write_text(seeing())
    return path


def test_a_model_in_one_file_ends_in_a_row_on_a_leaderboard(
    avbench_command, tmp_path: Path, plugin: Path, tiny_clips: Path
) -> None:
    run = ["run", "--model", "seeing", "--plugin", plugin.name, "--task", "tiny-retrieval"]
    first = avbench_command(*run, "--data-root", str(tiny_clips))
    assert "6 of 6 clips evaluated." in first.stdout
    assert "A→V R@1 ↑ (%)" in first.stdout
    assert "6 clips to embed" in first.stderr

    (path,) = (tmp_path / "results" / "seeing" / "tiny-retrieval").glob("*.json")
    result = from_json(path.read_bytes())
    assert result.coverage.complete
    score = result.score("a2v.recall@1")
    assert score is not None
    assert score.value > score.chance

    built = avbench_command("leaderboard", "build")
    board = tmp_path / "leaderboards" / "tiny-retrieval.md"
    assert str(board.relative_to(tmp_path)) in built.stdout
    text = board.read_text("utf-8")
    assert "| seeing " in text
    assert path.name in text

    avbench_command("leaderboard", "build")
    assert board.read_text("utf-8") == text


def test_the_second_run_takes_everything_from_the_store(
    avbench_command, plugin: Path, tiny_clips: Path
) -> None:
    run = ["run", "--model", "seeing", "--plugin", plugin.name, "--task", "tiny-retrieval", "--json"]
    first = json.loads(avbench_command(*run, "--data-root", str(tiny_clips)).stdout)
    done = avbench_command(*run, "--data-root", str(tiny_clips))
    second = json.loads(done.stdout)
    assert "nothing to embed" in done.stderr
    assert second["run"]["computed"] == 0
    assert second["run"]["reused"] == 12
    assert first.pop("run") != second.pop("run")
    assert first == second
