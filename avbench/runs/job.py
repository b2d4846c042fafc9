"""A task being run, and what comes of it, whatever its kind."""

import time
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from avbench.clips import Clip
from avbench.digests import FileDigests
from avbench.errors import DataError
from avbench.metrics.measurement import Measurement
from avbench.metrics.offsets import Trials
from avbench.pages.exhibits import Exhibition
from avbench.pages.judged_pairs import JudgedPairs
from avbench.pages.text import counted
from avbench.plugins.registry import Registry
from avbench.records import Progress
from avbench.requests import RunRequest
from avbench.resolve import Plan
from avbench.results.document import Interval, ScaleRow, Score
from avbench.runs.census import Census, LeftOut, take_census


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How a run tells what it does.

    Attributes:
        say: Told a line worth reading.
        progress: Told how far it has come.
    """

    say: Callable[[str], None]
    progress: Progress


@dataclass(slots=True, kw_only=True)
class Clock:
    """Wall time by phase."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Generator[None]:
        """Count the time inside under ``name``."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - start, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One model on one task, and everything that running it takes.

    Attributes:
        registry: Where reference models and embedders are found.
        request: What the user asked for.
        plan: What was settled before it starts.
        cache: The user's cache folder.
        report: Told how it goes.
        clock: Wall time by phase.
    """

    registry: Registry
    request: RunRequest
    plan: Plan
    cache: Path
    report: Report
    clock: Clock

    def census(self, clips: Sequence[Clip], *, by_name: bool = False) -> Census:
        """Look for the clips' files and digest what they contain."""
        files = FileDigests(index=self.cache / "digests.jsonl")
        return take_census(clips, self.plan.spec.least, files, self.report.progress, by_name=by_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """What a model's outputs are worth.

    Attributes:
        scores: The numbers.
        records: What was measured of every query, or of every clip: a dataclass each.
        galleries: Retrieval: sizes of the galleries scored, by name.
        networks: Generation: which networks the scores were seen through, and what pins each.
        notes: What was odd about them.
    """

    scores: tuple[Score, ...]
    records: tuple[Any, ...]
    galleries: dict[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    networks: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What came of a job.

    Attributes:
        census: Which clips were found.
        left_out: Clips that are not in the scores, and why, by clip id.
        scored: The model's scores.
        rows: Those of reference rows, on the same clips.
        reused: Outputs taken from the store.
        computed: Outputs computed now.
        masked: Clips that the protocol itself takes out, and why, by clip id; no failures.
        filled: Ids of scored clips that ended early and were filled up to the window.
        shown: What a page shows of it, where one is asked for.
    """

    census: Census
    left_out: Mapping[str, LeftOut]
    scored: Scored
    rows: tuple[ScaleRow, ...]
    reused: int
    computed: int
    masked: Mapping[str, LeftOut] = field(default_factory=dict[str, LeftOut])
    filled: tuple[str, ...] = ()
    shown: Exhibition | JudgedPairs | Trials | None = None


def announcement(plan: Plan, found: int, reused: int, to_do: str) -> str:
    """Say what will be evaluated, before it starts.

    Args:
        plan: The run.
        found: Clips whose file is there.
        reused: Outputs kept from earlier runs.
        to_do: What is left to do.
    """
    asked, all_clips = len(plan.clips), len(plan.dataset.clips)
    parts = [
        f"{asked} of {all_clips} clips" if asked < all_clips else counted(asked, "clip"),
        f"{found} found",
        f"{counted(reused, 'output')} kept from earlier runs" if reused else "",
        to_do,
    ]
    what = f"{plan.contestant.record.name} on {plan.spec.name}: "
    return what + ", ".join(part for part in parts if part) + "."


def nothing_left(plan: Plan, left_out: Mapping[str, LeftOut]) -> DataError:
    """Return the error for a run of which no clip can be evaluated."""
    counts = Counter(each.reason for each in left_out.values())
    listing = ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items()))
    if set(counts) != {"missing"}:
        hint = f"{plan.spec.name!r} needs files with both streams, at least {plan.spec.least:g} s long."
    elif len(plan.clips) < len(plan.dataset.clips):
        hint = "--limit takes the first clips asked for, on disk or not: raise it, or leave it out."
    else:
        hint = f"Check where files are looked for: {plan.clips[0].path}"
    return DataError(
        f"None of {counted(len(plan.clips), 'clip')} of {plan.dataset.name!r} can be evaluated ({listing}).",
        hint=hint,
    )


def filled_clips(clips: Sequence[Clip], keys: Mapping[str, str], filled: Set[str]) -> tuple[str, ...]:
    """Return the ids of the clips whose content, by digest, was filled up to the window."""
    return tuple(clip.id for clip in clips if keys[clip.id] in filled)


def score_of(measurement: Measurement) -> Score:
    """Return a measurement as it stands in a document."""
    interval = measurement.interval
    return Score(
        id=measurement.id,
        value=measurement.value,
        n=measurement.n,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        unit=measurement.unit,
        higher_is_better=measurement.higher_is_better,
        optimistic=measurement.optimistic,
        pessimistic=measurement.pessimistic,
        chance=measurement.chance,
        interval=Interval(
            method=interval.method,
            level=interval.level,
            resamples=interval.resamples,
            seed=interval.seed,
            groups=interval.groups,
        )
        if interval
        else None,
    )
