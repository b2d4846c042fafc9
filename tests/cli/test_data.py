import json
from pathlib import Path

import pytest

from avbench.cli import main

SMALL = ("data", "render", "avsynth", "--preset", "5s", "--clips", "2", "--quiet")


def run(*args: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(list(args))
    return int(stopped.value.code or 0)


def test_rendering_writes_clips_with_side_cars_and_says_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*SMALL, "--out", str(tmp_path), "--switch", "S2=off", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["folder"], said["clips"]) == (str(tmp_path), 2)
    assert said["bytes"] == sum(path.stat().st_size for path in tmp_path.glob("*.mp4")) > 0
    truth = json.loads((tmp_path / "test-standard-000-00.json").read_text())
    assert truth["switches"]["S2"] == "off"
    assert truth["video"]["envelope"] != truth["audio"]["envelope"]


def test_an_unknown_preset_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*SMALL, "--difficulty", "standart") == 2
    assert "Did you mean 'standard'?" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_ends_with_the_code_of_storage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    assert run(*SMALL, "--out", str(tmp_path / "file" / "below")) == 6
    assert "cannot be written" in capsys.readouterr().err


def test_an_index_is_counted_with_the_reasons_of_what_failed(
    tmp_path: Path, tiny_clips: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "-a.mp4").write_bytes(next(tiny_clips.glob("*.mp4")).read_bytes())
    (tmp_path / "tree" / "b.mp4").touch()
    asked = ("data", "index", str(tmp_path / "tree"), "--out", str(tmp_path / "i.parquet"), "--quiet")

    assert run(*asked, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["files"], said["probed"], said["failed"]) == (2, 2, {"empty": 1})
    assert run(*asked) == 0
    assert "2 files" in capsys.readouterr().out
