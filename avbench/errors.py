"""Everything a user can cause, as one exception tree.

    AvbenchError                  exit 1
    ├── UsageError                exit 2   the command line, a name or an option is wrong
    │   └── UnknownName           exit 2   no such model, task, dataset; suggests the nearest
    ├── PluginError               exit 3   a plugin that is needed is broken, misspelt or duplicated
    ├── DataError                 exit 4   the data are missing or unusable as a whole
    │   └── MediaError            exit 4   one file cannot be decoded; carries a reason code
    ├── ModelError                exit 5   a model returned something it must not, or cannot be loaded
    ├── StorageError              exit 6   a disk is full or a folder cannot be written
    ├── BudgetExceeded            exit 7   the run finished, with more failed clips than allowed
    └── TasksFailed               that of the first: some of several tasks could not be run

Each is printed as two lines, what is wrong and what to do, without a traceback. Anything else that
reaches the command line is a bug of avbench and keeps its traceback.
"""

import copyreg
from collections.abc import Iterable, Mapping
from typing import Any


class AvbenchError(Exception):
    """Something the user can mend.

    Args:
        message: One sentence: what is wrong.
        hint: One sentence: what to do about it.
    """

    exit_code: int = 1

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        """Survive the way back from a worker process, whatever a subclass is built from."""
        return copyreg.__newobj__, (type(self), self.message), dict(self.__dict__)  # type: ignore[attr-defined]


class UsageError(AvbenchError):
    """The command line asks for something that makes no sense."""

    exit_code = 2


class UnknownName(UsageError):
    """No record has this name.

    Args:
        kind: What was looked for: ``model``, ``task``, ``dataset`` …
        name: The name as it was given.
        known: The names that exist.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        import difflib  # needed for this message alone, and slow to import

        names = sorted(known)
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
        meant = f"Did you mean {near[0]!r}? " if near else ""
        listing = ", ".join(names) if names else "none"
        super().__init__(f"There is no {kind} named {name!r}.", hint=f"{meant}Known: {listing}.")
        self.name = name


class PluginError(AvbenchError):
    """A plugin that is needed cannot be used."""

    exit_code = 3


class DataError(AvbenchError):
    """The data as a whole cannot be used."""

    exit_code = 4


class MediaError(DataError):
    """One media file cannot be used.

    Args:
        reason: A code of :data:`avbench.clips.REASONS`, counted in the result.
        message: One sentence: what is wrong with this file.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message, hint="The clip is left out and counted; replace the file to include it.")
        self.reason = reason


class ModelError(AvbenchError):
    """A model cannot be loaded, or broke its contract."""

    exit_code = 5


class StorageError(AvbenchError):
    """A file cannot be written."""

    exit_code = 6


class BudgetExceeded(AvbenchError):
    """The run finished and is recorded, but more clips failed than ``--fail-on-error`` allows."""

    exit_code = 7


class TasksFailed(AvbenchError):
    """Some of several tasks could not be run; the results of the others are recorded.

    Args:
        failed: Why, by task.
        asked: How many tasks were asked for.
    """

    def __init__(self, failed: Mapping[str, AvbenchError], asked: int) -> None:
        others = "; the others are recorded" if len(failed) < asked else ""
        why = " ".join(f"{task}: {error.message}" for task, error in failed.items())
        super().__init__(
            f"{len(failed)} of {asked} tasks failed{others}. {why}",
            hint=" ".join(dict.fromkeys(error.hint for error in failed.values() if error.hint)),
        )
        self.exit_code = next(iter(failed.values())).exit_code
