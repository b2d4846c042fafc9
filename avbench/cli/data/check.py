"""``avbench data check``: what is wrong with the media files of a tree."""

import csv
import io
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from avbench.cli.options import json_option, print_json
from avbench.cli.progress import progress_to_stderr

if TYPE_CHECKING:
    from avbench.index.check import Audit
    from avbench.index.findings import Finding
    from avbench.records import Progress

SHOWN = 3
FLAWED = 1
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("check")
@click.argument("root", type=click.Path(path_type=Path))
@click.option("--list", "asked", metavar="FILE|NAME", help="Also say which clips of this list are missing.")
@click.option("--dataset", default="vggsound", show_default=True, metavar="NAME", help="Whose list it is.")
@click.option("--subset", metavar="NAME", help="The part of the list that is asked for.")
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="How long each clip is to last.")
@click.option("--out", type=_FILE, metavar="CSV", help="Write a line for each thing that is wrong.")
@click.option(
    "--index",
    type=_FILE,
    metavar="FILE",
    help="The index of ROOT, brought up to date.  [default: as `index`]",
)
@click.option("--workers", type=click.IntRange(min=1), help="Decoding processes.  [default: one a core]")
@click.option("--strict", is_flag=True, help="Exit with 1 if anything is wrong.")
@json_option
@click.option("--quiet", is_flag=True, help="No progress.")
@click.pass_context
def command(
    ctx: click.Context,
    root: Path,
    asked: str | None,
    dataset: str,
    subset: str | None,
    seconds: float | None,
    out: Path | None,
    index: Path | None,
    workers: int | None,
    strict: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Decode every media file below ROOT and say what is wrong with it, by the codes of docs/data.md.

    The same command again decodes only what is new or changed, and goes on where it was interrupted.

    \b
    Examples:
      avbench data check /data/vggsound --seconds 10
      avbench data check /data/vggsound --list test.csv --out report.csv
    """
    from avbench.index.check import check
    from avbench.index.scan import default_path, scan

    path = index or default_path(root.resolve())
    processes = workers or os.cpu_count() or 1
    given = {"list": asked, "subset": subset}
    with progress_to_stderr(quiet=quiet) as progress:
        found = scan(root, path, progress, processes=processes)
        absent = _missing(dataset, root, {name: each for name, each in given.items() if each}, progress)
        journal = path.with_name(f"{path.name}.measured.jsonl")
        audit = check(root.resolve(), found.entries, journal, progress, processes=processes, seconds=seconds)
    findings = [*absent, *audit.findings]
    if out is not None:
        _write(out, findings)
    if as_json:
        print_json(_document(audit, findings, found.notes))
    else:
        for line in _lines(audit, findings, found.notes, seconds):
            click.echo(line)
    if strict and findings:
        ctx.exit(FLAWED)


def _missing(dataset: str, root: Path, given: dict[str, str], progress: "Progress") -> "list[Finding]":
    """Return the clips of the list that no file below the root is named for."""
    from avbench.datasets.listed import open_listed
    from avbench.errors import UnknownName
    from avbench.index.findings import Finding
    from avbench.lists.origins import READERS
    from avbench.records import DatasetRequest
    from avbench.store import cache_folder

    if not given:
        return []
    if dataset not in READERS:
        raise UnknownName("dataset of lists", dataset, READERS)
    request = DatasetRequest(cache=cache_folder(), root=root, args=given, progress=progress)
    return [
        Finding(path=clip.id, code="missing", message="No file is named for this clip of the list.")
        for clip in open_listed(dataset, request).clips
        if not clip.path.exists()
    ]


def _by_code(findings: "Sequence[Finding]") -> dict[str, list[str]]:
    """Return the paths under each code that occurs, in the order of the table."""
    from avbench.index.findings import CODES

    paths: dict[str, dict[str, None]] = defaultdict(dict)
    for finding in findings:
        paths[finding.code][finding.path] = None
    return {code: list(paths[code]) for code in CODES if code in paths}


def _document(audit: "Audit", findings: "Sequence[Finding]", notes: Sequence[str]) -> dict[str, Any]:
    return {
        "files": audit.files,
        "decoded": audit.measured,
        "flawed": audit.flawed,
        "counts": {code: len(paths) for code, paths in _by_code(findings).items()},
        "findings": [{"path": each.path, "code": each.code, "message": each.message} for each in findings],
        "notes": list(notes),
    }


def _lines(
    audit: "Audit", findings: "Sequence[Finding]", notes: Sequence[str], seconds: float | None
) -> Iterator[str]:
    from avbench.index.findings import CODES
    from avbench.pages.text import counted

    fine = audit.files - audit.flawed
    yield f"{counted(audit.files, 'file')}, {audit.measured} decoded now: nothing wrong with {fine}"
    for code, paths in _by_code(findings).items():
        more = f", and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
        yield f"{len(paths):6d} {code}: {CODES[code]}"
        yield f"       {', '.join(paths[:SHOWN])}{more}"
    for note in notes:
        yield f"note: {note}"
    if seconds is None:
        yield "note: no length was asked for (--seconds), so nothing is too short"


def _write(path: Path, findings: "Sequence[Finding]") -> None:
    from avbench.store import write_whole

    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["path", "code", "message"])
    rows.writerows([each.path, each.code, each.message] for each in findings)
    write_whole(path, text.getvalue().encode())
