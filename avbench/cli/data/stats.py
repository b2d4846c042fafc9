"""``avbench data stats``: what the media files of a tree are like, in numbers."""

import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from avbench.cli.options import json_option, print_json
from avbench.cli.progress import progress_to_stderr

if TYPE_CHECKING:
    from avbench.index.summary import Summary

SHOWN = 5


@click.command("stats")
@click.argument("root", type=click.Path(path_type=Path))
@click.option(
    "--index",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The index of ROOT, brought up to date.  [default: as `index`]",
)
@click.option("--workers", type=click.IntRange(min=1), help="Probing processes.  [default: one a core]")
@json_option
@click.option("--quiet", is_flag=True, help="No progress.")
def command(root: Path, index: Path | None, workers: int | None, as_json: bool, quiet: bool) -> None:
    """Say how long and large the media files below ROOT are, and what streams they have, by their headers.

    \b
    Examples:
      avbench data stats /data/vggsound
      avbench data stats clips --json
    """
    from avbench.index.scan import default_path, scan
    from avbench.index.summary import summarised

    path = index or default_path(root.resolve())
    with progress_to_stderr(quiet=quiet) as progress:
        found = scan(root, path, progress, processes=workers or os.cpu_count() or 1, digests=False)
    summary = summarised(found.entries)
    if as_json:
        print_json({**asdict(summary), "notes": list(found.notes)})
        return
    for line in (*_lines(summary), *(f"note: {note}" for note in found.notes)):
        click.echo(line)


def _lines(summary: "Summary") -> Iterator[str]:
    from avbench.pages.text import counted

    yield f"{counted(summary.files, 'file')}, {summary.bytes / 1e6:.1f} MB, {summary.seconds / 3600:.2f} h"
    yield "streams: " + ", ".join(f"{name} {count}" for name, count in summary.streams.items())
    for name, values in summary.quantiles.items():
        yield f"{name}: " + ", ".join(f"{at} {value:.6g}" for at, value in values.items())
    for name, counts in ((name, counts) for name, counts in summary.counts.items() if counts):
        more = f", and {len(counts) - SHOWN} more" if len(counts) > SHOWN else ""
        listed = ", ".join(f"{value} ({count})" for value, count in list(counts.items())[:SHOWN])
        yield f"files by {name}: {listed}{more}"
