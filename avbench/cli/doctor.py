"""``avbench doctor``: what is wrong with this machine, and what to do about it."""

import dataclasses
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from avbench.cli.options import json_option, plugin_option, print_json
from avbench.errors import AvbenchError

if TYPE_CHECKING:
    from avbench.doctor import Finding

MARKS = {"ok": "[green]ok[/]", "warning": "[yellow]warning[/]", "error": "[red]error[/]"}


@click.command("doctor")
@plugin_option
@json_option
def command(plugins: tuple[str, ...], as_json: bool) -> None:
    """Check this machine: packages, decoder, device, disk, plugins.

    Codecs, sound against picture, and decoder processes are tried on clips made for it, in about ten seconds.
    Exits with 1 if something that a run needs is broken; warnings alone exit with 0.

    \b
    Examples:
      avbench doctor
      avbench doctor --json
    """
    from rich.console import Console

    from avbench.doctor import examine
    from avbench.store import cache_folder

    with Console(stderr=True).status("Looking at this machine …"):
        findings = list(examine(cache_folder(), plugins))
    broken = [finding.check for finding in findings if finding.status == "error"]
    if as_json:
        print_json({"ok": not broken, "checks": [dataclasses.asdict(finding) for finding in findings]})
    else:
        _print_table(findings)
    if broken:
        raise AvbenchError(
            f"This machine cannot run avbench: {', '.join(broken)}.",
            hint="Do what stands beside each error above, then run `avbench doctor` again.",
        )


def _print_table(findings: "Sequence[Finding]") -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    for column in ("status", "check"):
        table.add_column(column, no_wrap=True)
    table.add_column("detail")
    for finding in findings:
        remedy = f"\n[bold]→ {escape(finding.hint)}[/]" if finding.hint else ""
        table.add_row(MARKS[finding.status], escape(finding.check), escape(finding.detail) + remedy)
    Console(width=None if sys.stdout.isatty() else 140, highlight=False).print(table)
