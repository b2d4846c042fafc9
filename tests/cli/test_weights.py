"""``avbench weights import``: what is said, what is written, how it ends."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from avbench.cli import main
from tests.cavp.public_checkpoints import diff_foley, panns

NARROW = Path(__file__).parent.parent / "cavp" / "narrow.py"


def run(*args: object) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["weights", "import", "cavp-narrow", *map(str, args), "--plugin", str(NARROW)])
    return int(stopped.value.code or 0)


@pytest.fixture
def public(tmp_path: Path) -> Path:
    path = tmp_path / "cavp.ckpt"
    shapes = diff_foley(2, 2, 8) | {"head.weight": (3,), "logit_scale": (1,)}
    torch.save({"state_dict": {key: torch.zeros(shape) for key, shape in shapes.items()}}, path)
    return path


def test_what_matches_and_what_does_not_is_said_and_the_file_is_written(
    tmp_path: Path, public: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.safetensors"

    assert run(public, "--config", "published", "--output", output) == 0

    assert capsys.readouterr().out.splitlines() == [
        f"{public}: CAVP (Diff-Foley)",
        f"  keys that match: {len(diff_foley()) - 1}",
        "  keys with no place in the model: 1: head.weight",
        "  keys of another shape: 1: logit_scale [1] for []",
        "keys of the model that no file fills: 1: log_scale",
        str(output),
    ]
    assert output.is_file()


def test_json_names_every_key(tmp_path: Path, public: Path, capsys: pytest.CaptureFixture[str]) -> None:
    second = tmp_path / "panns.safetensors"
    save_file({key: torch.zeros(shape) for key, shape in panns(2).items()}, second)
    output = tmp_path / "out.safetensors"

    assert run(public, second, "--config", "published", "--output", output, "--json") == 0

    said = json.loads(capsys.readouterr().out)
    assert said["output"] == str(output) and said["missing"] == ["log_scale"]
    first, other = said["files"]
    assert first["path"] == str(public) and first["source"] == "CAVP (Diff-Foley)"
    assert len(first["matched"]) == len(diff_foley()) - 1
    assert first["mismatched"] == [{"key": "logit_scale", "file": [1], "model": []}]
    assert other["mismatched"][0] == {"key": "bn0.bias", "file": [64], "model": [128]}
    assert "logmel_extractor.melW" in other["unmatched"]


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_file_of_which_nothing_matches_ends_with_the_code_of_a_model(
    tmp_path: Path, public: Path, options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    stranger = tmp_path / "other.safetensors"
    save_file({"encoder.weight": torch.zeros(2)}, stranger)
    output = tmp_path / "out.safetensors"

    assert run(public, stranger, "--config", "published", "--output", output, *options) == 5

    said = capsys.readouterr()
    assert "encoder.weight" in said.out and str(output) not in said.out
    assert f"Nothing in {stranger} fits config 'published' of cavp-narrow" in said.err
    assert not output.exists()
    if options:
        assert json.loads(said.out)["output"] is None


def test_a_model_that_knows_no_public_checkpoints_says_so(
    tmp_path: Path, public: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["weights", "import", "random", str(public), "--config", "x", "--output", str(tmp_path / "out")])

    assert stopped.value.code == 2
    assert "knows no public checkpoints" in capsys.readouterr().err
