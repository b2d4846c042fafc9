"""The rows that give a number its scale: reference models, run on the clips that were evaluated."""

import dataclasses
from collections.abc import Callable, Sequence

from avbench.errors import AvbenchError
from avbench.resolve import Contestant, resolve_model, resolve_task, sentence
from avbench.results import ScaleRow, Score
from avbench.runs.job import Job

ScoresOf = Callable[[str], tuple[str, Sequence[Score]]]


def reference_rows(job: Job, scores_of: ScoresOf, further: Sequence[str] = ()) -> tuple[ScaleRow, ...]:
    """Score the reference rows of a spec.

    A row that cannot be had says why, and takes nothing else down.

    Args:
        job: The run.
        scores_of: Returns what the row of this name is, in one line, and its scores; may raise anything.
        further: Rows that stand before those of the spec.
    """
    listed = dict.fromkeys([*further, *job.plan.spec.scale_rows])
    names = [name for name in listed if name != job.plan.contestant.record.name]
    rows: list[ScaleRow] = []
    for done, name in enumerate(names):
        job.report.progress("reference rows", done, len(names))
        rows.append(_row(name, scores_of))
        job.report.progress("reference rows", done + 1, len(names))
    return tuple(rows)


def reference_model(job: Job, name: str) -> Contestant:
    """Return a reference model, resolved for the task of a job.

    Raises:
        AvbenchError: There is none, or it cannot run the task.
    """
    asked = dataclasses.replace(job.request, model=name, model_args={})
    contestant = resolve_model(job.registry, asked)
    resolve_task(job.registry, asked, job.plan.spec.name, contestant)
    return contestant.on(job.plan.spec.kind)


def _row(name: str, scores_of: ScoresOf) -> ScaleRow:
    try:
        summary, scores = scores_of(name)
        if not scores:
            return ScaleRow(
                model=name, summary=summary, unavailable="None of its numbers can be measured here."
            )
        return ScaleRow(model=name, summary=summary, scores=tuple(scores))
    except AvbenchError as error:
        return ScaleRow(model=name, unavailable=error.message)
    except Exception as error:
        return ScaleRow(model=name, unavailable=sentence(error))
