"""Progress on standard error: bars on a terminal, a sparse line elsewhere."""

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from avbench.records import Progress

if TYPE_CHECKING:
    from rich.progress import TaskID

# Between two lines of a log.
LINE_SECONDS = 10.0


@contextmanager
def progress_to_stderr(*, quiet: bool = False) -> Generator[Progress]:
    """Yield what to tell about long work.

    Args:
        quiet: Say nothing.
    """
    if quiet:
        yield _silent
    elif sys.stderr.isatty():
        with _bars() as bars:
            yield bars
    else:
        yield _lines()


def _silent(what: str, done: int, total: int) -> None:
    """Say nothing."""


def _lines() -> Progress:
    started: dict[str, float] = {}
    spoken: dict[str, float] = {}

    def progress(what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if what not in started or done == 0:
            started[what] = spoken[what] = now
        long = now - started[what] >= LINE_SECONDS
        if now - spoken[what] >= LINE_SECONDS or (long and done == total):
            spoken[what] = now
            left = (now - started[what]) * (total - done) / max(done, 1)
            click.echo(f"{what}: {done} of {total}, about {left:.0f} s left", err=True)
        if done == total:  # the same work may begin anew
            del started[what]

    return progress


@contextmanager
def _bars() -> Generator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            elif done == 0:
                bars.reset(tasks[what], total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield progress
