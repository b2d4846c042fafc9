import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from avbench.cli.train import command
from avbench.errors import AvbenchError, ModelError, StorageError, UnknownName, UsageError

SHORT = "clips=32,val_clips=8,media=5s,batch_clips=8,log_every=1,validate_every=2,workers=1,warmup=1"


def train(*args: str) -> str:
    done = CliRunner().invoke(command, list(args), catch_exceptions=True)
    if isinstance(done.exception, AvbenchError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_a_model_is_trained_resumed_and_loaded(tmp_path: Path) -> None:
    run = tmp_path / "run"
    output = train("cavp", "--output", str(run), "--steps", "2", "--train-args", SHORT)

    weights = run / "weights.safetensors"
    assert str(weights) in output
    assert "avbench run --model cavp --model-args config=small,weights=" in output
    assert "step 2 of 2: loss" in output
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2]
    assert 0 <= lines[-1]["a2v.recall@1"] <= 1

    before = weights.read_bytes()
    train("cavp", "--output", str(run), "--steps", "2", "--train-args", SHORT, "--quiet")
    assert weights.read_bytes() == before
    with pytest.raises(ModelError, match="other settings"):
        train("cavp", "--output", str(run), "--steps", "3", "--train-args", SHORT)

    from cavp.plugin import FAMILY

    assert FAMILY.load("cpu", weights=str(weights)).model.config.name == "small"


@pytest.mark.parametrize(
    ("args", "error", "words"),
    [
        (("gmscvap",), UnknownName, "no model named"),
        (("random",), UsageError, "cannot be trained"),
        (("gmscavp", "--config", "huge"), UnknownName, "no config of gmscavp"),
        (("gmscavp", "--train-args", "clipz=3"), UnknownName, "no training argument named 'clipz'"),
        (("gmscavp", "--train-args", "warmup=soon"), UsageError, "'warmup'"),
        (("gmscavp", "--train-args", "clips=none"), UsageError, "positive whole number"),
        (("gmscavp", "--device", "abacus"), UsageError, "device 'abacus' cannot be used"),
        (("cavp", "--train-args", f"{SHORT},clips=8,batch_clips=16"), UsageError, "cannot be filled"),
        (("cavp", "--train-args", f"{SHORT},batch_clips=1"), UsageError, "batch of one clip"),
    ],
)
def test_senseless_requests_are_refused_before_anything_is_done(
    tmp_path: Path, args: tuple[str, ...], error: type[AvbenchError], words: str
) -> None:
    with pytest.raises(error, match=words):
        train(*args, "--output", str(tmp_path / "run"))

    assert not (tmp_path / "run").exists()


def test_a_folder_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StorageError, match="cannot be written"):
        train("cavp", "--output", str(tmp_path / "file" / "run"), "--steps", "1", "--train-args", SHORT)
