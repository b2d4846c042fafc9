"""Synchrony: every clip shifted by a known offset, every candidate scored and held against the truth."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from avbench.clips import Clip
from avbench.errors import DataError, PluginError
from avbench.metrics.offsets import Trials
from avbench.resolve import Contestant, Plan
from avbench.results.document import Score, digest_of
from avbench.results.provenance import store_key
from avbench.runs.census import Census, LeftOut
from avbench.runs.job import Evaluated, Job, nothing_left, score_of
from avbench.runs.kept_scores import Scores, compute, evaluated_trials, recall
from avbench.runs.reference_rows import over_unread, reference_rows, unread_model
from avbench.runs.synchronizability import masked_clips
from avbench.runs.trials import OTHER_SOUND, OffsetScorer, decoded_trials
from avbench.specs import OffsetProtocol
from avbench.store import Row, Store
from avbench.tasks.shifts import true_offsets
from avbench.tasks.synchrony import OffsetOutcome, Scale, score_offsets

UNLISTED = LeftOut(reason="no-offset", message="The list of offsets has none for the clip as it is in sync.")
OTHER_SOUND_SUMMARY = (
    "The model with another recording's sound: what it finds where there is nothing to find."
)


def evaluate(job: Job) -> Evaluated:
    """Score the offsets that are not kept from earlier runs, and hold them against the truth.

    Raises:
        DataError: No clip can be evaluated.
        ModelError: The model broke its contract, or failed on every clip.
        PluginError: The spec contradicts itself.
    """
    plan, protocol = job.plan, protocol_of(job.plan)
    # Only datasets of listed clips say so: a plugin's own need not.
    given = getattr(plan.dataset, "offsets", None)
    offsets = true_offsets(protocol, [clip.id for clip in plan.clips], given)
    census, scores = _scores(job, protocol, offsets)
    evaluated = [clip for clip in plan.clips if scores.tried(clip)]
    if not evaluated:
        raise nothing_left(plan, {**scores.left_out, **scores.masked})
    rows = {clip.id: scores.rows[scores.keys[clip.id]] for clip in evaluated}
    with job.clock.phase("score"):
        own = {clip_id: each[0] for clip_id, each in rows.items()}
        trials = trials_of(protocol, evaluated, offsets, own)
        outcome = scored_trials(plan, evaluated, trials, scores.scale)
    with job.clock.phase("reference rows"):
        found = reference_rows(job, partial(_reference_scores, job, evaluated, offsets, rows, scores.scale))
    return evaluated_trials(census, scores, outcome, found, shown=trials)


def protocol_of(plan: Plan) -> OffsetProtocol:
    """Return how the task is scored.

    Raises:
        PluginError: Its window is not that of its protocol, or its grid does not end at its reach.
    """
    spec, protocol = plan.spec, plan.spec.protocol
    assert isinstance(protocol, OffsetProtocol)
    if spec.seconds != protocol.seconds or protocol.offsets[-1] != protocol.reach:
        raise PluginError(
            f"The task {spec.name!r} takes {spec.seconds:g} s of a clip and reaches {protocol.reach:g} s by "
            f"steps of {protocol.step:g} s; its protocol needs {protocol.seconds:g} s, and whole steps.",
            hint="Mend the spec: seconds = window + 2 reach, reach a multiple of step.",
        )
    return protocol


def _scores(job: Job, protocol: OffsetProtocol, offsets: Mapping[str, float]) -> tuple[Census, Scores]:
    plan = job.plan
    with job.clock.phase("resolve"):
        census = job.census(plan.clips)
        left_out = {clip_id: why for clip_id, why in census.left_out.items() if clip_id in offsets}
    with job.clock.phase("masks"):
        starts = {clip_id: protocol.reach + offset for clip_id, offset in offsets.items()}
        masked = {clip.id: UNLISTED for clip in plan.clips if clip.id not in offsets}
        masked |= masked_clips(job, protocol, census, starts, left_out)
    contents = job.census(plan.clips, by_name=True).keys if plan.contestant.inputs.unread else census.keys
    scores = Scores(
        keys={
            clip_id: digest_of([contents[clip_id], offset])
            for clip_id, offset in offsets.items()
            if clip_id in contents
        },
        left_out=left_out,
        masked=masked,
    )
    with_other = OTHER_SOUND in plan.spec.scale_rows
    asked = {"window": protocol.window, "offsets": protocol.offsets, "other sound": with_other}
    shelf = Store(root=job.cache).shelf({**store_key(plan), "trial": asked})
    if recall(job, census, shelf, scores):
        with job.clock.phase("load"):
            scorer = scorer_of(plan, plan.contestant, plan.load(), offsets, with_other=with_other)
            scores.scale = scorer.scale
        with job.clock.phase("score offsets"):
            decoded = partial(decoded_trials, plan, offsets=offsets, protocol=protocol)
            compute(job, shelf, scores, scorer, decoded)
    return census, scores


def scorer_of(
    plan: Plan, contestant: Contestant, model: Any, offsets: Mapping[str, float], *, with_other: bool
) -> OffsetScorer:
    """Return what asks a loaded model for the offsets of a plan's clips."""
    return OffsetScorer(
        name=contestant.record.name,
        model=model,
        inputs=contestant.inputs,
        device=plan.device,
        batch_size=plan.batch_size,
        protocol=protocol_of(plan),
        offsets=offsets,
        with_other=with_other,
    )


def trials_of(
    protocol: OffsetProtocol, clips: Sequence[Clip], offsets: Mapping[str, float], rows: Mapping[str, Row]
) -> Trials:
    """Return what is known of clips: their true offsets, and their scores ``(offset,)`` by clip id."""
    true, found = [offsets[clip.id] for clip in clips], [rows[clip.id] for clip in clips]
    return Trials.of(protocol.offsets, true, found)


def scored_trials(plan: Plan, clips: Sequence[Clip], trials: Trials, scale: Scale) -> OffsetOutcome:
    """Hold the scores of clips against the truth."""
    ids, groups = [clip.id for clip in clips], [clip.group for clip in clips]
    return score_offsets(protocol_of(plan), ids, groups, trials, scale, plan.seed)


def _reference_scores(
    job: Job,
    clips: Sequence[Clip],
    offsets: Mapping[str, float],
    own: Mapping[str, Row],
    scale: Scale,
    name: str,
) -> tuple[str, Sequence[Score]]:
    if name == OTHER_SOUND:
        paired = [clip for clip in clips if len(own[clip.id]) > 1]
        if not paired:
            raise DataError("No batch has clips of two recordings.", hint="Raise --batch-size or --limit.")
        rows, summary = {clip.id: own[clip.id][1] for clip in paired}, OTHER_SOUND_SUMMARY
    else:
        contestant = unread_model(job, name)
        scorer = scorer_of(job.plan, contestant, contestant.load("cpu"), offsets, with_other=False)
        paired, summary, scale = list(clips), contestant.record.summary, scorer.scale
        found = over_unread(job.plan, clips, scorer.score, scorer.attempts)
        rows = {clip_id: each[0] for clip_id, each in found.items()}
    trials = trials_of(protocol_of(job.plan), paired, offsets, rows)
    outcome = scored_trials(job.plan, paired, trials, scale)
    return summary, [score_of(each) for each in outcome.measurements]
