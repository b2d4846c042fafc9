"""``avbench show``: results, models, tasks and datasets."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from avbench.cli.show import command
from avbench.errors import DataError, UnknownName
from avbench.results import from_json, to_json
from tests.model_sources import seeing
from tests.test_results import result


def shown(*args: str) -> str:
    done = CliRunner().invoke(command, args, catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_a_result_is_shown_as_its_run_printed_it(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(to_json(result(notes=("Take care.",))))
    text = shown(str(path))
    assert "A→V R@1 ↑ (%)" in text
    assert "note: Take care." in text
    assert "torch 2.13.0, 2 threads, batches of 8" in text
    assert from_json(shown(str(path), "--json")) == result(notes=("Take care.",))


@pytest.mark.parametrize(
    ("name", "kind", "told"),
    [
        ("folder-retrieval", "task", "seconds"),
        ("random", "model", "capabilities"),
        ("folder", "dataset", "summary"),
    ],
)
def test_a_name_is_shown_with_what_it_is_and_where_it_is_from(name: str, kind: str, told: str) -> None:
    text = shown(name)
    assert text.startswith(f"{kind} {name}\n")
    assert told in text
    assert "origin.distribution" in text
    values = json.loads(shown(name, "--json"))
    assert (values["record"], values["name"]) == (kind, name)


def test_a_model_is_shown_with_its_arguments_what_it_reads_and_its_weights() -> None:
    values = json.loads(shown("gmscavp", "--json"))
    assert values["inputs"]["video"]["fps"] == 12.5
    assert {"config=small", "weights"} <= set(values["model_args"])
    assert values["identity"]["config"] == "small"
    text = shown("gmscavp")
    assert "inputs.audio.sample_rate" in text
    assert "identity.weights" in text


def test_a_model_that_needs_arguments_to_say_what_it_reads_says_so(tmp_path: Path) -> None:
    source = seeing().replace("inputs=INPUTS", 'inputs=lambda args: INPUTS if args["size"] else None')
    (tmp_path / "picky.py").write_text(source)
    text = shown("seeing", "--plugin", str(tmp_path / "picky.py"))
    assert "without_args  " in text
    assert "could not say what it reads: KeyError: 'size'" in text


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UnknownName) as caught:
        CliRunner().invoke(command, ["folder-retrival"], catch_exceptions=False)
    assert "Did you mean 'folder-retrieval'?" in caught.value.hint


@pytest.mark.parametrize("content", [None, "", "{}", "[1]", '{"schema_version": 7}'])
def test_a_file_that_is_no_result_is_an_error(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "r.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError, match=r"r\.json"):
        CliRunner().invoke(command, [str(path)], catch_exceptions=False)
