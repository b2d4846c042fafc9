"""``avbench train``: train a model, resumably."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from avbench.cli.options import KeyValues, merged, plugin_option
from avbench.cli.progress import progress_to_stderr
from avbench.errors import UnknownName, UsageError
from avbench.records import ModelRecord
from avbench.requests import TrainRequest

if TYPE_CHECKING:
    from avbench.plugins.registry import Registry
    from avbench.training.recipes import Recipe

_FOLDER = click.Path(file_okay=False, path_type=Path)
OWN_WORLD = "avsynth"


@click.command("train")
@click.argument("model")
@click.option("--recipe", metavar="NAME|FILE", help="What to do, in a TOML file; options override it.")
@click.option("--config", metavar="NAME", help="Configuration of the model.  [default: small]")
@click.option(
    "--output",
    required=True,
    type=_FOLDER,
    metavar="DIR",
    help="Where the run lives; an unfinished run goes on.",
)
@click.option("--steps", type=click.IntRange(min=1), metavar="N", help="Steps.  [default: the config's]")
@click.option("--device", metavar="cpu|cuda", help="Where to train.  [default: cpu]")
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Seeds weights and data.")
@click.option(
    "--dataset", metavar="NAME", help="What to train on: `avbench list datasets`.  [default: avsynth]"
)
@click.option("--data-root", type=_FOLDER, metavar="DIR", help="Where your own files are.")
@click.option("--dataset-args", type=KeyValues(), multiple=True, help="Passed to the dataset.")
@click.option(
    "--train-args",
    type=KeyValues(),
    multiple=True,
    help="Passed to the model: clips=3200,difficulty=hard,learning_rate=1e-3.",
)
@click.option("--prepare", is_flag=True, help="Only render or decode the data.")
@plugin_option
@click.option("--quiet", is_flag=True, help="No progress: only the path of the weights.")
def command(model: str, plugins: tuple[str, ...], quiet: bool, **given: Any) -> None:
    """Train MODEL into DIR.

    Ctrl-C keeps everything up to the last step; the same command goes on from there.

    \b
    Examples:
      avbench train gmscavp --output runs/gmscavp
      avbench train gmscavp --output runs/mine --dataset folder --data-root ~/videos
      avbench train gmscavp --output runs/vggsound --recipe vggsound --data-root /data
      avbench train cavp --output runs/cavp --steps 500 --train-args clips=1600,workers=2
      torchrun --nproc-per-node 8 -m avbench train gmscavp --output runs/gmscavp --device cuda
    """
    from avbench.plugins import registry

    # Of the processes that torchrun starts for one run, the first speaks for all.
    first = os.environ.get("RANK", "0") == "0"
    quiet = quiet or not first
    found = registry.load(plugins)
    record = found.models.get(model)
    if record.train is None:
        raise UsageError(f"The model {model!r} cannot be trained.", hint="Try gmscavp or cavp.")
    request = request_from(given, record.recipes, found, _speaker(quiet))
    with progress_to_stderr(quiet=quiet) as progress:
        record.train(request, progress)
    if request.prepare:
        return
    weights = request.output / "weights.safetensors"
    if first:
        click.echo(weights)
    if not quiet and _can_run(record, request.config):
        click.echo(
            f"run it: avbench run --model {model} --model-args config={request.config},weights={weights} "
            "--task avsynth-retrieval",
            err=True,
        )


def _can_run(record: ModelRecord, config: str) -> bool:
    """Say whether a config is a model of its own, and not a part of one."""
    try:
        record.inputs_for({"config": config})
    except UnknownName:
        return False
    return True


def request_from(
    given: Mapping[str, Any], recipes: Mapping[str, Path], found: "Registry", say: Callable[[str], None]
) -> TrainRequest:
    """Return what is asked of the model: what a recipe says, and over it what the options say.

    Args:
        given: The options, ``None`` or empty where they are not given.
        recipes: Those of the model, by name.
        found: Where datasets are looked up.
        say: Told what is worth a line.
    """
    from avbench.training.recipes import Recipe, read_recipe

    recipe = read_recipe(given["recipe"], recipes) if given["recipe"] else Recipe(summary="none")
    return TrainRequest(
        config=given["config"] or recipe.config or "small",
        output=given["output"],
        steps=given["steps"] or recipe.steps,
        device=given["device"] or recipe.device or "cpu",
        seed=given["seed"],
        args={**recipe.train_args(), **merged(given["train_args"])},
        open_datasets=_named_data(given, recipe, found),
        prepare=given["prepare"],
        say=say,
    )


def _named_data(given: Mapping[str, Any], recipe: "Recipe", found: "Registry") -> Any:
    """Return what opens the datasets that are named, or ``None`` for the model's own world."""
    from avbench.training.recipes import NamedData, Source

    args, root = merged(given["dataset_args"]), given["data_root"]
    sources = (Source(dataset=given["dataset"]),) if given["dataset"] else recipe.data
    if not sources or (len(sources) == 1 and sources[0].dataset == OWN_WORLD):
        if args or root:
            raise UsageError(
                "avsynth is rendered for training, not read from files.",
                hint="Choose it by --train-args difficulty=…, or name a dataset by --dataset.",
            )
        return None
    records = [found.datasets.get(source.dataset) for source in sources]
    return NamedData(sources=sources, records=records, root=root, args=args)


def _speaker(quiet: bool) -> Callable[[str], None]:
    """Return what says a line on standard error, or nothing."""
    return lambda line: None if quiet else click.echo(line, err=True)
