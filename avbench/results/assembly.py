"""The result document of a run, put together from what the run found."""

import math
from collections.abc import Mapping

from avbench.clips import Dataset
from avbench.resolve import STANDARD, Plan
from avbench.results.document import Coverage, DatasetInfo, RunInfo, RunResult, ids_digest
from avbench.results.provenance import model_info, provenance, task_info
from avbench.runs.census import LeftOut
from avbench.runs.job import Evaluated

# Below this, chance alone gives recalls that look like something.
SMALL_GALLERY = 50
# A list of which less was scored lends its name only with the share.
COVERED = 0.99


def assemble(plan: Plan, evaluated: Evaluated, records_sha256: str, run: RunInfo) -> RunResult:
    """Put the document together."""
    scored, rows = evaluated.scored, evaluated.rows
    return RunResult(
        model=model_info(plan.contestant),
        task=task_info(plan.spec),
        dataset=dataset_info(plan, evaluated),
        scores=scored.scores,
        scale_rows=rows,
        networks=scored.networks,
        notes=notes(plan, evaluated),
        coverage=coverage(plan, evaluated),
        provenance=provenance(plan),
        records_sha256=records_sha256,
        run=run,
    )


def dataset_info(plan: Plan, evaluated: Evaluated) -> DatasetInfo:
    """Describe the data a run was scored on."""
    return DatasetInfo(
        name=_data_name(plan, evaluated),
        revision=plan.dataset.revision,
        args=dict(sorted(plan.spec.dataset_args.items())),
        clips=len(plan.dataset.clips),
        galleries=evaluated.scored.galleries,
        list_name=list_name(plan.dataset),
    )


def list_name(dataset: Dataset) -> str:
    """Return the name of the id list a dataset asks for, if there is one."""
    # Only datasets of listed clips say so: a plugin's own need not.
    return str(getattr(dataset, "list_name", ""))


def _data_name(plan: Plan, evaluated: Evaluated) -> str:
    """Return the list's name, with the share of it that was scored where that is too small to go without."""
    name, dataset = list_name(plan.dataset), plan.dataset
    if not name or getattr(dataset, "found_only", False):
        return name or dataset.name
    lost = evaluated.left_out.keys() - evaluated.masked.keys()
    share = (len(plan.clips) - len(lost)) / len(dataset.clips)
    return name if share >= COVERED else f"{name}@{math.floor(1000 * share) / 10:g}"


def coverage(plan: Plan, evaluated: Evaluated) -> Coverage:
    """Count what was evaluated and what was not."""
    left_out, masked = evaluated.left_out, evaluated.masked
    scored = [clip.id for clip in plan.clips if clip.id not in left_out and clip.id not in masked]
    limited, found_only = (
        len(plan.clips) < len(plan.dataset.clips),
        getattr(plan.dataset, "found_only", False),
    )
    partial = bool(left_out) or found_only
    return Coverage(
        asked=len(plan.clips),
        found=evaluated.census.found,
        evaluated=len(scored),
        reasons=_ids_by_reason(plan, left_out),
        masked=_ids_by_reason(plan, masked),
        filled=evaluated.filled,
        found_only=found_only,
        limit=plan.limit,
        limited=limited,
        partial=partial,
        complete=not (limited or partial),
        ids_sha256=ids_digest(scored),
    )


def _ids_by_reason(plan: Plan, left_out: Mapping[str, LeftOut]) -> dict[str, tuple[str, ...]]:
    ids: dict[str, tuple[str, ...]] = {}
    for clip in plan.clips:
        if clip.id in left_out:
            reason = left_out[clip.id].reason
            ids[reason] = (*ids.get(reason, ()), clip.id)
    return dict(sorted(ids.items()))


def notes(plan: Plan, evaluated: Evaluated) -> tuple[str, ...]:
    """Say what a reader of the numbers must know: what they are worth, and what was odd."""
    scored, filled = evaluated.scored, len(evaluated.filled)
    standard = sum(scored.galleries.get(STANDARD, (SMALL_GALLERY,)))
    small = (
        f"The gallery has {standard} clips: too few to say anything of a model; it shows that the path works."
        if standard < SMALL_GALLERY
        else ""
    )
    unsteady = (
        ""
        if plan.contestant.record.deterministic
        else "The model does not return the same output twice: another run may give other numbers."
    )
    ends, was = ("clip ends", "was") if filled == 1 else ("clips end", "were")
    short = (
        f"{filled} {ends} before the window of {plan.spec.seconds:g} s does and {was} filled up: sound with "
        "silence, picture with its last frame."
        if filled
        else ""
    )
    absent = [f"No row {row.model!r}: {row.unavailable}" for row in evaluated.rows if row.unavailable]
    remarks = [plan.spec.note, *plan.dataset.notes, *scored.notes, small, short, unsteady, *absent]
    return tuple(dict.fromkeys(note for note in remarks if note))
