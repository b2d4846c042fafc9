"""Probe and measure files in processes of their own: one that breaks its decoder costs that file alone."""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import asdict
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from avbench.errors import MediaError
from avbench.media.info import Limits, Measured
from avbench.media.process import DecoderProcess
from avbench.media.workers import read_ahead

# One question for several small files: asking takes a part of the time that answering does.
BATCH = 16

Facts = dict[str, Any]


def probe_files(
    paths: Iterable[Path],
    *,
    digests: bool = True,
    processes: int = 1,
    timeout: float = 60.0,
    limits: Limits | None = None,
) -> Generator[Facts]:
    """Probe files, in the order given, a few batches ahead.

    Args:
        paths: Taken as they are needed.
        digests: Whether the SHA-256 of each file is taken as well.
        processes: How many processes probe.
        timeout: Longest time for one batch, and then for each file of one that took longer, in seconds.
        limits: Bounds on what is opened.

    Yields:
        For each file :class:`avbench.media.info.MediaInfo` as JSON values and ``digest``, or the ``reason``
        and ``message`` of the error.
    """
    asked = {"read": "probe", "digests": digests, "limits": asdict(limits or Limits())}
    calls = (partial(_probe, asked, batch, timeout=timeout) for batch in _batches(paths))
    for outcome in read_ahead(calls, processes, most=2 * processes + 2):
        if isinstance(outcome, MediaError):  # never: each file's own error is its outcome
            raise outcome
        yield from outcome


def measure_files(
    asked: Iterable[tuple[Path, bool, bool]],
    *,
    processes: int = 1,
    timeout: float = 600.0,
    limits: Limits | None = None,
) -> Generator[Measured | MediaError]:
    """Measure files, in the order given, a few ahead.

    Args:
        asked: Each file, whether its picture is measured, and whether its sound is; taken as they are needed.
        processes: How many processes measure.
        timeout: Longest time for one file, in seconds.
        limits: Bounds on what is opened.

    Yields:
        For each file what :func:`avbench.media.measure.measure` returns, or the error it raises.
    """

    def measure(path: Path, video: bool, audio: bool, decoder: DecoderProcess) -> Measured:
        request = {"read": "measure", "path": str(path), "video": video, "audio": audio}
        return Measured(**decoder.ask(request | bounds, timeout).facts)

    bounds = {"limits": asdict(limits or Limits())}
    calls = (partial(measure, *each) for each in asked)
    return read_ahead(calls, processes, most=2 * processes + 2)


def _batches(paths: Iterable[Path]) -> Iterable[list[Path]]:
    left = iter(paths)
    while batch := list(islice(left, BATCH)):
        yield batch


def _probe(asked: Facts, paths: Sequence[Path], decoder: DecoderProcess, timeout: float) -> list[Facts]:
    """Have a process probe files: together, and one by one where that ends it."""
    request = asked | {"path": str(paths[0]), "paths": [str(path) for path in paths]}
    try:
        return decoder.ask(request, timeout).facts["files"]
    except MediaError as error:
        if len(paths) == 1:
            return [{"reason": error.reason, "message": error.message}]
    return [each for path in paths for each in _probe(asked, [path], decoder, timeout)]
