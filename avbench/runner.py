"""One model on tasks: resolve, evaluate, record."""

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from avbench.errors import AvbenchError, BudgetExceeded, StorageError, TasksFailed, UsageError
from avbench.metrics.offsets import Trials
from avbench.pages.alignment_page import write_alignment_page
from avbench.pages.choice_page import write_choice_page
from avbench.pages.judged_pairs import JudgedPairs
from avbench.pages.offset_page import write_offset_page
from avbench.pages.page import prepare_page, write_page
from avbench.plugins.registry import Registry
from avbench.records import Capability
from avbench.requests import RunRequest
from avbench.resolve import Contestant, choose_device, plan_run, resolve_model, resolve_task
from avbench.results import archive, assembly
from avbench.results.document import RunInfo, RunResult
from avbench.runs.job import Clock, Evaluated, Job, Report
from avbench.specs import ChoiceProtocol, TaskSpec

HOW: dict[Capability, str] = {
    "retrieval": "avbench.runs.retrieval",
    "generation": "avbench.runs.generation",
    "synchrony": "avbench.runs.synchrony",
    "alignment": "avbench.runs.alignment",
}
"""The module that runs each kind of task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """One task done and recorded.

    Attributes:
        result: The document.
        path: Where it was written.
        page: Where its page was written, if one was asked for.
        over_budget: Set when more clips failed than allowed.
    """

    result: RunResult
    path: Path
    page: Path | None
    over_budget: BudgetExceeded | None


def run(registry: Registry, request: RunRequest, cache: Path, report: Report) -> Iterator[Finished]:
    """Run a model on tasks, yielding each as it is done.

    Names, arguments, device and output folder are checked for all tasks before the first begins. One of
    several tasks that fails stops no other.

    Raises:
        AvbenchError: Whatever stops the run; what was computed before stays in the store.
        TasksFailed: At the end, if some of several tasks could not be run.
    """
    contestant = resolve_model(registry, request)
    specs = [resolve_task(registry, request, task, contestant) for task in request.tasks]
    _refuse_unused(request, specs)
    choose_device(request.device)
    archive.prepare(request.output)
    if request.page is not None:
        prepare_page(request.page, specs)
    failed: dict[str, AvbenchError] = {}
    for spec in specs:
        try:
            yield _run_task(registry, request, spec, contestant, cache, report)
        except AvbenchError as error:
            if len(specs) == 1 or isinstance(error, StorageError):
                raise
            report.say(f"{spec.name} failed: {error.message}")
            failed[spec.name] = error
    if failed:
        raise TasksFailed(failed, len(specs))


def _refuse_unused(request: RunRequest, specs: Sequence[TaskSpec]) -> None:
    """Refuse what only tasks of generation look at, where there is none.

    Raises:
        UsageError: Some is given.
    """
    asked = {"embedder": request.embedders, "judge": request.judges, "reference": request.references}
    given = [f"--{option}" for option, named in asked.items() if named]
    if given and all(spec.kind != "generation" for spec in specs):
        raise UsageError(
            f"{' and '.join(given)} {'is' if len(given) == 1 else 'are'} for tasks in which sound is made.",
            hint="Leave it out, or run a task of the kind generation: `avbench list tasks`.",
        )


def _run_task(
    registry: Registry,
    request: RunRequest,
    spec: TaskSpec,
    contestant: Contestant,
    cache: Path,
    report: Report,
) -> Finished:
    clock = Clock()
    started = archive.now()
    with clock.phase("resolve"):
        plan = plan_run(registry, request, spec, contestant, cache=cache, progress=report.progress)
    job = Job(registry=registry, request=request, plan=plan, cache=cache, report=report, clock=clock)
    evaluated: Evaluated = importlib.import_module(HOW[spec.kind]).evaluate(job)
    return _recorded(job, evaluated, started)


def _recorded(job: Job, evaluated: Evaluated, started: str) -> Finished:
    records = archive.record_lines(evaluated.scored.records)
    run_info = RunInfo(
        id=archive.new_run_id(),
        started_at=started,
        finished_at=archive.now(),
        seconds=job.clock.seconds,
        workers=job.plan.workers,
        reused=evaluated.reused,
        computed=evaluated.computed,
    )
    result = assembly.assemble(job.plan, evaluated, archive.digest(records), run_info)
    path = archive.put(
        job.request.output,
        result,
        records,
        archive.left_out_lines({**evaluated.left_out, **evaluated.masked}),
    )
    return Finished(
        result=result,
        path=path,
        page=_page(job, evaluated, result),
        over_budget=_over_budget(result, job.request.fail_on_error),
    )


def _page(job: Job, evaluated: Evaluated, result: RunResult) -> Path | None:
    folder, shown = job.request.page, evaluated.shown
    if folder is not None and isinstance(job.plan.spec.protocol, ChoiceProtocol):
        return write_choice_page(folder, result)
    if folder is None or shown is None:
        return None
    if isinstance(shown, Trials):
        return write_offset_page(folder, result, shown)
    if isinstance(shown, JudgedPairs):
        return write_alignment_page(
            folder, result, shown, workers=job.plan.workers, progress=job.report.progress
        )
    return write_page(folder, result, shown, workers=job.plan.workers, progress=job.report.progress)


def _over_budget(result: RunResult, budget: int | float | None) -> BudgetExceeded | None:
    coverage = result.coverage
    failed = sum(map(len, coverage.reasons.values()))
    allowed = budget * coverage.asked if isinstance(budget, float) else budget
    if allowed is None or failed <= allowed:
        return None
    return BudgetExceeded(
        f"{failed} of {coverage.asked} clips failed; --fail-on-error allows {allowed:g}.",
        hint="The result is written and names them by reason; mend the files, or allow more.",
    )
