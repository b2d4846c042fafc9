"""Alignment: every clip makes one pair of picture and sound, and a model says whether it is a true one."""

from collections.abc import Container, Mapping, Sequence
from functools import partial
from typing import Any

from avbench.clips import Clip
from avbench.errors import PluginError
from avbench.pages.judged_pairs import JudgedPairs, judged_pairs
from avbench.resolve import Contestant, Plan
from avbench.results.document import Score
from avbench.results.provenance import store_key
from avbench.runs.apart import decoded_apart
from avbench.runs.census import Census, LeftOut
from avbench.runs.job import Evaluated, Job, nothing_left, score_of
from avbench.runs.kept_scores import DecodedBatches, Scores, compute, evaluated_trials, recall
from avbench.runs.pairing import Pairing, PairScorer
from avbench.runs.reference_rows import over_unread, reference_rows, unread_model
from avbench.runs.synchronizability import masked_clips
from avbench.specs import AlignmentProtocol
from avbench.store import Store
from avbench.tasks.alignment import AlignmentOutcome, score_alignment
from avbench.tasks.pairs import drawn_pairs


def evaluate(job: Job) -> Evaluated:
    """Judge the pairs whose logits are not kept from earlier runs, and hold them against the truth.

    Raises:
        DataError: No clip can be evaluated, or there is no other recording to take a sound from.
        ModelError: The model broke its contract, or failed on every clip.
        PluginError: The spec contradicts itself.
    """
    plan = job.plan
    pairing = pairing_of(plan)
    census, scores = _scores(job, pairing)
    evaluated = [clip for clip in plan.clips if scores.tried(clip)]
    if not evaluated:
        raise nothing_left(plan, {**scores.left_out, **scores.masked})
    logits = {clip.id: float(scores.rows[scores.keys[clip.id]][0]) for clip in evaluated}
    with job.clock.phase("score"):
        outcome = scored_pairs(plan, pairing, evaluated, logits)
    with job.clock.phase("reference rows"):
        rows = reference_rows(job, partial(_reference_scores, job, pairing, evaluated))
    shown = _shown(job, pairing, outcome) if job.request.page is not None else None
    return evaluated_trials(census, scores, outcome, rows, shown)


def _shown(job: Job, pairing: Pairing, outcome: AlignmentOutcome) -> JudgedPairs:
    return judged_pairs(
        outcome.records,
        lambda clip_id: (pairing.seen(pairing.clips[clip_id]), pairing.heard(pairing.clips[clip_id])),
        shown=job.request.page_clips,
        seconds=pairing.protocol.window,
    )


def pairing_of(plan: Plan) -> Pairing:
    """Return the pairs a plan's clips make.

    Raises:
        DataError: A clip is to be paired with another recording, and there is none.
        PluginError: The window is not that of the protocol, or shares and shifts are no such things.
    """
    spec, protocol = plan.spec, plan.spec.protocol
    assert isinstance(protocol, AlignmentProtocol)
    shares = protocol.true, protocol.shifted, protocol.other
    sound = min(shares) >= 0 < sum(shares) and 0 < protocol.smallest <= protocol.largest
    if spec.seconds != protocol.seconds or not sound:
        raise PluginError(
            f"The task {spec.name!r} takes {spec.seconds:g} s of a clip for shifts of {protocol.smallest:g} "
            f"to {protocol.largest:g} s, and pairs in shares of {shares}; its protocol needs "
            f"{protocol.seconds:g} s.",
            hint="Mend the spec: seconds = window + 2 largest, 0 < smallest <= largest, no share below 0.",
        )
    pairs = drawn_pairs(protocol, {clip.id: clip.group for clip in plan.clips})
    return Pairing(protocol=protocol, pairs=pairs, clips={clip.id: clip for clip in plan.clips})


def _scores(job: Job, pairing: Pairing) -> tuple[Census, Scores]:
    plan, protocol = job.plan, pairing.protocol
    with job.clock.phase("resolve"):
        census = job.census(plan.clips)
        left_out, copies = dict(census.left_out), copied(pairing, census.keys)
    with job.clock.phase("masks"):
        starts = {
            clip_id: protocol.largest + pair.shift
            for clip_id, pair in pairing.pairs.items()
            if clip_id not in copies
        }
        masked = {**masked_clips(job, protocol, census, starts, left_out), **copies}
        # Whatever is decoded for a model, the whole of each clip was tried: all leave out the same.
        left_out = {**without_sound(pairing, left_out, masked), **left_out}
    contents = job.census(plan.clips, by_name=True).keys if plan.contestant.inputs.unread else census.keys
    scores = Scores(
        keys=pairing.keys(contents),
        left_out=left_out,
        masked=masked,
        scale="logits",
    )
    asked = {"window": protocol.window, "lead": protocol.largest}
    shelf = Store(root=job.cache).shelf({**store_key(plan), "pair": asked})
    if recall(job, census, shelf, scores):
        with job.clock.phase("load"):
            scorer = scorer_of(plan, plan.contestant, plan.load(), pairing)
        with job.clock.phase("judge pairs"):
            compute(job, shelf, scores, scorer, partial(decoded_pairs, plan, pairing))
    return census, scores


def copied(pairing: Pairing, contents: Mapping[str, str]) -> dict[str, LeftOut]:
    """Return the clips that were to be shown with another recording's sound, and got that of a copy."""
    return {
        clip_id: LeftOut(
            reason="copy", message=f"The sound is to be another recording's; {pair.sound} is a copy."
        )
        for clip_id, pair in pairing.pairs.items()
        if pair.sound != clip_id and clip_id in contents and contents[clip_id] == contents.get(pair.sound)
    }


def without_sound(
    pairing: Pairing, left_out: Mapping[str, LeftOut], masked: Container[str] = ()
) -> dict[str, LeftOut]:
    """Return the clips, but for masked ones, whose sound is that of a clip left out, for the same reason."""
    return {
        clip_id: LeftOut(
            reason=left_out[pair.sound].reason,
            message=f"Its sound is that of {pair.sound}: {left_out[pair.sound].message}",
        )
        for clip_id, pair in pairing.pairs.items()
        if pair.sound in left_out and clip_id not in masked
    }


def scorer_of(plan: Plan, contestant: Contestant, model: Any, pairing: Pairing) -> PairScorer:
    """Return what asks a loaded model about the pairs of a plan's clips."""
    return PairScorer(
        name=contestant.record.name,
        model=model,
        inputs=contestant.inputs,
        device=plan.device,
        batch_size=plan.batch_size,
        pairing=pairing,
    )


def decoded_pairs(plan: Plan, pairing: Pairing, batches: Sequence[Sequence[Clip]]) -> DecodedBatches:
    """Yield every batch's clips with picture and sound of their pairs, in order, decoding ahead."""
    window = pairing.protocol.window
    return decoded_apart(plan, batches, seen=pairing.seen, picture=window, heard=pairing.heard, sound=window)


def scored_pairs(
    plan: Plan, pairing: Pairing, clips: Sequence[Clip], logits: Mapping[str, float]
) -> AlignmentOutcome:
    """Hold the logits of pairs, by clip id, against the truth."""
    return score_alignment(
        [clip.id for clip in clips],
        [clip.group for clip in clips],
        [pairing.pairs[clip.id] for clip in clips],
        [logits[clip.id] for clip in clips],
        plan.seed,
    )


def _reference_scores(
    job: Job, pairing: Pairing, clips: Sequence[Clip], name: str
) -> tuple[str, Sequence[Score]]:
    contestant, plan = unread_model(job, name), job.plan
    scorer = scorer_of(plan, contestant, contestant.load("cpu"), pairing)
    found = over_unread(plan, clips, scorer.score, scorer.attempts)
    logits = {clip_id: float(row[0]) for clip_id, row in found.items()}
    outcome = scored_pairs(plan, pairing, clips, logits)
    return contestant.record.summary, [score_of(each) for each in outcome.measurements]
