"""The result document of a run, put together from what the run found."""

from collections.abc import Mapping
from types import MappingProxyType

from avbench.provenance import model_info, provenance, task_info
from avbench.resolve import STANDARD, Plan
from avbench.results import Coverage, DatasetInfo, RunInfo, RunResult, ScaleRow, ids_digest
from avbench.runs.census import Census, LeftOut
from avbench.runs.job import Evaluated, Scored

# Below this, chance alone gives recalls that look like something.
SMALL_GALLERY = 50


def assemble(plan: Plan, evaluated: Evaluated, records_sha256: str, run: RunInfo) -> RunResult:
    """Put the document together."""
    scored, rows = evaluated.scored, evaluated.rows
    return RunResult(
        model=model_info(plan.contestant),
        task=task_info(plan.spec),
        dataset=dataset_info(plan, scored),
        scores=scored.scores,
        scale_rows=rows,
        networks=scored.networks,
        notes=notes(plan, scored, rows),
        coverage=coverage(plan, evaluated.census, evaluated.left_out, evaluated.masked),
        provenance=provenance(plan),
        records_sha256=records_sha256,
        run=run,
    )


def dataset_info(plan: Plan, scored: Scored) -> DatasetInfo:
    """Describe the data a run was scored on."""
    return DatasetInfo(
        name=plan.dataset.name,
        revision=plan.dataset.revision,
        args=dict(sorted(plan.spec.dataset_args.items())),
        clips=len(plan.dataset.clips),
        galleries=scored.galleries,
    )


def coverage(
    plan: Plan,
    census: Census,
    left_out: Mapping[str, LeftOut],
    masked: Mapping[str, LeftOut] = MappingProxyType({}),
) -> Coverage:
    """Count what was evaluated and what was not.

    Args:
        plan: The run.
        census: What was found.
        left_out: Clips that were not evaluated, by clip id.
        masked: Clips that the protocol takes out, by clip id.
    """
    evaluated = [clip.id for clip in plan.clips if clip.id not in left_out and clip.id not in masked]
    limited, partial = len(plan.clips) < len(plan.dataset.clips), bool(left_out)
    return Coverage(
        asked=len(plan.clips),
        found=census.found,
        evaluated=len(evaluated),
        reasons=_ids_by_reason(plan, left_out),
        masked=_ids_by_reason(plan, masked),
        limit=plan.limit,
        limited=limited,
        partial=partial,
        complete=not (limited or partial),
        ids_sha256=ids_digest(evaluated),
    )


def _ids_by_reason(plan: Plan, left_out: Mapping[str, LeftOut]) -> dict[str, tuple[str, ...]]:
    ids: dict[str, tuple[str, ...]] = {}
    for clip in plan.clips:
        if clip.id in left_out:
            reason = left_out[clip.id].reason
            ids[reason] = (*ids.get(reason, ()), clip.id)
    return dict(sorted(ids.items()))


def notes(plan: Plan, scored: Scored, rows: tuple[ScaleRow, ...]) -> tuple[str, ...]:
    """Say what a reader of the numbers must know: what they are worth, and what was odd."""
    standard = max(scored.galleries.get(STANDARD, (SMALL_GALLERY,)))
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
    absent = [f"No row {row.model!r}: {row.unavailable}" for row in rows if row.unavailable]
    remarks = [plan.spec.note, *plan.dataset.notes, *scored.notes, small, unsteady, *absent]
    return tuple(dict.fromkeys(note for note in remarks if note))
