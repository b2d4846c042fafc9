import json

import numpy as np
import pytest
from click.testing import CliRunner

from avbench.cli.stats import command
from avbench.errors import DataError
from avbench.metrics.frechet import frechet_distance, moments

PROTOCOL = "embedder=mine,rows=clip"


def run(*args: object) -> str:
    return CliRunner().invoke(command, [str(each) for each in args], catch_exceptions=False).stdout


@pytest.fixture
def sets(tmp_path):
    rng = np.random.default_rng(0)
    made = {"generated": rng.normal(size=(30, 4)), "reference": rng.normal(1, 2, size=(50, 4))}
    for name, rows in made.items():
        np.save(tmp_path / f"{name}.npy", rows)
        run("build", tmp_path / f"{name}.npy", "--out", tmp_path / f"{name}.stats", "--protocol", PROTOCOL)
    return made


def test_a_distance_from_files_is_that_of_the_rows(tmp_path, sets):
    printed = json.loads(
        run("distance", tmp_path / "generated.stats", tmp_path / "reference.stats", "--json")
    )
    expected = frechet_distance(moments(sets["generated"]), moments(sets["reference"]))
    assert printed["frechet_distance"] == pytest.approx(expected, rel=1e-12)
    assert (printed["n_generated"], printed["n_reference"]) == (30, 50)
    assert printed["protocol"] == {"embedder": "mine", "rows": "clip"}


def test_show_says_what_the_file_holds(tmp_path, sets):
    shown = json.loads(run("show", tmp_path / "reference.stats", "--json"))
    assert (shown["n"], shown["dim"]) == (50, 4)
    assert shown["trace"] == pytest.approx(np.trace(np.cov(sets["reference"], rowvar=False)))
    assert shown["digest"] in run("show", tmp_path / "reference.stats")


def test_parts_merge_to_what_was_built_at_once(tmp_path, sets):
    together, at_once = tmp_path / "together.stats", tmp_path / "at-once.stats"
    run("merge", tmp_path / "generated.stats", tmp_path / "reference.stats", "--out", together)
    run(
        "build",
        tmp_path / "generated.npy",
        tmp_path / "reference.npy",
        "--out",
        at_once,
        "--protocol",
        PROTOCOL,
    )
    printed = json.loads(run("distance", together, at_once, "--json"))
    assert printed["frechet_distance"] < 1e-12
    assert printed["n_generated"] == printed["n_reference"] == 80


def test_statistics_of_another_protocol_are_refused(tmp_path, sets):
    other = tmp_path / "other.stats"
    run("build", tmp_path / "reference.npy", "--out", other, "--protocol", "embedder=theirs,rows=clip")
    with pytest.raises(DataError, match="'mine' against 'theirs'"):
        run("distance", tmp_path / "generated.stats", other)


@pytest.mark.parametrize(
    ("rows", "message"), [(np.full((2, 3), np.nan), "NaN"), (np.ones((0, 3)), "no embedding")]
)
def test_rows_that_cannot_be_used_are_refused_with_their_file(tmp_path, rows, message):
    np.save(tmp_path / "bad.npy", rows)
    with pytest.raises(DataError, match=message):
        run("build", tmp_path / "bad.npy", "--out", tmp_path / "bad.stats", "--protocol", PROTOCOL)
    assert not (tmp_path / "bad.stats").exists()


def test_one_row_has_no_distance(tmp_path, sets):
    np.save(tmp_path / "one.npy", np.ones((1, 4)))
    run("build", tmp_path / "one.npy", "--out", tmp_path / "one.stats", "--protocol", PROTOCOL)
    with pytest.raises(DataError, match="at least 2"):
        run("distance", tmp_path / "one.stats", tmp_path / "reference.stats")
