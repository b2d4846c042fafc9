"""Options that several commands share, and how they print JSON."""

import json
from typing import Any

import click

plugin_option = click.option(
    "--plugin",
    "plugins",
    multiple=True,
    metavar="FILE|MODULE",
    help="Also load this plugin: a Python file or an importable module. Repeatable.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


def print_json(document: Any) -> None:
    """Print one strict JSON document; NaN is refused, as everywhere."""
    click.echo(json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False))
