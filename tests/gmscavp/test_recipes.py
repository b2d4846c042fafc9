"""The bundled recipes: each is read, fits the config it names, and trains on the real clips."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from avbench.cli.train import command
from avbench.training.choice import ARGUMENTS
from avbench.training.recipes import read_recipe
from gmscavp.plugin import FAMILY, RECIPES
from tests.datasets.tars import write_tar

NAMES = ("audioset-vggsound", "panda70m", "vggsound")
OVERRIDES = "batch_clips=4,val_clips=2,compile=false,log_every=1,warmup=1,workers=1,seconds=4,gap_seconds=0.8"


def manifest(source: Path, target: Path) -> None:
    """Lay out clips as the guide says: a folder with a table."""
    target.mkdir(parents=True)
    rows = ["id,path"]
    for path in sorted(source.glob("*.mp4"))[:8]:
        shutil.copy(path, target)
        rows.append(f"{path.stem},{path.name}")
    (target / "train.csv").write_text("\n".join(rows))


def shards(source: Path, target: Path) -> None:
    """Lay out clips as the guide says: tars with side-cars that name the video."""
    clips = sorted(source.glob("*.mp4"))[:12]
    for shard in range(3):
        members: dict[str, bytes] = {}
        for row, path in enumerate(clips[shard::3]):
            key = f"{shard:05}{row:02}_00000"
            members[f"{key}.mp4"] = path.read_bytes()
            members[f"{key}.json"] = json.dumps({"url": path.name[:11]}).encode()
        write_tar(target / f"{shard:05}.tar", members)


LAYOUTS: dict[str, dict[str, tuple[str, Callable[[Path, Path], None]]]] = {
    "vggsound": {"vggsound": ("vggsound", manifest)},
    "audioset-vggsound": {"vggsound": ("vggsound", manifest), "audioset": ("other", manifest)},
    "panda70m": {"panda70m": ("panda70m", shards)},
}


def test_these_are_the_recipes() -> None:
    assert tuple(sorted(path.stem for path in RECIPES.glob("*.toml"))) == NAMES == tuple(sorted(LAYOUTS))


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_fits_the_config_and_the_processes_it_names(name: str) -> None:
    recipe = read_recipe(str(RECIPES / f"{name}.toml"), {})
    own = {key: value for key, value in recipe.train_args().items() if key not in ARGUMENTS}

    config = FAMILY.config(recipe.config)
    training = FAMILY.training[recipe.config].overridden(own, steps=recipe.steps)

    assert training.batch_clips % recipe.processes == 0
    seconds = float(recipe.train_args()["seconds"])
    frames = round(seconds * config.video.fps) - config.frames
    assert frames >= training.gap_seconds * config.video.fps * (training.segments - 1)
    assert {source.folder for source in recipe.data} == LAYOUTS[name].keys()


@pytest.mark.skipif("AVBENCH_REAL_CLIPS" not in os.environ, reason="AVBENCH_REAL_CLIPS names no real clips")
@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_runs_for_a_few_steps_on_real_clips(name: str, tmp_path: Path) -> None:
    clips = Path(os.environ["AVBENCH_REAL_CLIPS"])
    for folder, (source, layout) in LAYOUTS[name].items():
        layout(clips / source, tmp_path / "root" / folder)
    run = ["--output", str(tmp_path / "run"), "--data-root", str(tmp_path / "root"), "--recipe", name]
    small = ["--config", "small", "--device", "cpu", "--steps", "2", "--train-args", OVERRIDES]

    done = CliRunner().invoke(command, ["gmscavp", *run, *small])

    assert done.exception is None, done.output
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2]
    assert "kept apart for validation" in done.output
