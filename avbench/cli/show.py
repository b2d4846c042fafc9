"""``avbench show``: one result, model, task, dataset, embedder or judge in full."""

import dataclasses
import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from avbench.cli.listing import describe, record_name
from avbench.cli.options import json_option, plugin_option, print_json
from avbench.embedders.loading import cached, resolve_network
from avbench.errors import AvbenchError, UnknownName
from avbench.judges.judge import JudgeRecord
from avbench.plugins import registry
from avbench.plugins.raised import guarded
from avbench.records import EmbedderRecord, ModelRecord
from avbench.store import cache_folder


@click.command("show")
@click.argument("what", metavar="FILE|NAME")
@plugin_option
@json_option
def command(what: str, plugins: tuple[str, ...], as_json: bool) -> None:
    """Show a result FILE, or the model, task, dataset, embedder or judge of a NAME.

    \b
    Examples:
      avbench show results/gmscavp/avsynth-retrieval/20260101T120000Z-1a2b3c4d.json
      avbench show gmscavp
      avbench show avsynth-retrieval --json
      avbench show vggish
    """
    if Path(what).is_file() or what.endswith(".json"):
        _show_result(Path(what), as_json=as_json)
        return
    kind, values = _record(what, plugins)
    if as_json:
        print_json({"record": kind} | values)
        return
    click.echo(f"{kind} {what}")
    rows = list(_lines(values))
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        click.echo(f"  {name:<{width}}  {value}")


def _show_result(path: Path, *, as_json: bool) -> None:
    from avbench.boards.tables import result_text
    from avbench.results import archive

    result = archive.read(path)
    if as_json:
        print_json(result.model_dump(mode="json"))
        return
    click.echo(result_text(result))
    origin, run = result.provenance, result.run
    torch = origin.packages.get("torch", "unknown")
    click.echo(
        f"made {run.finished_at} by avbench {origin.avbench} on {origin.device} with torch "
        f"{torch}, {origin.threads} threads, batches of {origin.batch_size}, "
        f"in {sum(run.seconds.values()):.1f} s"
    )


def _record(name: str, plugins: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    found = registry.load(plugins)
    catalogues = (found.models, found.tasks, found.datasets, found.embedders, found.judges)
    for catalogue in catalogues:
        if name in catalogue:
            record = catalogue.get(name)
            return catalogue.kind, describe(record, catalogue.origin(name)) | _more(record)
    known = [record_name(record) for catalogue in catalogues for record in catalogue]
    raise UnknownName("result file, model, task, dataset, embedder or judge", name, known)


def _more(record: Any) -> dict[str, Any]:
    if isinstance(record, ModelRecord):
        return _loaded_plainly(record)
    return _at_hand(record) if isinstance(record, EmbedderRecord | JudgeRecord) else {}


def _at_hand(record: EmbedderRecord | JudgeRecord) -> dict[str, Any]:
    """Return where a network's weights are looked for, and what they are or why it cannot be loaded."""
    told: dict[str, Any] = {}
    if record.checkpoint is not None:
        told["weights"] = str(record.shipped or cached(record.checkpoint, cache_folder()))
    try:
        resolved = resolve_network(record, weights=None, cache=cache_folder(), allow_download=False)
        told["identity"] = dict(resolved.identity)
    except AvbenchError as error:
        told["not_at_hand"] = f"{error.message} {error.hint}"
    return told


def _loaded_plainly(record: ModelRecord) -> dict[str, Any]:
    """Return what a model takes and, without arguments, reads and is."""
    parameters = list(inspect.signature(record.load).parameters.values())[1:]
    told: dict[str, Any] = {
        "model_args": [
            each.name if each.default in (each.empty, None) else f"{each.name}={each.default}"
            for each in parameters
        ]
    }
    try:
        inputs = guarded(record.name, "say what it reads", lambda: record.inputs_for({}))
        told["inputs"] = dataclasses.asdict(inputs)
        if (identity := record.identity) is not None:
            told["identity"] = guarded(record.name, "say what it is", lambda: dict(identity({})))
    except AvbenchError as error:
        told["without_args"] = f"{error.message} {error.hint}"
    return told


def _lines(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield name and value of everything that is set, nested names joined by a dot."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _lines(value, f"{prefix}{name}.")
        elif isinstance(value, list):
            words = (each["id"] if isinstance(each, Mapping) else str(each) for each in value)
            yield f"{prefix}{name}", ", ".join(words) or "–"
        elif value not in (None, ""):
            yield f"{prefix}{name}", str(value)
