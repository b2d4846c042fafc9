"""``avbench leaderboard build``: which folder it reads, what it writes, what it warns of."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from avbench.cli.leaderboard import command
from avbench.errors import DataError
from avbench.results import archive
from tests.results.test_document import result


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def build(*args: str) -> Result:
    done = CliRunner().invoke(command, ["build", *args], catch_exceptions=False)
    assert done.exit_code == 0
    return done


def test_it_reads_the_results_of_runs(folder: Path) -> None:
    archive.put(folder / "results", result(), b"", b"")
    assert "t-retrieval.md: 1 on the board, 0 kept off" in build().stdout
    assert (folder / "leaderboards" / "t-retrieval.md").is_file()


def test_results_kept_beside_the_boards_come_first(folder: Path) -> None:
    archive.put(folder / "results", result(task=result().task.model_copy(update={"name": "mine"})), b"", b"")
    archive.put(folder / "leaderboards" / "results", result(), b"", b"")
    assert [path.name for path in (folder / "leaderboards").glob("*.md")] == []
    build()
    assert [path.name for path in (folder / "leaderboards").glob("*.md")] == ["t-retrieval.md"]
    build("--results", "results")
    assert (folder / "leaderboards" / "mine.md").is_file()


def test_json_holds_every_board(folder: Path) -> None:
    archive.put(folder / "results", result(), b"", b"")
    (made,) = json.loads(build("--json", "--out", "boards").stdout)
    assert made["task"] == "t-retrieval"
    assert (folder / "boards" / "t-retrieval.md").is_file()


def test_a_file_that_is_no_result_is_a_warning(folder: Path) -> None:
    archive.put(folder / "results", result(), b"", b"")
    (folder / "results" / "broken.json").write_text("{")
    done = build()
    assert "warning: results/broken.json is not a result document" in done.stderr
    assert "1 on the board" in done.stdout


@pytest.mark.parametrize("make", [False, True])
def test_without_any_result_it_says_how_to_make_one(folder: Path, make: bool) -> None:
    if make:
        (folder / "results").mkdir()
    with pytest.raises(DataError) as caught:
        CliRunner().invoke(command, ["build"], catch_exceptions=False)
    assert "--results" in caught.value.hint
