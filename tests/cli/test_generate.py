"""``avbench generate``: what it takes, what it prints where, and how it ends."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from avbench import cli
from avbench.cli.generate import command
from tests.media.muxing import mux, numbered_frame

RUN = ("--model", "noise", "--device", "cpu", "--video", "videos", "--out", "out")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, with two videos in ``videos``, of which one cannot be played."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "videos").mkdir()
    mux(tmp_path / "videos" / "fine.mp4", frames=[(k / 25, numbered_frame(k)) for k in range(25)])
    (tmp_path / "videos" / "torn.mp4").write_text("no video " * 99)
    return tmp_path


def invoke(*args: str) -> Result:
    return CliRunner().invoke(command, (*RUN, *args), catch_exceptions=False)


def exit_code(*args: str) -> int | str | None:
    with pytest.raises(SystemExit) as end:
        cli.main(["generate", *RUN, *args])
    return end.value.code


def test_paths_are_on_standard_output_and_what_failed_on_the_other(folder: Path) -> None:
    done = invoke("--samples", "2")
    assert done.stdout.splitlines() == ["out/fine.0.wav", "out/fine.1.wav"]
    assert "noise: 4 sounds, 0 there already, 4 to make on cpu." in done.stderr
    assert "fine.mp4: 1.0 s, real-time factor 0." in done.stderr
    assert "left out: torn.mp4: corrupt: " in done.stderr
    assert all(Path(line).is_file() for line in done.stdout.splitlines())


def test_quiet_says_no_more_than_what_failed(folder: Path) -> None:
    done = invoke("--quiet", "--no-mux")
    assert done.stdout == "out/fine.wav\n"
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["left out"]
    assert sorted(path.name for path in Path("out").iterdir()) == ["fine.json", "fine.wav"]


def test_json_alone_is_on_standard_output(folder: Path) -> None:
    for kept in (False, True):
        document = json.loads(invoke("--json", "--seed", "4", "--model-args", "level=-30").stdout)
        (sound,), (failure,) = document["sounds"], document["left_out"]
        assert sound["files"] == ["out/fine.wav", "out/fine.mp4", "out/fine.json"]
        assert sound["kept"] == kept
        assert (sound["made_from"]["seed"], sound["made_from"]["model"]["args"]) == (4, {"level": "-30"})
        assert (failure["video"], failure["reason"]) == ("videos/torn.mp4", "corrupt")


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ((), 0),
        (("--fail-on-error", "1"), 0),
        (("--fail-on-error", "0"), 7),
        (("--fail-on-error", "0.4"), 7),
        (("--video", "videos/torn.mp4"), 4),
        (("--video", "videos/none.mp4"), 2),
        (("--model", "random"), 2),
        (("--model", "noize"), 2),
        (("--samples", "0"), 2),
        (("--device", "abacus"), 2),
        (("--model-args", "color=brown"), 2),
    ],
)
def test_the_exit_code_says_what_was_wrong(folder: Path, args: tuple[str, ...], code: int) -> None:
    assert exit_code(*args) == code


def test_what_is_there_is_replaced_by_force_alone(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code() == 0
    assert exit_code("--seed", "1") == 2
    assert "--force" in capfd.readouterr().err
    assert exit_code("--seed", "1", "--force") == 0
