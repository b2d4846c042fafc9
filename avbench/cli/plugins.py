"""``avbench plugins``: which plugins there are, and whether a model keeps the contract."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import click

from avbench.cli import listing
from avbench.cli.options import KeyValues, json_option, merged, plugin_option, print_json
from avbench.errors import ModelError
from avbench.plugins import registry

if TYPE_CHECKING:
    from avbench.checks.verdicts import Check

COLOURS = {"pass": "green", "fail": "red", "skip": "yellow"}


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


@command.command("check")
@click.argument("name")
@click.option("--model-args", type=KeyValues(), multiple=True, help="Passed to the model: config=small.")
@click.option("--device", default="auto", metavar="auto|cpu|cuda", help="Where the model computes.")
@plugin_option
@json_option
def check(
    name: str, model_args: tuple[Mapping[str, str], ...], device: str, plugins: tuple[str, ...], as_json: bool
) -> None:
    """Check the model NAME against the contract, on made clips: no dataset is needed.

    Tried are: import without torch and loading; then, of every capability that the model declares, what it
    returns: embeddings, sounds, scores of offsets, logits of pairs. Shapes and types, finite values (a black
    and silent clip included), something else for another clip, the same for the same clip (again, alone, in
    another order), another length. Exits with 5 if one fails.

    \b
    Examples:
      avbench plugins check gmscavp
      avbench plugins check mine --plugin mymodel.py
    """
    from avbench.checks.conformance import check_model
    from avbench.requests import RunRequest
    from avbench.resolve import choose_device, resolve_model

    request = RunRequest(model=name, tasks=(), model_args=merged(model_args))
    contestant = resolve_model(registry.load(plugins), request)
    where, _ = choose_device(device)
    if not as_json:
        click.echo(f"{name}, {contestant.origin}, on {where}\n")
    checks = _told(check_model(contestant, where, plugins), as_json=as_json)
    failed = sum(each.verdict == "fail" for each in checks)
    if as_json:
        print_json(
            {"model": name, "passed": not failed, "checks": [dataclasses.asdict(each) for each in checks]}
        )
    if failed:
        raise ModelError(
            f"The model {name!r} breaks the contract in {failed} of {len(checks)} checks.",
            hint="Mend what is marked fail; docs/write-a-model-plugin.md says what a model returns.",
        )
    if not as_json:
        skipped = sum(each.verdict == "skip" for each in checks)
        rest = f" (without meaning here, or in need of data: {skipped} more)" if skipped else ""
        of = ", ".join(contestant.record.capabilities)
        click.echo(f"\n{name} keeps the contract of {of} in {len(checks) - skipped} checks{rest}.")


def _told(checks: "Iterable[Check]", *, as_json: bool) -> "list[Check]":
    done: list[Check] = []
    for each in checks:
        done.append(each)
        if not as_json:
            click.echo(
                f"  {click.style(each.verdict, fg=COLOURS[each.verdict])}  {each.name:<24} {each.said}"
            )
            if each.remedy:
                click.echo(f"        {'':<24} → {each.remedy}")
    return done
