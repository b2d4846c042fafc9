"""``avbench show``: results, models, tasks, datasets and embedders."""

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from avbench.cli.show import command
from avbench.errors import DataError, UnknownName
from avbench.results.document import from_json, to_json
from avbench.store import cache_folder
from tests.model_sources import seeing
from tests.results.test_document import result


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
        ("vggish", "embedder", "sample_rate"),
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


def test_an_embedder_is_shown_with_where_its_weights_are_looked_for_and_come_from() -> None:
    values = json.loads(shown("vggish", "--json"))
    assert values["weights"] == str(cache_folder() / "checkpoints" / "vggish-10086976.pth")
    assert values["checkpoint"]["url"].startswith("https://github.com/harritaylor/torchvggish/")
    assert (values["sample_rate"], values["window_seconds"], values["dim"]) == (16_000, 0.96, 128)
    assert "there is no file" in values["not_at_hand"]
    text = shown("vggish")
    assert "checkpoint.source" in text
    assert "license" in text


def test_an_embedder_at_hand_is_shown_with_the_digest_of_its_weights() -> None:
    values = json.loads(shown("avsynth-cnn", "--json"))
    content = Path(values["weights"]).read_bytes()
    assert values["identity"]["weights"] == hashlib.sha256(content).hexdigest()


def test_weights_of_another_digest_are_not_at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVBENCH_CACHE", str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "Cnn14_mAP=0.431.pth").write_bytes(b"an error page")
    assert "are not those of its record" in json.loads(shown("panns-32k", "--json"))["not_at_hand"]


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
