"""Retrieval: every clip embedded once, then ranked; the rows that give the ranks a scale."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from avbench.clips import Clip
from avbench.errors import DataError
from avbench.pages.text import counted
from avbench.resolve import Contestant, Plan
from avbench.results.document import Score
from avbench.results.provenance import store_key
from avbench.runs.border import check_same_space
from avbench.runs.census import Census
from avbench.runs.embedding import Embedder
from avbench.runs.job import (
    Evaluated,
    Job,
    Scored,
    announcement,
    filled_clips,
    nothing_left,
    score_of,
)
from avbench.runs.reference_rows import over_unread, reference_rows, unread_model
from avbench.runs.stream import MODALITIES, Batch, Outputs, embed_batches, recall, unfinished
from avbench.specs import CategoryProtocol, ChoiceProtocol, RetrievalProtocol
from avbench.store import Modality, Row, Store
from avbench.tasks.categories import CategoryOutcome, score_categories
from avbench.tasks.choices import ChoiceOutcome, score_choices
from avbench.tasks.retrieval import RetrievalOutcome, score_retrieval

Rows = Mapping[Modality, Mapping[str, Row]]
Outcome = RetrievalOutcome | CategoryOutcome | ChoiceOutcome


def evaluate(job: Job) -> Evaluated:
    """Embed what is not kept from earlier runs, and score all of it.

    Raises:
        DataError: No clip, or no gallery of two, can be evaluated.
        ModelError: The model broke its contract, or failed on every clip.
    """
    plan = job.plan
    census, outputs = _embed(job)
    evaluated = [clip for clip in plan.clips if clip.id not in outputs.left_out]
    if not evaluated:
        raise nothing_left(plan, outputs.left_out)
    with job.clock.phase("score"):
        scored = score_model(plan, plan.contestant.record.name, evaluated, outputs.of(evaluated))
    with job.clock.phase("reference rows"):
        rows = reference_rows(job, partial(_reference_scores, job, evaluated))
    return Evaluated(
        census=census,
        left_out=outputs.left_out,
        scored=scored,
        rows=rows,
        reused=outputs.reused,
        computed=outputs.computed,
        filled=filled_clips(evaluated, outputs.keys, outputs.filled),
    )


def _embed(job: Job) -> tuple[Census, Outputs]:
    plan = job.plan
    with job.clock.phase("resolve"):
        census = job.census(plan.clips, by_name=plan.contestant.inputs.unread)
        shelf = Store(root=job.cache).shelf(store_key(plan))
        outputs = (
            Outputs(keys=census.keys, left_out=dict(census.left_out))
            if job.request.recompute
            else recall(plan.clips, census, shelf)
        )
        batches = unfinished(plan, outputs)
    job.report.say(announcement(plan, census.found, outputs.reused, _to_do(plan, batches)))
    if batches:
        with job.clock.phase("load"):
            embedder = _load(plan)
        with job.clock.phase("embed"):
            embed_batches(plan, shelf, outputs, batches, embedder, job.report.progress)
    return census, outputs


def _load(plan: Plan) -> Embedder:
    return Embedder(
        name=plan.contestant.record.name,
        model=plan.load(),
        inputs=plan.contestant.inputs,
        device=plan.device,
        batch_size=plan.batch_size,
    )


def _to_do(plan: Plan, batches: Sequence[Batch]) -> str:
    left = sum(len(batch.clips) for batch in batches)
    return f"{counted(left, 'clip')} to embed on {plan.device}" if left else "nothing to embed"


def score_model(plan: Plan, name: str, clips: Sequence[Clip], rows: Rows) -> Scored:
    """Score one model on the clips that were evaluated.

    Args:
        plan: The run.
        name: The model's name, for messages.
        clips: The clips evaluated, in the dataset's order.
        rows: Their embeddings.

    Raises:
        ModelError: Embeddings that cannot be compared.
        DataError: No gallery has two clips left.
    """
    shapes = (rows[modality][clip.id].shape for clip in clips for modality in ("video", "audio"))
    check_same_space(name, shapes)
    outcome = _outcome(
        plan, clips, *(np.stack([rows[each][clip.id] for clip in clips]) for each in MODALITIES)
    )
    if not outcome.measurements:
        alike = " of one class" if isinstance(outcome, CategoryOutcome) else ""
        raise DataError(
            f"Only {counted(len(clips), 'clip')} could be evaluated, no two{alike} in one gallery: there is "
            "nothing to rank.",
            hint=" ".join(("Add clips, or raise --limit.", *plan.dataset.notes)),
        )
    return Scored(
        scores=tuple(score_of(each) for each in outcome.measurements),
        records=outcome.queries,
        galleries=_sizes(outcome),
        notes=outcome.notes,
    )


def _outcome(plan: Plan, clips: Sequence[Clip], video: Row, audio: Row) -> Outcome:
    protocol, galleries = plan.spec.protocol, plan.dataset.galleries
    if isinstance(protocol, CategoryProtocol):
        return score_categories(protocol, galleries, clips, video, audio, plan.seed)
    ids, groups = [clip.id for clip in clips], [clip.group for clip in clips]
    if isinstance(protocol, ChoiceProtocol):
        return score_choices(protocol, galleries, ids, groups, video, audio, plan.seed)
    assert isinstance(protocol, RetrievalProtocol)
    return score_retrieval(
        protocol,
        galleries,
        ids,
        groups,
        video,
        audio,
        plan.seed,
        [clip.classes for clip in clips],
    )


def _reference_scores(job: Job, clips: Sequence[Clip], name: str) -> tuple[str, Sequence[Score]]:
    contestant = unread_model(job, name)
    rows = _embed_unread(contestant, job.plan, clips)
    return contestant.record.summary, score_model(job.plan, name, clips, rows).scores


def _embed_unread(contestant: Contestant, plan: Plan, clips: Sequence[Clip]) -> Rows:
    embedder = Embedder(
        name=contestant.record.name,
        model=contestant.load("cpu"),
        inputs=contestant.inputs,
        device="cpu",
        batch_size=plan.batch_size,
    )
    return {
        modality: over_unread(plan, clips, partial(embedder.embed, modality=modality), embedder.attempts)
        for modality in MODALITIES
    }


def _sizes(outcome: Outcome) -> dict[str, tuple[int, ...]]:
    """Return the sizes of the galleries, by name, each in the order of its parts."""
    if isinstance(outcome, ChoiceOutcome | CategoryOutcome):
        return dict(outcome.galleries)
    first = outcome.queries[0].direction
    parts = Counter((each.gallery, each.part) for each in outcome.queries if each.direction == first)
    sizes: dict[str, tuple[int, ...]] = {}
    for (name, _), size in sorted(parts.items()):
        sizes[name] = (*sizes.get(name, ()), size)
    return sizes
