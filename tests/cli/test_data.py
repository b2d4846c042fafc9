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
