"""Runs in this process, for tests: a model's source in, a result or an error out."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from avbench.plugins import registry
from avbench.requests import RunRequest
from avbench.results.document import RunResult
from avbench.runner import Finished, run
from avbench.runs.job import Report

_numbers = itertools.count()


def quiet(what: str, done: int, total: int) -> None:
    """Say nothing of progress."""


class Runs:
    """Runs of plugins made on the spot, in folders of their own.

    Attributes:
        folder: Where plugins, store and results are.
        clips: Default of ``--data-root``.
        said: What the runs announced.
    """

    def __init__(self, folder: Path, clips: Path) -> None:
        self.folder = folder
        self.clips = clips
        self.cache = folder / "cache"
        self.output = folder / "results"
        self.said: list[str] = []

    def plugin(self, source: str) -> Path:
        """Write a plugin under a name of its own."""
        path = self.folder / f"plugin{next(_numbers)}.py"
        path.write_text(source)
        return path

    def finished(self, source: str | Path, **options: Any) -> list[Finished]:
        """Run the model ``seeing`` of a plugin, or another ``model``, on ``folder-retrieval``."""
        return list(self.stepwise(source, **options))

    def stepwise(self, source: str | Path, **options: Any) -> Iterator[Finished]:
        """Run task by task."""
        path = source if isinstance(source, Path) else self.plugin(source)
        defaults = {
            "model": "seeing",
            "tasks": ("folder-retrieval",),
            "data_root": self.clips,
            "output": self.output,
            "batch_size": 4,
            "workers": 0,
            "device": "cpu",
        }
        report = Report(say=self.said.append, progress=quiet)
        request = RunRequest(**(defaults | options))
        return run(registry.load([str(path)]), request, self.cache, report)

    def result(self, source: str | Path, **options: Any) -> RunResult:
        """Run one task and return its document."""
        (finished,) = self.finished(source, **options)
        return finished.result


def stable(result: RunResult) -> dict[str, Any]:
    """Return what a repeated run must reproduce."""
    return result.model_dump(mode="json", exclude={"run"})
