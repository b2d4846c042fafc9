"""Options that several commands share, and how they print JSON."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
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


class KeyValues(click.ParamType):
    """``key=value,key=value`` as a mapping; the option may be repeated."""

    name = "k=v,k=v"

    def convert(
        self, value: str | dict[str, str], param: click.Parameter | None, ctx: click.Context | None
    ) -> dict[str, str]:
        """Split at commas and at the first ``=`` of each part."""
        if isinstance(value, dict):
            return value
        pairs = [part.partition("=") for part in value.split(",") if part.strip()]
        for key, equals, _ in pairs:
            if not (key.strip() and equals):
                self.fail(f"{value!r} is not key=value,key=value", param, ctx)
        return {key.strip(): each.strip() for key, _, each in pairs}


class NamedFiles(click.ParamType):
    """``NAME`` or ``NAME=PATH``; the option may be repeated."""

    name = "name[=path]"

    def convert(
        self, value: str | tuple[str, Path | None], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Path | None]:
        """Split at the first ``=``."""
        if isinstance(value, tuple):
            return value
        name, equals, path = value.partition("=")
        if not name.strip() or (equals and not path.strip()):
            self.fail(f"{value!r} is neither NAME nor NAME=PATH", param, ctx)
        return name.strip(), Path(path.strip()) if equals else None


def merged(parts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the pairs of a repeated :class:`KeyValues` option; later ones win."""
    return {key: value for part in parts for key, value in part.items()}
