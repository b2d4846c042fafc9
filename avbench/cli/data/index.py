"""``avbench data index``: what is on disk."""

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from avbench.cli.options import json_option, print_json
from avbench.cli.progress import progress_to_stderr

if TYPE_CHECKING:
    from avbench.index.scan import Scan


@click.command("index")
@click.argument("root", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The Parquet file to write.  [default: in the cache folder, named for ROOT]",
)
@click.option("--workers", type=click.IntRange(min=1), help="Probing processes.  [default: one a core]")
@click.option("--no-digests", is_flag=True, help="Do not read whole files for their SHA-256.")
@click.option("--retry", is_flag=True, help="Probe again what could not be opened before.")
@json_option
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    root: Path,
    out: Path | None,
    workers: int | None,
    no_digests: bool,
    retry: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Index the media files below ROOT: length, streams, rates, sizes, start times and digest of each.

    The same command again probes only what is new or changed, and goes on where it was interrupted.

    \b
    Examples:
      avbench data index /data/vggsound
      avbench data index clips --out clips.parquet --no-digests
    """
    from avbench.index.scan import default_path, scan

    path = out if out is not None else default_path(root.resolve())
    with progress_to_stderr(quiet=quiet) as progress:
        found = scan(
            root,
            path,
            progress,
            processes=workers or os.cpu_count() or 1,
            digests=not no_digests,
            retry=retry,
        )
    if as_json:
        print_json(_document(found))
    else:
        _print(found)


def _document(found: "Scan") -> dict[str, Any]:
    counts = {"files": len(found.entries), "bytes": _size(found), "probed": found.probed}
    return {
        "index": str(found.path),
        **counts,
        "removed": found.removed,
        "failed": _failed(found),
        "notes": found.notes,
    }


def _print(found: "Scan") -> None:
    from avbench.pages.text import counted

    size = f"{_size(found) / 1e6:.1f} MB"
    click.echo(
        f"{counted(len(found.entries), 'file')}, {size}: {found.probed} probed, {found.removed} removed"
    )
    for reason, count in sorted(_failed(found).items()):
        click.echo(f"  {reason}: {count}")
    for note in found.notes:
        click.echo(f"  {note}")
    click.echo(f"index: {found.path}")


def _size(found: "Scan") -> int:
    return sum(entry.bytes for entry in found.entries)


def _failed(found: "Scan") -> dict[str, int]:
    return dict(Counter(entry.reason for entry in found.entries if entry.reason))
