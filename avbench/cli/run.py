"""``avbench run``: a model on tasks, to result documents."""

import json
from pathlib import Path
from typing import Any

import click

from avbench.boards.tables import result_text
from avbench.cli.options import KeyValues, NamedFiles, json_option, merged, plugin_option, print_json
from avbench.cli.progress import progress_to_stderr
from avbench.errors import AvbenchError, TasksFailed
from avbench.requests import RunRequest
from avbench.runner import Finished, run
from avbench.runs.job import Report
from avbench.store import cache_folder

_PAIRS = KeyValues()
_FOLDER = click.Path(file_okay=False, path_type=Path)


class Budget(click.ParamType):
    """A count of clips, or a fraction of them if it has a decimal point."""

    name = "n|fraction"

    def convert(
        self, value: str | int | float, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | float:
        """Read ``3`` as a count and ``0.05`` as a fraction."""
        if not isinstance(value, str):
            return value
        try:
            budget = int(value) if value.isdigit() else float(value)
        except ValueError:
            budget = -1
        if not (isinstance(budget, int) or 0 <= budget <= 1) or budget < 0:
            self.fail(f"{value!r} is neither a count (3) nor a fraction (0.05)", param, ctx)
        return budget


@click.command("run")
@click.option("--model", required=True, metavar="NAME", help="The model: `avbench list models`.")
@click.option(
    "--task",
    "tasks",
    required=True,
    multiple=True,
    metavar="NAME",
    help="The task; several by a,b or repeated.",
)
@click.option(
    "--model-args", type=_PAIRS, multiple=True, help="Passed to the model: config=small,weights=PATH."
)
@click.option("--dataset-args", type=_PAIRS, multiple=True, help="Laid over the task's own.")
@click.option("--list", "listed", metavar="FILE|NAME", help="Which clips: a list of the dataset's authors.")
@click.option("--subset", metavar="NAME", help="Which of them: a list that has a name, like cavmae-1545.")
@click.option("--data-root", type=_FOLDER, metavar="DIR", help="Where your own files are.")
@click.option(
    "--output", type=_FOLDER, default=Path("results"), metavar="DIR", help="Where results are written."
)
@click.option(
    "--limit", type=click.IntRange(min=2), metavar="N", help="Only the first N clips; kept off boards."
)
@click.option("--device", default="auto", metavar="auto|cpu|cuda", help="Where the model computes.")
@click.option("--batch-size", type=click.IntRange(min=1), default=8, help="Clips embedded at once.")
@click.option("--workers", type=click.IntRange(min=0), help="Decoding processes.  [default: one a core]")
@click.option("--seed", type=int, default=0, help="Seeds the intervals.")
@click.option("--fail-on-error", type=Budget(), help="Exit with 7 if more clips fail: a count or 0.05.")
@click.option(
    "--embedder",
    "embedders",
    type=NamedFiles(),
    multiple=True,
    help="Generation: where the weights of an embedder are; one that the task does not name is added.",
)
@click.option(
    "--judge",
    "judges",
    type=NamedFiles(),
    multiple=True,
    help="Generation: also have this judge sounds beside their pictures; PATH is where its weights are.",
)
@click.option(
    "--reference",
    "references",
    type=NamedFiles(),
    multiple=True,
    metavar="EMBEDDER=FILE",
    help="Generation: also the distance from these statistics of other sounds (`avbench stats build`).",
)
@click.option(
    "--allow-download",
    is_flag=True,
    help="Fetch weights of embedders and judges that are not there from their publisher.",
)
@click.option(
    "--page",
    type=_FOLDER,
    metavar="DIR",
    help="Also write a page: curves, and clips to see and hear; of all tasks but retrieval.",
)
@click.option(
    "--page-clips", type=click.IntRange(min=1), default=12, metavar="N", help="Clips it shows, best to worst."
)
@click.option("--recompute", is_flag=True, help="Compute everything anew, replacing what is kept.")
@plugin_option
@json_option
@click.option("--quiet", is_flag=True, help="No progress, no table: only the path of each result.")
def command(
    tasks: tuple[str, ...], plugins: tuple[str, ...], as_json: bool, quiet: bool, **options: Any
) -> None:
    """Run a model on tasks and record a result for each.

    What was computed is kept: the same command goes on where it was interrupted, and is quick a second time.
    A task that fails stops no other: what failed, and why, is said at the end.
    With --limit the result is marked and kept off leaderboards.

    \b
    Examples:
      avbench run --model gmscavp --task avsynth-retrieval
      avbench run --model gmscavp --task folder-retrieval --data-root ~/videos
      avbench run --model gmscavp --task vggsound-retrieval --data-root ~/vggsound --list test.csv
      avbench run --model gmscavp --task avsynth-v2a --embedder yamnet
      avbench run --model gmscavp --task avsynth-v2a --judge av-align
      avbench run --model gmscavp --task folder-v2a --data-root ~/videos --reference vggish=FILE
      avbench run --model gmscavp --task avsynth-v2a --page page
      avbench run --model oracle --task avsynth-sync --page page
      avbench run --model oracle --task avsynth-counterfactuals --page page
      avbench run --model cavp --task avsynth-alignment --page page
      avbench run --model mine --plugin mine.py --task avsynth-retrieval --limit 16 --json
    """
    from avbench.plugins import registry

    for name in ("model_args", "dataset_args"):
        options[name] = merged(options[name])
    shorthands = {"list": options.pop("listed"), "subset": options.pop("subset")}
    options["dataset_args"] |= {name: given for name, given in shorthands.items() if given}
    options |= {name: dict(options[name]) for name in ("embedders", "judges", "references")}
    if bare := [name for name, path in options["references"].items() if path is None]:
        raise click.BadParameter(f"{bare[0]!r} names no file: give EMBEDDER=FILE", param_hint="--reference")
    request = RunRequest(tasks=split_names(tasks), **options)
    finished: list[Finished] = []
    failed: TasksFailed | None = None
    with progress_to_stderr(quiet=quiet) as progress:
        report = Report(say=lambda line: None if quiet else click.echo(line, err=True), progress=progress)
        try:
            for each in run(registry.load(plugins), request, cache_folder(), report):
                finished.append(each)
                if not as_json:
                    click.echo(each.path if quiet else _told(each))
        except TasksFailed as error:
            failed = error
    if as_json:
        documents = [json.loads(each.result.model_dump_json()) for each in finished]
        print_json(documents[0] if len(request.tasks) == 1 else documents)
    if failed:
        raise failed
    _fail_over_budget(finished)


def _told(finished: Finished) -> str:
    page = f"page: {finished.page}\n" if finished.page else ""
    return f"{result_text(finished.result)}\nresult: {finished.path}\n{page}"


def split_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of a repeated option that also takes ``a,b``, each once."""
    parts = [part.strip() for name in names for part in name.split(",")]
    return tuple(dict.fromkeys(part for part in parts if part))


def _fail_over_budget(finished: list[Finished]) -> None:
    over: list[AvbenchError] = [each.over_budget for each in finished if each.over_budget]
    if over:
        raise over[0]
