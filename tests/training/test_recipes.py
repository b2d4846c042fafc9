"""A recipe is a TOML file with known keys; the command line lays its own over it."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from avbench.cli.train import command, request_from
from avbench.errors import AvbenchError, UnknownName, UsageError
from avbench.plugins import registry
from avbench.requests import TrainRequest
from avbench.training.recipes import NamedData, Recipe, read_recipe
from tests.training.clips import silent_progress

WHOLE = """
summary = "Mine."
config = "base"
steps = 7
device = "cuda"
processes = 2

[[data]]
dataset = "folder"
folder = "one"

[[data]]
dataset = "manifest"
folder = "two"
args = { manifest = "train.csv" }

[train]
batch_clips = 4
learning_rate = 1e-3
compile = true
precision = "fp32"
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(WHOLE)
    return path


def asked(recipe: Path | str, *args: str) -> TrainRequest:
    """Return what the options come to, without training anything."""
    context = command.make_context("train", ["any", "--output", "run", "--recipe", str(recipe), *args])
    given = {key: value for key, value in context.params.items() if key not in ("model", "plugins", "quiet")}
    return request_from(given, {"mine": Path(recipe)}, registry.load(), print)


def test_a_recipe_says_what_to_do(recipe: Path) -> None:
    request = asked(recipe)

    assert (request.config, request.steps, request.device) == ("base", 7, "cuda")
    assert request.args == {
        "batch_clips": "4", "learning_rate": "0.001", "compile": "true", "precision": "fp32",
    }  # fmt: skip
    assert isinstance(request.open_datasets, NamedData)
    assert [source.dataset for source in request.open_datasets.sources] == ["folder", "manifest"]


def test_options_override_it(recipe: Path) -> None:
    request = asked(
        recipe, "--config", "small", "--steps", "3", "--device", "cpu", "--train-args", "compile=false,ema=0"
    )

    assert (request.config, request.steps, request.device) == ("small", 3, "cpu")
    assert (request.args["compile"], request.args["ema"], request.args["batch_clips"]) == ("false", "0", "4")
    other = asked(recipe, "--dataset", "folder", "--data-root", "x").open_datasets
    assert isinstance(other, NamedData)
    assert [(source.dataset, source.folder) for source in other.sources] == [("folder", "")]


def test_its_datasets_lie_in_folders_below_the_root_and_are_trained_on_as_one(
    recipe: Path, tmp_path: Path, tiny_clips: Path
) -> None:
    (tmp_path / "one").symlink_to(tiny_clips, target_is_directory=True)
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "train.csv").write_text("id,path\na,a.mp4\n")

    request = asked(recipe, "--data-root", str(tmp_path))

    assert request.open_datasets is not None
    one, two = request.open_datasets(silent_progress)
    assert (one.name, len(one.clips), two.name, len(two.clips)) == ("folder", 12, "manifest", 1)


def test_dataset_arguments_are_laid_over_those_of_each_dataset(tmp_path: Path) -> None:
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "other.csv").write_text("id,path\nb,b.mp4\n")
    path = tmp_path / "mine.toml"
    path.write_text(WHOLE.replace('[[data]]\ndataset = "folder"\nfolder = "one"', ""))

    request = asked(path, "--data-root", str(tmp_path), "--dataset-args", "manifest=other.csv")

    assert request.open_datasets is not None
    assert [clip.id for clip in request.open_datasets(silent_progress)[0].clips] == ["b"]


def test_a_recipe_is_found_by_its_name(recipe: Path) -> None:
    assert read_recipe("mine", {"mine": recipe}) == read_recipe(str(recipe), {})


def test_a_recipe_that_there_is_not_suggests_the_nearest(recipe: Path) -> None:
    with pytest.raises(UnknownName, match="no recipe or file named 'mime'") as raised:
        read_recipe("mime", {"mine": recipe})

    assert "Did you mean 'mine'?" in raised.value.hint


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("steps = 7", "stepz = 7"), "wrong key 'stepz': Extra inputs are not permitted"),
        (('folder = "one"', 'root = "one"'), "wrong key 'data.0.root'"),
        (("steps = 7", "steps = 0"), "wrong key 'steps'"),
        (("steps = 7", 'steps = "many"'), "wrong key 'steps'"),
        (('summary = "Mine."', ""), "wrong key 'summary': Field required"),
        (("batch_clips = 4", "batch_clips = [4]"), "wrong key 'train.batch_clips"),
        (("steps = 7", "steps = "), "cannot be read"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused(recipe: Path, change: tuple[str, str], said: str) -> None:
    recipe.write_text(WHOLE.replace(*change))

    with pytest.raises(UsageError, match=said):
        read_recipe(str(recipe), {})


def test_a_recipe_that_is_no_text_is_refused(recipe: Path) -> None:
    recipe.write_bytes(b"\xff\xfe")

    with pytest.raises(UsageError, match="cannot be read"):
        read_recipe(str(recipe), {})


def refused(*args: str) -> AvbenchError:
    done: Any = CliRunner().invoke(command, list(args))
    assert isinstance(done.exception, AvbenchError), done.output
    return done.exception


def test_an_unknown_dataset_of_a_recipe_or_an_option_is_an_error(recipe: Path, tmp_path: Path) -> None:
    recipe.write_text(WHOLE.replace('dataset = "folder"', 'dataset = "foldr"'))
    run = ["--output", str(tmp_path / "run")]

    for error in (
        refused("gmscavp", "--recipe", str(recipe), *run),
        refused("gmscavp", "--dataset", "foldr", *run),
    ):
        assert isinstance(error, UnknownName)
        assert error.message == "There is no dataset named 'foldr'."
        assert "Did you mean 'folder'?" in error.hint


def test_the_own_world_takes_no_files(tmp_path: Path) -> None:
    error = refused("gmscavp", "--dataset", "avsynth", "--data-root", "x", "--output", str(tmp_path / "run"))

    assert isinstance(error, UsageError)
    assert "not read from files" in error.message
    assert Recipe(summary="none").train_args() == {}
