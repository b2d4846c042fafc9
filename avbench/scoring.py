"""From embeddings to scores: the model's own, and the rows that give them a scale."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from avbench.border import check_same_space
from avbench.clips import Clip
from avbench.embedding import Embedder, Unread
from avbench.errors import AvbenchError, DataError
from avbench.metrics.measurement import Measurement
from avbench.records import Progress, TaskSpec
from avbench.registry import Registry
from avbench.resolve import Contestant, Plan, RunRequest, resolve_model, resolve_task, sentence
from avbench.results import Interval, ScaleRow, Score
from avbench.store import Modality, Row
from avbench.tasks.retrieval import QueryRank, RetrievalOutcome, score_retrieval

Rows = Mapping[Modality, Mapping[str, Row]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """What a model's embeddings are worth.

    Attributes:
        scores: The numbers.
        queries: The rank of every query, in every gallery and direction.
        galleries: Sizes of the galleries scored, by name.
        notes: What was odd about them.
    """

    scores: tuple[Score, ...]
    queries: tuple[QueryRank, ...]
    galleries: dict[str, tuple[int, ...]]
    notes: tuple[str, ...]


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
    outcome = score_retrieval(
        plan.spec,
        plan.dataset.galleries,
        [clip.id for clip in clips],
        [clip.group for clip in clips],
        np.stack([rows["video"][clip.id] for clip in clips]),
        np.stack([rows["audio"][clip.id] for clip in clips]),
        plan.seed,
    )
    if not outcome.measurements:
        raise DataError(
            f"Only {len(clips)} clip{'s' * (len(clips) != 1)} could be evaluated; "
            "ranking needs at least two in one gallery.",
            hint="Add clips, or raise --limit.",
        )
    return Scored(
        scores=tuple(_score(each) for each in outcome.measurements),
        queries=outcome.queries,
        galleries=_sizes(outcome),
        notes=outcome.notes,
    )


def scale_rows(
    registry: Registry, request: RunRequest, plan: Plan, clips: Sequence[Clip], progress: Progress
) -> tuple[ScaleRow, ...]:
    """Score the spec's reference models on the clips that were evaluated; none of them decodes anything.

    A row that cannot be had says why, and takes nothing else down.
    """
    names = [name for name in plan.spec.scale_rows if name != plan.contestant.record.name]
    rows: list[ScaleRow] = []
    for done, name in enumerate(names):
        progress("reference rows", done, len(names))
        rows.append(_scale_row(registry, request, plan, clips, name))
        progress("reference rows", done + 1, len(names))
    return tuple(rows)


def _scale_row(
    registry: Registry, request: RunRequest, plan: Plan, clips: Sequence[Clip], name: str
) -> ScaleRow:
    summary = ""
    try:
        contestant = _reference(registry, request, plan.spec, name)
        summary = contestant.record.summary
        if contestant.inputs.video or contestant.inputs.audio:
            return ScaleRow(
                model=name,
                summary=summary,
                unavailable=f"It reads media; run it by itself: --model {name}.",
            )
        scores = score_model(plan, name, clips, _embed_unread(contestant, plan, clips)).scores
        return ScaleRow(model=name, summary=summary, scores=scores)
    except AvbenchError as error:
        return ScaleRow(model=name, summary=summary, unavailable=error.message)
    except Exception as error:
        return ScaleRow(model=name, summary=summary, unavailable=sentence(error))


def _reference(registry: Registry, request: RunRequest, spec: TaskSpec, name: str) -> Contestant:
    asked = dataclasses.replace(request, model=name, model_args={})
    contestant = resolve_model(registry, asked)
    resolve_task(registry, asked, spec.name, contestant)
    return contestant


def _embed_unread(contestant: Contestant, plan: Plan, clips: Sequence[Clip]) -> Rows:
    embedder = Embedder(
        name=contestant.record.name,
        model=contestant.load("cpu"),
        inputs=contestant.inputs,
        device="cpu",
        batch_size=plan.batch_size,
    )
    rows: dict[Modality, dict[str, Row]] = {"video": {}, "audio": {}}
    for first in range(0, len(clips), plan.batch_size):
        slots = [(clip, Unread()) for clip in clips[first : first + plan.batch_size]]
        for modality in rows:
            rows[modality].update(embedder.embed(slots, modality))
    missing = [clip.id for clip in clips if any(clip.id not in each for each in rows.values())]
    if missing:
        raise DataError(
            f"It has nothing for {len(missing)} of {len(clips)} clips ({embedder.trouble}).",
            hint="Look at the plugin that brings it.",
        )
    return rows


def _score(measurement: Measurement) -> Score:
    interval = measurement.interval
    return Score(
        id=measurement.id,
        value=measurement.value,
        n=measurement.n,
        low=measurement.low,
        high=measurement.high,
        unit=measurement.unit,
        higher_is_better=measurement.higher_is_better,
        optimistic=measurement.optimistic,
        pessimistic=measurement.pessimistic,
        chance=measurement.chance,
        interval=Interval(
            method=interval.method,
            level=interval.level,
            resamples=interval.resamples,
            seed=interval.seed,
            groups=interval.groups,
        ),
    )


def _sizes(outcome: RetrievalOutcome) -> dict[str, tuple[int, ...]]:
    """Return the sizes of the galleries, by name, each in the order of its parts."""
    first = outcome.queries[0].direction
    parts = Counter((each.gallery, each.part) for each in outcome.queries if each.direction == first)
    sizes: dict[str, tuple[int, ...]] = {}
    for (name, _), size in sorted(parts.items()):
        sizes[name] = (*sizes.get(name, ()), size)
    return sizes
