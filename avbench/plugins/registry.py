"""Names to records: what the plugins contribute, looked up, listed, and never mixed up."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from avbench.errors import PluginError, UnknownName
from avbench.judges.judge import JudgeRecord
from avbench.plugins import discovery
from avbench.plugins.candidates import Origin
from avbench.plugins.discovery import Plugin, Problem
from avbench.records import DatasetRecord, EmbedderRecord, MetricRecord, ModelRecord
from avbench.specs import TaskSpec

if TYPE_CHECKING:
    import click

R = TypeVar("R")


class Catalogue(Generic[R]):
    """The records of one kind, by name.

    Iterating gives the records whose name is used once, in the order of their names.

    Args:
        kind: What they are, for messages: ``model``, ``task`` …
        contributed: Records with the plugin each came from.
        problems: Broken plugins; one of them may have been meant to bring a name that is missing.
    """

    def __init__(
        self, kind: str, contributed: Iterable[tuple[R, Origin]], problems: Sequence[Problem] = ()
    ) -> None:
        self.kind = kind
        self._entries: dict[str, list[tuple[R, Origin]]] = {}
        self._problems = problems
        for record, origin in sorted(contributed, key=lambda entry: _name(entry[0])):
            self._entries.setdefault(_name(record), []).append((record, origin))

    def get(self, name: str) -> R:
        """Return the record of this name.

        Raises:
            UnknownName: There is none; the hint names the nearest, and broken plugins if there are any.
            PluginError: Several plugins contribute the name; the message names them all.
        """
        return self._entry(name)[0]

    def origin(self, name: str) -> Origin:
        """Return the plugin that contributed the record of this name; raises as :meth:`get`."""
        return self._entry(name)[1]

    def clashes(self) -> Mapping[str, tuple[Origin, ...]]:
        """Return the names that are contributed more than once, with who contributes them."""
        return {
            name: tuple(origin for _, origin in entries)
            for name, entries in self._entries.items()
            if len(entries) > 1
        }

    def __iter__(self) -> Iterator[R]:
        return (entries[0][0] for entries in self._entries.values() if len(entries) == 1)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def _entry(self, name: str) -> tuple[R, Origin]:
        entries = self._entries.get(name, [])
        if not entries:
            raise self._unknown(name)
        if len(entries) > 1:
            raise clash_error(self.kind, name, [origin for _, origin in entries])
        return entries[0]

    def _unknown(self, name: str) -> UnknownName:
        error = UnknownName(self.kind, name, self._entries)
        if self._problems:
            broken = ", ".join(dict.fromkeys(problem.origin.plugin for problem in self._problems))
            error.hint += (
                f" Broken plugins may have meant to bring it ({broken}): see `avbench plugins list`."
            )
        return error


def clash_error(kind: str, name: str, origins: Sequence[Origin]) -> PluginError:
    """Return the error that names every plugin contributing ``name``."""
    return PluginError(
        f"The {kind} {name!r} is contributed more than once: by {' and by '.join(map(str, origins))}.",
        hint="Uninstall one of them, or rename its record.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Everything the plugins contribute.

    Attributes:
        models: What ``--model`` takes.
        tasks: What ``--task`` takes.
        datasets: What a task spec names.
        metrics: What the numbers mean.
        embedders: The frozen networks that metrics look through.
        judges: What judges a sound beside its picture.
        commands: Sub-commands of ``avbench``.
        plugins: The plugins in use.
        problems: Broken plugins and names that clash; none stops what does not need it.
    """

    models: Catalogue[ModelRecord]
    tasks: Catalogue[TaskSpec]
    datasets: Catalogue[DatasetRecord]
    metrics: Catalogue[MetricRecord]
    embedders: Catalogue[EmbedderRecord]
    judges: Catalogue[JudgeRecord]
    commands: "Catalogue[click.Command]"
    plugins: tuple[Plugin, ...]
    problems: tuple[Problem, ...]

    def catalogues(self) -> tuple[Catalogue[Any], ...]:
        """Return the catalogues a user can list, in the order a newcomer asks for them."""
        return (self.models, self.tasks, self.datasets, self.metrics, self.embedders, self.judges)


def load(plugins: Sequence[str] = ()) -> Registry:
    """Load all plugins and catalogue what they contribute.

    Args:
        plugins: Files or modules given to ``--plugin``, beside what is installed or in ``AVBENCH_PLUGINS``.

    Raises:
        PluginError: One of ``plugins`` cannot be used. Any other failure is kept in ``problems``.
    """
    import click

    found, problems = discovery.discover(plugins)
    clashes = list(discovery.shared_names(found))

    def catalogue(kind: str, record_type: type[R]) -> Catalogue[R]:
        contributed, failed = discovery.contributions(found, f"avbench_{kind}s", record_type)
        problems.extend(failed)
        clashes.extend(_clashes(filled := Catalogue(kind, contributed, problems)))
        return filled

    return Registry(
        models=catalogue("model", ModelRecord),
        tasks=catalogue("task", TaskSpec),
        datasets=catalogue("dataset", DatasetRecord),
        metrics=catalogue("metric", MetricRecord),
        embedders=catalogue("embedder", EmbedderRecord),
        judges=catalogue("judge", JudgeRecord),
        commands=catalogue("command", click.Command),
        plugins=tuple(found),
        problems=(*problems, *clashes),
    )


def _clashes(catalogue: Catalogue[Any]) -> Iterator[Problem]:
    for name, origins in catalogue.clashes().items():
        yield Problem(origin=origins[-1], error=clash_error(catalogue.kind, name, origins))


def _name(record: Any) -> str:
    return str(record.id if isinstance(record, MetricRecord) else record.name)
