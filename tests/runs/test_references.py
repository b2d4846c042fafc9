"""Statistics of sounds stand in for them: built from files, read by a run, refused under another protocol."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.io import wavfile

from avbench.cli.stats import command
from avbench.errors import DataError
from avbench.media.encode import write_clip
from avbench.metrics.frechet import frechet_distance
from avbench.metrics.statistics_files import merged_statistics, read_statistics
from avbench.results.document import RunResult
from tests.running import Runs
from tests.runs.sounding import FPS, RATE, sounding, write_flashes
from tests.runs.test_generation import values

FORM = ("--seconds", "4", "--sample-rate", "16000")


@pytest.fixture(scope="module")
def flashes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flashes")
    write_flashes(folder, 8)
    return folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, flashes: Path) -> Runs:
    return Runs(tmp_path_factory.mktemp("runs"), flashes)


def built(plugin: Path, out: Path, *args: object, embedder: str = "bands") -> tuple[dict, str]:
    """Build statistics of sounds; return what was printed, and what was said."""
    asked = ["build", *args, "--embedder", embedder, "--plugin", plugin, "--out", out, "--json"]
    done = CliRunner().invoke(command, [str(each) for each in asked], catch_exceptions=False)
    return json.loads(done.stdout), done.stderr


def generated(runs: Runs, plugin: Path, reference: Path) -> RunResult:
    return runs.result(plugin, model="clicking", tasks=("clicks",), references={"bands": reference})


def test_a_run_is_as_far_from_statistics_of_its_own_truth_as_from_the_truth(
    runs: Runs, tmp_path: Path
) -> None:
    plugin, reference = runs.plugin(sounding()), tmp_path / "truth.safetensors"
    printed, _ = built(plugin, reference, runs.clips, *FORM)
    assert printed["protocol"] == {
        "embedder": "bands", "seconds": "4", "sample_rate": "16000", "channels": "1", "row": "clip"
    }  # fmt: skip
    result = generated(runs, plugin, reference)
    scores = {score.id: score for score in result.scores}
    assert scores["fad-reference.bands"].value == pytest.approx(scores["fad.bands"].value, rel=1e-9)
    assert scores["fad-reference.bands"].interval is not None
    assert result.networks["reference bands"] == {"sha256": printed["digest"], "rows": str(printed["n"])}
    assert values(result, "shuffled-truth")["fad-reference.bands"] == pytest.approx(0, abs=1e-9)
    assert "fad-reference.bands" in values(result, "still")


def test_rows_are_those_of_every_file_and_what_cannot_be_heard_is_named(runs: Runs, tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    shutil.copytree(runs.clips, folder / "below")
    (folder / "broken.wav").write_bytes(b"RIFF")
    short = np.zeros((1, RATE), np.float32)
    write_clip(
        folder / "short.mp4",
        frames=np.zeros((30, 32, 32, 3), np.uint8),
        fps=FPS,
        samples=short,
        sample_rate=RATE,
    )
    wavfile.write(folder / "holes.wav", RATE, np.full(5 * RATE, np.nan, np.float32))
    plugin = runs.plugin(sounding())
    whole, said = built(plugin, tmp_path / "whole", folder, *FORM)
    for n in range(8):
        built(plugin, tmp_path / f"part{n}", runs.clips / f"clip{n}.mp4", *FORM)
    parts = merged_statistics([read_statistics(tmp_path / f"part{n}") for n in range(8)])
    statistics = read_statistics(tmp_path / "whole")
    assert whole["n"] == statistics.moments.n == parts.moments.n
    assert statistics.protocol == parts.protocol
    assert frechet_distance(statistics.moments, parts.moments) == pytest.approx(0, abs=1e-9)
    assert "broken.wav: corrupt" in said
    assert "short.mp4: too-short" in said
    assert "holes.wav: not-finite" in said


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        (("--seconds", "3", "--sample-rate", "16000"), "seconds '4' against '3'"),
        (("--seconds", "4", "--sample-rate", "44100"), "sample_rate '16000' against '44100'"),
        ((*FORM, "--centred"), "centred None against 'yes'"),
    ],
)
def test_statistics_of_another_protocol_end_the_run_before_anything_is_made(
    tmp_path: Path, flashes: Path, changed: tuple[str, ...], named: str
) -> None:
    runs = Runs(tmp_path, flashes)
    plugin, reference = runs.plugin(sounding()), tmp_path / "other.safetensors"
    built(plugin, reference, flashes, *changed)
    with pytest.raises(DataError, match=named):
        generated(runs, plugin, reference)
    assert runs.said == []


def test_a_task_that_takes_means_off_takes_statistics_of_sounds_without_theirs(
    runs: Runs, tmp_path: Path
) -> None:
    plugin, reference = runs.plugin(sounding()), tmp_path / "centred.safetensors"
    built(plugin, reference, runs.clips, *FORM, "--centred")
    result = runs.result(plugin, model="clicking", tasks=("clicks-centred",), references={"bands": reference})
    scores = values(result)
    assert scores["fad-reference.bands"] == pytest.approx(scores["fad.bands"], rel=1e-9)


def test_statistics_of_another_network_are_refused(tmp_path: Path, flashes: Path) -> None:
    runs = Runs(tmp_path, flashes)
    plugin, reference = runs.plugin(sounding()), tmp_path / "other.safetensors"
    built(plugin, reference, flashes, *FORM, embedder="avsynth-cnn")
    with pytest.raises(DataError, match="embedder 'bands' against 'avsynth-cnn'"):
        generated(runs, plugin, reference)


def test_a_file_that_is_no_statistics_and_one_that_is_missing_are_refused(
    tmp_path: Path, flashes: Path
) -> None:
    runs = Runs(tmp_path, flashes)
    (tmp_path / "no").write_bytes(b"no")
    for name in ("no", "missing"):
        with pytest.raises(DataError, match="cannot be used as reference statistics"):
            generated(runs, runs.plugin(sounding()), tmp_path / name)


def test_where_nothing_can_be_heard_there_are_no_statistics(runs: Runs, tmp_path: Path) -> None:
    plugin, out = runs.plugin(sounding()), tmp_path / "none"
    with pytest.raises(DataError, match=r"There is no sound in"):
        built(plugin, out, tmp_path, *FORM)
    with pytest.raises(DataError, match=r"There is no .*nowhere"):
        built(plugin, out, tmp_path / "nowhere", *FORM)
    with pytest.raises(DataError, match=r"None of 8 files can be heard \(8 too-short\)"):
        built(plugin, out, runs.clips, "--seconds", "60")
    assert not out.exists()


def test_the_form_must_be_said(runs: Runs, tmp_path: Path) -> None:
    asked = ["build", str(runs.clips), "--embedder", "avsynth-cnn", "--out", str(tmp_path / "none")]
    done = CliRunner().invoke(command, asked)
    assert done.exit_code == 2
    assert "--seconds" in done.stderr
    done = CliRunner().invoke(command, ["build", str(runs.clips), "--out", str(tmp_path / "none")])
    assert done.exit_code == 2
    assert "--protocol" in done.stderr
