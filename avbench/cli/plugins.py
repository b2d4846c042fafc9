"""``avbench plugins``: which plugins there are, and whether a model keeps the contract."""

import click

from avbench import registry
from avbench.cli import listing
from avbench.cli.options import json_option, plugin_option, print_json


@click.group("plugins")
def command() -> None:
    """List plugins; check a model against the contract."""


@command.command("list")
@plugin_option
@json_option
@click.option("--traceback", is_flag=True, help="Show where a broken plugin fails.")
def list_plugins(plugins: tuple[str, ...], as_json: bool, traceback: bool) -> None:
    """List the plugins in use, what each contributes, and what is wrong with the others."""
    found = registry.load(plugins)
    if as_json:
        print_json({"plugins": listing.described(found, "plugins"), "problems": listing.problems(found)})
        return
    listing.print_section("plugins", listing.plugin_rows(found))
    listing.print_problems(found, traceback=traceback)
