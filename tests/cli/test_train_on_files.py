"""``avbench train`` on files of the user's: runs that resume exactly, and every way the data may be wrong."""

import dataclasses
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from avbench.cli.train import command
from avbench.errors import AvbenchError, DataError, ModelError, UsageError
from avbench.requests import TrainRequest
from gmscavp.config import GMSCAVPConfig
from gmscavp.plugin import ModelFamily, build
from tests.datasets.tars import write_tar
from tests.gmscavp.runs import TINY, TRAINING
from tests.training.clips import folder_of, listed, request, silent_progress, spoil

SHORT = (
    "seconds=4,gap_seconds=0.8,batch_clips=4,log_every=1,checkpoint_every=2,warmup=1,workers=1,val_clips=0"
)
ARGS = dict(pair.split("=") for pair in SHORT.split(","))
# A network of milliseconds, trained through the same door as the bundled ones.
FAMILY = ModelFamily(
    name="gmscavp",
    configs={"tiny": TINY},
    training={"tiny": TRAINING},
    config_type=GMSCAVPConfig,
    weights=Path("none"),
    build=build,
)


@pytest.fixture
def folder(tiny_clips: Path, tmp_path: Path) -> Path:
    return folder_of(tiny_clips, tmp_path / "clips")


def train(*args: str) -> str:
    done = CliRunner().invoke(command, list(args))
    if isinstance(done.exception, AvbenchError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def killed_at(step: int, asked: TrainRequest) -> None:
    """Train until a step, and end as a crash would."""

    def progress(what: str, done: int, total: int) -> None:
        if what == "training" and done == step:
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        FAMILY.train(asked, progress)


@pytest.mark.parametrize("stream", [False, True], ids=["ahead", "streamed"])
def test_a_run_on_a_folder_that_was_killed_and_resumed_ends_with_the_weights_of_an_unbroken_one(
    folder: Path, tmp_path: Path, stream: bool
) -> None:
    spoil(folder)
    args = ARGS | {"stream": str(stream).lower()}
    whole = request(folder, tmp_path / "whole", steps=5, **args)
    broken = dataclasses.replace(whole, output=tmp_path / "broken")

    FAMILY.train(whole, silent_progress)
    killed_at(3, broken)
    FAMILY.train(broken, silent_progress)

    one, other = (tmp_path / name / "weights.safetensors" for name in ("whole", "broken"))
    assert one.read_bytes() == other.read_bytes()
    assert listed(tmp_path / "broken") == listed(tmp_path / "whole")


def test_a_run_may_change_from_streamed_to_decoded_where_no_clip_is_left_out(
    folder: Path, tmp_path: Path
) -> None:
    whole = request(folder, tmp_path / "whole", steps=3, **ARGS)
    changing = dataclasses.replace(whole, output=tmp_path / "changing")

    FAMILY.train(whole, silent_progress)
    killed_at(3, dataclasses.replace(changing, args=changing.args | {"stream": "true"}))
    FAMILY.train(changing, silent_progress)

    one, other = (tmp_path / name / "weights.safetensors" for name in ("whole", "changing"))
    assert one.read_bytes() == other.read_bytes()


def test_a_run_whose_files_changed_is_refused(folder: Path, tmp_path: Path) -> None:
    asked = request(folder, tmp_path / "run", steps=2, **ARGS)
    killed_at(2, asked)
    (folder / "clip00.mp4").unlink()

    with pytest.raises(ModelError, match="other settings"):
        FAMILY.train(asked, silent_progress)


def test_shards_are_trained_on_and_the_run_says_what_it_left_out(folder: Path, tmp_path: Path) -> None:
    spoil(folder)
    files = [path for path in sorted(folder.iterdir()) if path.exists()]
    for shard in range(3):
        members = {path.name: path.read_bytes() for path in files[shard::3]}
        write_tar(tmp_path / "shards" / f"{shard}.tar", members | {"lost.json": b"{}"})
    run = ["--output", str(tmp_path / "run"), "--dataset", "shards", "--data-root", str(tmp_path / "shards")]

    printed = train("cavp", *run, "--steps", "4", "--train-args", f"{SHORT},stream=true,together=2")

    assert "samples without a video: 3" in printed
    assert "training on 11 of 12 clips; left out: 1 empty" in printed
    assert "replaced while training: 1 corrupt, 1 no-audio, 1 silent, 1 too-short" in printed
    assert len((tmp_path / "run" / "log.jsonl").read_text().splitlines()) == 4
    assert (tmp_path / "run" / "weights.safetensors").exists()


def test_data_can_be_made_ready_without_training(folder: Path, tmp_path: Path) -> None:
    run = ["--output", str(tmp_path / "run"), "--dataset", "folder", "--data-root", str(folder)]

    printed = train("cavp", *run, "--prepare", "--train-args", SHORT)

    assert "training on 12 of 12 clips" in printed
    assert not (tmp_path / "run" / "state.pt").exists()
    assert not (tmp_path / "run" / "weights.safetensors").exists()


def test_what_was_trained_on_stands_in_the_weight_file(folder: Path, tmp_path: Path) -> None:
    from safetensors import safe_open

    FAMILY.train(request(folder, tmp_path / "run", steps=1, **ARGS), silent_progress)

    with safe_open(tmp_path / "run" / "weights.safetensors", "pt") as file:
        notes = json.dumps(file.metadata())
    assert all(word in notes for word in ("folder", "sha256:", "clips"))


@pytest.mark.parametrize(
    ("args", "error", "said"),
    [
        ("batch_clips=16", UsageError, "A batch of 16 clips cannot be filled from the 12 clips"),
        ("batch_clips=1", UsageError, "one clip has no other"),
        ("seconds=2", UsageError, "too short for 3 segments"),
        ("seconds=9", DataError, "None of the 12 clips can be trained on: 12 too-short"),
        ("val_clips=12", UsageError, "leaves none of 12 clips"),
        ("difficulty=hard", UsageError, "no training argument named 'difficulty'"),
        ("stream=perhaps", UsageError, "stream must be true or false"),
    ],
)  # fmt: skip
def test_data_that_cannot_be_trained_on_are_refused_in_a_sentence(
    folder: Path, tmp_path: Path, args: str, error: type[AvbenchError], said: str
) -> None:
    run = ["--output", str(tmp_path / "run"), "--dataset", "folder", "--data-root", str(folder)]

    with pytest.raises(error, match=said):
        train("cavp", *run, "--train-args", f"{SHORT},{args}")


def test_a_folder_without_videos_and_a_folder_that_is_not_there_are_errors(tmp_path: Path) -> None:
    run = ["--output", str(tmp_path / "run"), "--dataset", "folder"]
    (tmp_path / "bare").mkdir()

    with pytest.raises(DataError, match="There is no video"):
        train("cavp", *run, "--data-root", str(tmp_path / "bare"))
    with pytest.raises(DataError, match="not a folder"):
        train("cavp", *run, "--data-root", str(tmp_path / "absent"))
    with pytest.raises(UsageError, match="none was given"):
        train("cavp", *run)
