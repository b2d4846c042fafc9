"""``avbench train``: train a model, resumably."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from avbench.cli.options import KeyValues, merged, plugin_option
from avbench.cli.progress import progress_to_stderr
from avbench.errors import UsageError
from avbench.requests import TrainRequest


@click.command("train")
@click.argument("model")
@click.option("--config", default="small", metavar="NAME", help="Configuration of the model.")
@click.option(
    "--output",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where the run lives; an unfinished run goes on.",
)
@click.option("--steps", type=click.IntRange(min=1), metavar="N", help="Steps.  [default: the config's]")
@click.option("--device", default="cpu", metavar="cpu|cuda", help="Where to train.")
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Seeds weights and data.")
@click.option(
    "--train-args",
    type=KeyValues(),
    multiple=True,
    help="Passed to the model: clips=3200,difficulty=hard,learning_rate=1e-3.",
)
@plugin_option
@click.option("--quiet", is_flag=True, help="No progress: only the path of the weights.")
def command(
    model: str,
    config: str,
    output: Path,
    steps: int | None,
    device: str,
    seed: int,
    train_args: tuple[Mapping[str, str], ...],
    plugins: tuple[str, ...],
    quiet: bool,
) -> None:
    """Train MODEL into DIR.

    Ctrl-C keeps everything up to the last step; the same command goes on from there.

    \b
    Examples:
      avbench train gmscavp --output runs/gmscavp
      avbench train cavp --output runs/cavp --steps 500 --train-args clips=1600,workers=2
      torchrun --nproc-per-node 8 -m avbench train gmscavp --output runs/gmscavp --device cuda
    """
    from avbench import registry

    # Of the processes that torchrun starts for one run, the first speaks for all.
    first = os.environ.get("RANK", "0") == "0"
    quiet = quiet or not first
    record = registry.load(plugins).models.get(model)
    if record.train is None:
        raise UsageError(f"The model {model!r} cannot be trained.", hint="Try gmscavp or cavp.")
    request = TrainRequest(
        config=config,
        output=output,
        steps=steps,
        device=device,
        seed=seed,
        args=merged(train_args),
        say=_speaker(quiet),
    )
    with progress_to_stderr(quiet=quiet) as progress:
        record.train(request, progress)
    weights = output / "weights.safetensors"
    if first:
        click.echo(weights)
    if not quiet:
        click.echo(
            f"run it: avbench run --model {model} --model-args config={config},weights={weights} "
            "--task avsynth-retrieval",
            err=True,
        )


def _speaker(quiet: bool) -> Callable[[str], None]:
    """Return what says a line on standard error, or nothing."""
    return lambda line: None if quiet else click.echo(line, err=True)
