"""Synchrony: every clip shifted by a known offset, every candidate scored and held against the truth."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import Any, get_args

from avbench.clips import Clip
from avbench.digests import FileDigests
from avbench.errors import DataError, MediaError, PluginError
from avbench.metrics.offsets import Trials
from avbench.provenance import store_key
from avbench.resolve import Contestant, Plan
from avbench.results import Score, digest_of
from avbench.runs.census import Census, LeftOut, take_census
from avbench.runs.job import Evaluated, Job, Scored, announcement, nothing_left, score_of
from avbench.runs.reference_rows import reference_model, reference_rows
from avbench.runs.slots import Unread
from avbench.runs.stream import note_failures
from avbench.runs.synchronizability import masked_clips
from avbench.runs.trials import OTHER_SOUND, OffsetScorer, decoded_trials
from avbench.specs import OffsetProtocol
from avbench.store import Row, Shelf, Store
from avbench.tasks.shifts import true_offsets
from avbench.tasks.synchrony import OffsetOutcome, Scale, score_offsets

OTHER_SOUND_SUMMARY = (
    "The model with another recording's sound: what it finds where there is nothing to find."
)
SCALES: tuple[Scale, ...] = get_args(Scale)


@dataclass(slots=True, kw_only=True)
class Scores:
    """What is known of the clips' scores so far; clips of the same content and offset share theirs.

    Attributes:
        keys: Digest of each clip's content and offset, by clip id.
        left_out: Clips that have none, and why, by clip id.
        masked: Clips no offset can be seen in, likewise.
        rows: ``(1 or 2, offset)`` by key.
        scale: What they are.
        reused: Taken from the store.
        computed: Computed now.
    """

    keys: Mapping[str, str]
    left_out: dict[str, LeftOut]
    masked: Mapping[str, LeftOut]
    rows: dict[str, Row] = field(default_factory=dict[str, Row])
    scale: Scale = "cosines"
    reused: int = 0
    computed: int = 0

    def waits(self, clip: Clip) -> bool:
        """Return whether the clip still needs scores."""
        return self.tried(clip) and self.keys[clip.id] not in self.rows

    def tried(self, clip: Clip) -> bool:
        """Return whether the clip may have scores."""
        return clip.id not in self.left_out and clip.id not in self.masked


def evaluate(job: Job) -> Evaluated:
    """Score the offsets that are not kept from earlier runs, and hold them against the truth.

    Raises:
        DataError: No clip can be evaluated.
        ModelError: The model broke its contract, or failed on every clip.
        PluginError: The spec contradicts itself.
    """
    plan, protocol = job.plan, protocol_of(job.plan)
    offsets = true_offsets(protocol, [clip.id for clip in plan.clips])
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
    return Evaluated(
        census=census,
        left_out=scores.left_out,
        masked=scores.masked,
        scored=Scored(
            scores=tuple(map(score_of, outcome.measurements)),
            records=outcome.records,
            notes=(decoder_note(),),
        ),
        rows=found,
        reused=scores.reused,
        computed=scores.computed,
        shown=trials,
    )


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
    plan, inputs = job.plan, job.plan.contestant.inputs
    with job.clock.phase("resolve"):
        files = FileDigests(index=job.cache / "digests.jsonl")
        take = partial(take_census, plan.clips, plan.spec.seconds, files, job.report.progress)
        census = take()
        left_out = dict(census.left_out)
    with job.clock.phase("masks"):
        masked = masked_clips(job, protocol, census, offsets, left_out)
    contents = take(by_name=True).keys if inputs.video is None and inputs.audio is None else census.keys
    scores = Scores(
        keys={clip_id: digest_of([key, offsets[clip_id]]) for clip_id, key in contents.items()},
        left_out=left_out,
        masked=masked,
    )
    with_other = OTHER_SOUND in plan.spec.scale_rows
    asked = {"window": protocol.window, "offsets": protocol.offsets, "other sound": with_other}
    shelf = Store(root=job.cache).shelf({**store_key(plan), "trial": asked})
    if not job.request.recompute:
        _recall(plan, shelf, scores)
    waiting = sum(map(scores.waits, plan.clips))
    to_do = f"{waiting} clips to score on {plan.device}" if waiting else "nothing to score"
    job.report.say(announcement(plan, census.found, scores.reused, _and_masked(masked) + to_do))
    if waiting:
        with job.clock.phase("load"):
            scorer = scorer_of(plan, plan.contestant, plan.load(), offsets, with_other=with_other)
            scores.scale = scorer.scale
        with job.clock.phase("score offsets"):
            _compute(job, shelf, scores, scorer)
    return census, scores


def _and_masked(masked: Mapping[str, LeftOut]) -> str:
    return f"{len(masked)} masked, " if masked else ""


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


def _recall(plan: Plan, shelf: Shelf, scores: Scores) -> None:
    """Take from the store what earlier runs have left."""
    for clip in filter(scores.waits, plan.clips):
        key = scores.keys[clip.id]
        for scale in SCALES:
            if (row := shelf.read(key, scale)) is not None:
                scores.rows[key], scores.scale = row, scale
                scores.reused += 1
        if scores.waits(clip) and (failure := shelf.read_failure(key)):
            scores.left_out[clip.id] = LeftOut(reason=failure[0], message=failure[1])


def _compute(job: Job, shelf: Shelf, scores: Scores, scorer: OffsetScorer) -> None:
    """Score every batch that lacks some, keeping each at once; batches are fixed slices of their order."""
    plan, protocol = job.plan, protocol_of(job.plan)
    size = plan.batch_size
    order = interleaved(plan.clips)
    slices = [order[first : first + size] for first in range(0, len(order), size)]
    batches = [tuple(filter(scores.tried, part)) for part in slices if any(map(scores.waits, part))]
    done, total = 0, sum(map(len, batches))
    with closing(decoded_trials(plan, batches, scorer.offsets, protocol)) as decoded:
        for results in decoded:
            job.report.progress("scoring offsets", done, total)
            note_failures(shelf, scores.keys, scores.left_out, results)
            slots = [(clip, each) for clip, each in results if not isinstance(each, MediaError)]
            for clip_id, row in (scorer.score(slots) if slots else {}).items():
                _keep(shelf, scores, clip_id, row)
            for clip, _ in slots:
                if scores.waits(clip):
                    scores.left_out[clip.id] = LeftOut(reason="model", message=scorer.attempts.trouble)
            done += len(results)
            job.report.progress("scoring offsets", done, total)
    scorer.attempts.refuse_failure("offset_scores", 1)


def interleaved(clips: Sequence[Clip]) -> list[Clip]:
    """Return the first clip of each recording, then the second of each, and so on."""
    nth: Counter[str] = Counter()
    places: list[int] = []
    for clip in clips:
        places.append(nth[clip.group])
        nth[clip.group] += 1
    return [clip for _, clip in sorted(zip(places, clips, strict=True), key=lambda pair: pair[0])]


def _keep(shelf: Shelf, scores: Scores, clip_id: str, row: Row) -> None:
    key = scores.keys[clip_id]
    if key not in scores.rows:
        shelf.write(key, scores.scale, row)
        scores.rows[key] = row
        scores.computed += 1


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
        contestant = reference_model(job, name)
        if contestant.inputs.video or contestant.inputs.audio:
            raise DataError(f"It reads media; run it by itself: --model {name}.", hint="")
        scorer = scorer_of(job.plan, contestant, contestant.load("cpu"), offsets, with_other=False)
        paired, summary, scale = list(clips), contestant.record.summary, scorer.scale
        rows = _score_unread(job.plan, scorer, clips)
    trials = trials_of(protocol_of(job.plan), paired, offsets, rows)
    outcome = scored_trials(job.plan, paired, trials, scale)
    return summary, [score_of(each) for each in outcome.measurements]


def _score_unread(plan: Plan, scorer: OffsetScorer, clips: Sequence[Clip]) -> Mapping[str, Row]:
    rows: dict[str, Row] = {}
    for first in range(0, len(clips), plan.batch_size):
        slots = [(clip, Unread()) for clip in clips[first : first + plan.batch_size]]
        rows |= {clip_id: each[0] for clip_id, each in scorer.score(slots).items()}
    if missing := [clip.id for clip in clips if clip.id not in rows]:
        raise DataError(
            f"It has nothing for {len(missing)} of {len(clips)} clips ({scorer.attempts.trouble}).",
            hint="Look at the plugin that brings it.",
        )
    return rows


def decoder_note() -> str:
    """Say how far the decoder itself moves sound against picture, measured now."""
    from avbench.media.selftest import check_sync

    checks = list(check_sync())
    if troubled := [each for each in checks if each.problem]:
        return f"The decoder does not keep sound and picture together: {troubled[0].problem}."
    worst = max((each.offset_ms for each in checks), key=abs)
    return (
        f"The decoder's own offset, a click against a flash in {len(checks)} clips of "
        f"{min(each.fps for each in checks):g} to {max(each.fps for each in checks):g} frames a second: "
        f"{worst:+.2f} ms at worst."
    )
