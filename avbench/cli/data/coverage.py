"""``avbench data coverage``: how much of a list is on disk."""

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from avbench.cli.options import json_option, print_json
from avbench.cli.progress import progress_to_stderr

if TYPE_CHECKING:
    from avbench.index.coverage import Share


@click.command("coverage")
@click.argument("dataset")
@click.argument("root", type=click.Path(path_type=Path))
@click.option("--list", "asked", metavar="FILE|NAME", help="What is asked for: a csv of the authors.")
@click.option("--subset", metavar="NAME", help="A known list within it: `avbench data lists`.")
@click.option(
    "--seconds", type=click.FloatRange(min=0, min_open=True), default=10.0, help="How long a clip must last."
)
@click.option(
    "--classes",
    type=click.IntRange(min=0),
    default=10,
    metavar="N",
    help="Show the N classes that lack most.",
)
@json_option
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    dataset: str,
    root: Path,
    asked: str | None,
    subset: str | None,
    seconds: float,
    classes: int,
    as_json: bool,
    quiet: bool,
) -> None:
    """Say how much of a list of DATASET is below ROOT and fit to be used, and which classes lack most.

    The index of ROOT is brought up to date first; nothing else is decoded.

    \b
    Examples:
      avbench data coverage vggsound /data/vggsound --list test.csv
      avbench data coverage vggsound /data/vggsound --list test.csv --seconds 8 --json
    """
    from avbench.errors import UsageError
    from avbench.index.coverage import coverage
    from avbench.index.scan import default_path, scan
    from avbench.plugins import registry
    from avbench.records import DatasetRequest
    from avbench.store import cache_folder

    args = {name: value for name, value in (("list", asked), ("subset", subset)) if value}
    record = registry.load().datasets.get(dataset)
    if not record.needs_root:
        raise UsageError(
            f"The dataset {dataset!r} is made, not found: there is nothing to look for below {root}.",
            hint="Name one that is read from your files: `avbench list datasets`.",
        )
    with progress_to_stderr(quiet=quiet) as progress:
        request = DatasetRequest(cache=cache_folder(), root=root, args=args, progress=progress)
        opened = record.open(request)
        place = root.resolve()
        found = scan(root, default_path(place), progress, processes=os.cpu_count() or 1, digests=False)
    entries = {place / entry.path: entry for entry in found.entries}
    name = getattr(opened, "list_name", "") or opened.name
    whole, shares = coverage(opened.clips, entries, name=name, seconds=seconds)
    if as_json:
        print_json({**dataclasses.asdict(whole), "classes": [dataclasses.asdict(each) for each in shares]})
        return
    click.echo(_table([whole, *shares[:classes]], seconds))
    for note in opened.notes:
        click.echo(note)


def _table(shares: "list[Share]", seconds: float) -> str:
    from avbench.boards.tables import one_line, table

    headers = ["", "asked", "found", "opened", "sound and picture", f"{seconds:g} s long", "share (%)"]
    rows = [
        [
            one_line(each.name).replace("|", "¦"),
            *(str(count) for count in dataclasses.astuple(each)[1:]),
            f"{100 * each.long_enough / each.asked:.1f}",
        ]
        for each in shares
    ]
    return table(headers, rows)
