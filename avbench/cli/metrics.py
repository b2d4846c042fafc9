"""``avbench metrics``: what a number means, and which published column it equals."""

import re

import click

from avbench.cli.listing import describe, record_name
from avbench.cli.options import json_option, plugin_option, print_json
from avbench.errors import UnknownName
from avbench.plugins import registry
from avbench.plugins.registry import Registry
from avbench.records import MetricRecord

# What an id of a record leaves open: EMBEDDER, the cut-offs of recall@k and recall@kofm, the scale in @s.
_OPEN = re.compile(r"[A-Z]+|(?<=@)(?:k|s(?=\.))|(?<=of)m$")
_LABELS = {"summary": "is", "source": "after", "equals": "equals", "differs": "is not"}


@click.group("metrics")
def command() -> None:
    """Explain what a number means."""


@command.command("explain")
@click.argument("metric", metavar="ID")
@plugin_option
@json_option
def explain(metric: str, plugins: tuple[str, ...], as_json: bool) -> None:
    """Say what the number ID is, and which published column it equals and which it does not.

    \b
    Examples:
      avbench metrics explain fad.vggish
      avbench metrics explain a2v.recall@10
    """
    found = registry.load(plugins)
    record = _record(found, metric)
    if as_json:
        print_json({"asked": metric} | describe(record, found.metrics.origin(record.id)))
        return
    better = "higher" if record.higher_is_better else "lower"
    click.echo(f"{metric} ({record.unit}, {better} is better)")
    for name, label in _LABELS.items():
        if text := getattr(record, name):
            click.echo(f"  {label:<7} {text}")


def _record(found: Registry, metric: str) -> MetricRecord:
    """Return the record of an id: exactly, or with names and numbers in the open places of its id."""
    if metric in found.metrics:
        return found.metrics.get(metric)
    # A name may have a dot: of several ids that fit, the one that says most is meant.
    fitting = [record for record in found.metrics if re.fullmatch(_pattern(record.id), metric)]
    if fitting:
        return max(fitting, key=lambda record: len(_OPEN.sub("", record.id)))
    raise UnknownName("metric", metric, [record_name(each) for each in found.metrics])


def _pattern(record_id: str) -> str:
    parts, places = _OPEN.split(record_id), _OPEN.findall(record_id)
    filled = [r"[\w.:-]+" if place.isupper() else r"\d+" for place in places]
    body = (re.escape(part) + fill for part, fill in zip(parts, [*filled, ""], strict=True))
    # Before it may stand what a score is of: a gallery and a direction; a category changes what it is.
    return r"(?:(?!category\.)\w+\.)*" + "".join(body)
