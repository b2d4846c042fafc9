"""One model on tasks: resolve, stream, score, record."""

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from avbench import archive, document
from avbench.census import Census, LeftOut, take_census
from avbench.digests import FileDigests
from avbench.embedding import Embedder
from avbench.errors import BudgetExceeded, DataError
from avbench.provenance import store_key
from avbench.records import Progress
from avbench.registry import Registry
from avbench.resolve import (
    Plan,
    RunRequest,
    choose_device,
    plan_run,
    resolve_model,
    resolve_task,
)
from avbench.results import RunInfo, RunResult
from avbench.scoring import scale_rows, score_model
from avbench.store import Store
from avbench.stream import Batch, Outputs, embed_batches, recall, unfinished


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How a run tells what it does.

    Attributes:
        say: Told a line worth reading.
        progress: Told how far it has come.
    """

    say: Callable[[str], None]
    progress: Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """One task done and recorded.

    Attributes:
        result: The document.
        path: Where it was written.
        over_budget: Set when more clips failed than allowed.
    """

    result: RunResult
    path: Path
    over_budget: BudgetExceeded | None


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


def run(registry: Registry, request: RunRequest, cache: Path, report: Report) -> Iterator[Finished]:
    """Run a model on tasks, yielding each as it is done.

    Names, arguments, device and output folder are checked for all tasks before the first begins.

    Raises:
        AvbenchError: Whatever stops the run; what was computed before stays in the store.
    """
    contestant = resolve_model(registry, request)
    specs = [resolve_task(registry, request, task, contestant) for task in request.tasks]
    choose_device(request.device)
    archive.prepare(request.output)
    for spec in specs:
        clock = Clock()
        started = archive.now()
        with clock.phase("resolve"):
            plan = plan_run(registry, request, spec, contestant, cache=cache, progress=report.progress)
        yield _run_task(registry, request, plan, cache, report, clock, started)


def _run_task(
    registry: Registry,
    request: RunRequest,
    plan: Plan,
    cache: Path,
    report: Report,
    clock: Clock,
    started: str,
) -> Finished:
    census, outputs = _embed(plan, request, cache, report, clock)
    evaluated = [clip for clip in plan.clips if clip.id not in outputs.left_out]
    if not evaluated:
        raise _nothing_left(plan, outputs.left_out)
    with clock.phase("score"):
        scored = score_model(plan, plan.contestant.record.name, evaluated, outputs.of(evaluated))
    with clock.phase("reference rows"):
        rows = scale_rows(registry, request, plan, evaluated, report.progress)
    queries = archive.query_lines(scored.queries)
    run_info = RunInfo(
        id=archive.new_run_id(),
        started_at=started,
        finished_at=archive.now(),
        seconds=clock.seconds,
        workers=plan.workers,
        reused=outputs.reused,
        computed=outputs.computed,
    )
    coverage = document.coverage(plan, census, outputs.left_out)
    result = document.assemble(plan, scored, rows, coverage, archive.digest(queries), run_info)
    path = archive.put(request.output, result, queries, archive.left_out_lines(outputs.left_out))
    return Finished(result=result, path=path, over_budget=_over_budget(result, request.fail_on_error))


def _embed(
    plan: Plan, request: RunRequest, cache: Path, report: Report, clock: Clock
) -> tuple[Census, Outputs]:
    with clock.phase("resolve"):
        files = FileDigests(index=cache / "digests.jsonl")
        inputs = plan.contestant.inputs
        census = take_census(
            plan.clips,
            plan.spec.seconds,
            files,
            report.progress,
            by_name=inputs.video is None and inputs.audio is None,
        )
        shelf = Store(root=cache).shelf(store_key(plan))
        outputs = (
            Outputs(keys=census.keys, left_out=dict(census.left_out))
            if request.recompute
            else recall(plan.clips, census, shelf)
        )
        batches = unfinished(plan, outputs)
    report.say(announcement(plan, census, outputs, batches))
    if batches:
        with clock.phase("load"):
            embedder = _load(plan)
        with clock.phase("embed"):
            embed_batches(plan, shelf, outputs, batches, embedder, report.progress)
    return census, outputs


def _load(plan: Plan) -> Embedder:
    import torch

    model = plan.contestant.load(plan.device)
    # Again: a model may have changed it for the whole process.
    torch.set_num_threads(plan.threads)
    return Embedder(
        name=plan.contestant.record.name,
        model=model,
        inputs=plan.contestant.inputs,
        device=plan.device,
        batch_size=plan.batch_size,
    )


def announcement(plan: Plan, census: Census, outputs: Outputs, batches: list[Batch]) -> str:
    """Say what will be evaluated, before it starts."""
    asked, limited = len(plan.clips), plan.limit is not None and plan.limit < len(plan.dataset.clips)
    left = sum(len(batch.clips) for batch in batches)
    parts = [
        f"{asked} of {len(plan.dataset.clips)} clips" if limited else f"{asked} clips",
        f"{census.found} found",
        f"{outputs.reused} outputs kept from earlier runs" if outputs.reused else "",
        f"{left} clips to embed on {plan.device}" if left else "nothing to embed",
    ]
    what = f"{plan.contestant.record.name} on {plan.spec.name}: "
    return what + ", ".join(part for part in parts if part) + "."


def _nothing_left(plan: Plan, left_out: Mapping[str, LeftOut]) -> DataError:
    counts = Counter(each.reason for each in left_out.values())
    listing = ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items()))
    return DataError(
        f"None of the {len(plan.clips)} clips of {plan.dataset.name!r} can be evaluated ({listing}).",
        hint=f"{plan.spec.name!r} needs files with both streams, at least {plan.spec.seconds:g} s long.",
    )


def _over_budget(result: RunResult, budget: int | float | None) -> BudgetExceeded | None:
    coverage = result.coverage
    failed = coverage.asked - coverage.evaluated
    allowed = budget * coverage.asked if isinstance(budget, float) else budget
    if allowed is None or failed <= allowed:
        return None
    return BudgetExceeded(
        f"{failed} of {coverage.asked} clips failed; --fail-on-error allows {allowed:g}.",
        hint="The result is written and names them by reason; mend the files, or allow more.",
    )
