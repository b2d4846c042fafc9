"""``avbench list``: what the plugins contribute."""

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from avbench.cli import COMMANDS
from avbench.cli.options import json_option, plugin_option, print_json
from avbench.errors import PluginError
from avbench.judges.judge import JudgeRecord
from avbench.plugins import registry
from avbench.plugins.candidates import Origin
from avbench.plugins.discovery import HOOKS, Plugin, Problem
from avbench.plugins.registry import Catalogue, Registry
from avbench.records import EmbedderRecord, ModelRecord
from avbench.specs import TaskSpec

KINDS = ("models", "tasks", "datasets", "metrics", "embedders", "judges", "plugins")


@click.command("list")
@click.argument("kind", type=click.Choice(KINDS), required=False)
@plugin_option
@json_option
def command(kind: str | None, plugins: tuple[str, ...], as_json: bool) -> None:
    """List models, tasks, datasets, metrics, embedders, judges and plugins, or one KIND of them.

    \b
    Examples:
      avbench list
      avbench list models --json
      avbench list models --plugin mymodel.py
    """
    found = registry.load(plugins)
    kinds = [kind] if kind else list(KINDS)
    if as_json:
        print_json({name: described(found, name) for name in kinds} | {"problems": problems(found)})
        return
    for name in kinds:
        rows = plugin_rows(found) if name == "plugins" else _rows(catalogue(found, name))
        print_section(name, rows)
    print_problems(found)


def catalogue(found: Registry, kind: str) -> Catalogue[Any]:
    """Return the catalogue of one of :data:`KINDS` but ``plugins``."""
    return {f"{each.kind}s": each for each in found.catalogues()}[kind]


def described(found: Registry, kind: str) -> list[dict[str, Any]]:
    """Return the records of one kind as JSON values, each with its origin."""
    if kind == "plugins":
        return [_plugin(plugin) for plugin in found.plugins]
    return [
        describe(record, catalogue(found, kind).origin(record_name(record)))
        for record in catalogue(found, kind)
    ]


def describe(record: Any, origin: Origin) -> dict[str, Any]:
    """Return a record as JSON values: what can be called is left out, where it comes from is added."""
    values = {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}
    plain = {name: _plain(value) for name, value in values.items() if not callable(value)}
    kind = {"kind": record.kind} if isinstance(record, TaskSpec) else {}
    return plain | kind | {"origin": dataclasses.asdict(origin)}


def record_name(record: Any) -> str:
    """Return what a record is called: its ``name``, or the ``id`` of a metric."""
    return str(getattr(record, "name", None) or record.id)


def problems(found: Registry) -> list[dict[str, Any]]:
    """Return what is wrong with the plugins as JSON values."""
    return [
        {"message": problem.error.message, "hint": problem.error.hint}
        | {"origin": dataclasses.asdict(problem.origin), "traceback": problem.traceback}
        for problem in _all_problems(found)
    ]


def plugin_rows(found: Registry) -> list[tuple[str, str]]:
    """Return name and contents of each plugin in use."""
    return [(plugin.origin.plugin, _contents(found, plugin)) for plugin in found.plugins]


def print_problems(found: Registry, *, traceback: bool = False) -> None:
    """Print what is wrong with the plugins to standard error, if anything is."""
    for problem in _all_problems(found):
        click.echo(f"warning: {problem.error.message}\n   hint: {problem.error.hint}", err=True)
        if traceback and problem.traceback:
            click.echo(_indented(problem), err=True)


def _all_problems(found: Registry) -> list[Problem]:
    """Return what is wrong with the plugins, commands that are hidden by avbench's own among it."""
    hidden = [record_name(each) for each in found.commands if record_name(each) in COMMANDS]
    return [*found.problems, *(_hidden(name, found.commands.origin(name)) for name in hidden)]


def _hidden(name: str, origin: Origin) -> Problem:
    error = PluginError(
        f"The command {name!r} of {origin} is never reached: avbench has one of that name.",
        hint="Rename the plugin's command.",
    )
    return Problem(origin=origin, error=error)


def _indented(problem: Problem) -> str:
    return "\n".join(f"   {line}" for line in problem.traceback.splitlines())


def print_section(title: str, rows: list[tuple[str, str]]) -> None:
    """Print a titled list of names and what is to be said of each."""
    formatter = click.HelpFormatter(width=min(click.get_current_context().terminal_width or 100, 110))
    with formatter.section(f"{title.capitalize()} ({len(rows)})"):
        if rows:
            formatter.write_dl(rows, col_max=34)
    click.echo(formatter.getvalue())


def _rows(records: Catalogue[Any]) -> list[tuple[str, str]]:
    return [(record_name(record), _line(record, records.origin(record_name(record)))) for record in records]


def _line(record: Any, origin: Origin) -> str:
    remarks: list[str] = []
    if isinstance(record, ModelRecord):
        remarks += [*record.capabilities, *(["gives a scale, no contestant"] if record.scale_row else [])]
    if isinstance(record, EmbedderRecord | JudgeRecord):
        remarks += [f"needs {name}" for name in record.requires]
        remarks += ["weights to be fetched"] if record.checkpoint and not record.shipped else []
    if isinstance(record, TaskSpec):
        remarks += [record.kind, f"dataset {record.dataset}", f"version {record.version}"]
    if origin.distribution != "avbench":
        remarks.append(f"from {origin.distribution or origin.path} {origin.version}".rstrip())
    return record.summary + (f" [{'; '.join(remarks)}]" if remarks else "")


def _contents(found: Registry, plugin: Plugin) -> str:
    counts = ", ".join(f"{n} {kind}" for kind, n in _counts(found, plugin.origin))
    origin = plugin.origin
    where = f"{origin.distribution} {origin.version}" if origin.distribution else origin.path
    return f"{where}: {counts or 'nothing'}"


def _counts(found: Registry, origin: Origin) -> Iterable[tuple[str, int]]:
    for each in (*found.catalogues(), found.commands):
        n = sum(each.origin(record_name(record)) is origin for record in each)
        if n:
            yield (f"{each.kind}s" if n > 1 else each.kind), n


def _plugin(plugin: Plugin) -> dict[str, Any]:
    hooks = [name for name in HOOKS if name in plugin.hooks]
    return {"name": plugin.origin.plugin, "hooks": hooks, "origin": dataclasses.asdict(plugin.origin)}


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(each) for name, each in dataclasses.asdict(value).items()}
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items() if not callable(each)}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value
