"""``avbench leaderboard``: boards from result documents."""

from pathlib import Path

import click

from avbench.boards.pages import as_json as board_as_json
from avbench.boards.pages import page
from avbench.boards.published import read_published
from avbench.boards.ranking import boards, read_entries
from avbench.cli.options import json_option, print_json
from avbench.errors import DataError
from avbench.results import archive
from avbench.store import write_whole

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group("leaderboard")
def command() -> None:
    """Build leaderboards from result documents, and compare two results."""


@command.command("build")
@click.option(
    "--results",
    type=_FOLDER,
    metavar="DIR",
    help="Where the documents are.  [default: OUT/results where there is one, else results]",
)
@click.option(
    "--published",
    type=_FOLDER,
    metavar="DIR",
    help="Where rows that others published are.  [default: OUT/published]",
)
@click.option("--out", type=_FOLDER, default=Path("leaderboards"), metavar="DIR", help="Where boards go.")
@json_option
def build(results: Path | None, published: Path | None, out: Path, as_json: bool) -> None:
    """Write one Markdown page for each task: the same bytes for the same documents.

    Limited and partial results, those of an older spec version and those scored on other clips are kept off
    and named below the board. What others published stands in a section of its own and is not ranked.
    """
    folder = results or next(
        (each for each in (out / "results", Path("results")) if each.is_dir()), Path("results")
    )
    elsewhere = read_published(published or out / "published")
    entries, errors = read_entries(folder) if folder.is_dir() or not elsewhere else ([], [])
    for error in errors:
        click.echo(f"warning: {error.message}", err=True)
    if not (entries or elsewhere):
        raise DataError(
            f"There is no result document under {folder}.",
            hint="Make one by `avbench run`, or name another folder: --results DIR.",
        )
    built = boards(entries, elsewhere)
    for board in built:
        path = out / f"{archive.safe_name(board.task)}.md"
        write_whole(path, page(board, out).encode())
        if not as_json:
            others = f", {board.published.count()} published elsewhere" if board.published else ""
            click.echo(f"{path}: {len(board.rows)} on the board, {len(board.off)} kept off{others}")
    if as_json:
        print_json([board_as_json(board, out) for board in built])


@command.command("compare")
@click.argument("first", type=click.Path(dir_okay=False, path_type=Path), metavar="RESULT")
@click.argument("second", type=click.Path(dir_okay=False, path_type=Path), metavar="RESULT")
@click.option("--seed", type=int, default=0, help="Seeds the resampling.")
@json_option
def compare(first: Path, second: Path, seed: int, as_json: bool) -> None:
    """Test whether the model of the first RESULT does better than that of the second.

    Paired: both are resampled over the same queries, clips or pairs, so what makes one hard cancels out.
    Results that scored different clips of one list are compared on those that both have, and a line says so.
    """
    from dataclasses import asdict

    from avbench.boards.comparison import compare_results, comparison_table, shared

    comparisons = compare_results(first, second, seed=seed)
    if as_json:
        print_json([asdict(each) for each in comparisons])
    else:
        names = (archive.read(first).model.name, archive.read(second).model.name)
        click.echo(comparison_table(comparisons, names))
        if how := shared(first, second):
            click.echo(f"\n{how}")
