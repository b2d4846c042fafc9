"""From the shell to a row on a leaderboard, over real media files."""

import json
from pathlib import Path

import pytest

from avbench.results.document import from_json
from tests.model_sources import seeing

RUN = ("run", "--model", "seeing", "--plugin", "seeing.py", "--task", "folder-retrieval", "--data-root")


@pytest.fixture(autouse=True)
def _plugin(tmp_path: Path) -> None:
    (tmp_path / "seeing.py").write_text(seeing())


def test_a_model_in_one_file_ends_in_a_row_on_a_leaderboard(
    avbench_command, tmp_path: Path, tiny_clips: Path
) -> None:
    cache = {"AVBENCH_CACHE": str(tmp_path / "cache")}
    first = avbench_command(*RUN, str(tiny_clips), env=cache)
    assert "12 clips, 12 found, 12 clips to embed on cpu" in first.stderr
    assert "12 of 12 clips evaluated." in first.stdout
    assert "A→V R@1 ↑ (%)" in first.stdout

    (path,) = (tmp_path / "results" / "seeing" / "folder-retrieval").glob("*.json")
    result = from_json(path.read_bytes())
    assert result.coverage.complete
    assert [row.model for row in result.scale_rows if row.scores] == ["random"]
    for direction in ("a2v", "v2a"):
        score = result.score(f"{direction}.recall@1")
        assert score is not None
        assert score.value > score.chance == pytest.approx(1 / 12)

    second = avbench_command(*RUN, str(tiny_clips), "--json", env=cache)
    assert "nothing to embed" in second.stderr
    again = from_json(second.stdout)
    assert (again.run.computed, again.run.reused) == (0, 24)
    assert again.model_dump(exclude={"run"}) == result.model_dump(exclude={"run"})

    avbench_command("leaderboard", "build")
    board = tmp_path / "leaderboards" / "folder-retrieval.md"
    text = board.read_text("utf-8")
    assert sum(line.startswith("| seeing ") for line in text.splitlines()) == 1
    assert again.run.id in text or result.run.id in text
    assert "| random " in text

    board.unlink()
    avbench_command("leaderboard", "build", "--json")
    assert board.read_text("utf-8") == text


def test_a_clip_that_fails_is_counted_and_the_run_says_so_by_its_exit_code(
    avbench_command, tmp_path: Path, tiny_clips: Path
) -> None:
    clips = tmp_path / "clips"
    clips.mkdir()
    for clip in tiny_clips.iterdir():
        (clips / clip.name).write_bytes(clip.read_bytes())
    (clips / "clip03.mp4").write_bytes(b"not a film")
    done = avbench_command(*RUN, str(clips), "--fail-on-error", "0", "--json", check=False)
    assert done.returncode == 7
    assert "error: 1 of 12 clips failed; --fail-on-error allows 0.\n hint: " in done.stderr
    result = from_json(done.stdout)
    assert result.coverage.reasons == {"corrupt": ("clip03.mp4",)}
    assert result.coverage.evaluated == 11
    (beside,) = tmp_path.glob("results/*/*/*.left-out.jsonl")
    (line,) = map(json.loads, beside.read_text("utf-8").splitlines())
    assert (line["clip"], line["reason"]) == ("clip03.mp4", "corrupt")
