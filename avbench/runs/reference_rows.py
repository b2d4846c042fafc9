"""The rows that give a number its scale: reference models, run on the clips that were evaluated."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from avbench.clips import Clip
from avbench.errors import AvbenchError, DataError
from avbench.plugins.raised import sentence
from avbench.resolve import Contestant, Plan, resolve_model, resolve_task
from avbench.results.document import ScaleRow, Score
from avbench.runs.attempts import Attempts
from avbench.runs.job import Job
from avbench.runs.slots import Slots, Unread

T = TypeVar("T")
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


def unread_model(job: Job, name: str) -> Contestant:
    """Return a reference model that reads no media, resolved for the task of a job.

    Raises:
        AvbenchError: As :func:`reference_model`, or it reads media.
    """
    contestant = reference_model(job, name)
    if not contestant.inputs.unread:
        raise DataError(f"It reads media; run it by itself: --model {name}.", hint="")
    return contestant


def over_unread(
    plan: Plan, clips: Sequence[Clip], call: Callable[[Slots], Mapping[str, T]], attempts: Attempts
) -> dict[str, T]:
    """Return what a model that reads no media gives for some clips, batch by batch, by clip id.

    Args:
        plan: Says how large a batch is.
        clips: The clips.
        call: Asks the model.
        attempts: What became of the clips it was asked about.

    Raises:
        DataError: It has nothing for a clip.
    """
    found: dict[str, T] = {}
    for first in range(0, len(clips), plan.batch_size):
        found |= call([(clip, Unread()) for clip in clips[first : first + plan.batch_size]])
    if missing := [clip.id for clip in clips if clip.id not in found]:
        raise DataError(
            f"It has nothing for {len(missing)} of {len(clips)} clips ({attempts.trouble}).",
            hint="Look at the plugin that brings it.",
        )
    return found


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
