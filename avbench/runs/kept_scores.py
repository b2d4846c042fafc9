"""Scores of trials, kept from earlier runs or computed now: offsets of a clip, or the logit of a pair."""

from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Protocol, get_args

from avbench.clips import Clip
from avbench.errors import MediaError
from avbench.metrics.measurement import Measurement
from avbench.metrics.offsets import Trials
from avbench.pages.judged_pairs import JudgedPairs
from avbench.pages.text import counted
from avbench.results.document import ScaleRow
from avbench.runs.apart import decoder_note
from avbench.runs.attempts import Attempts
from avbench.runs.census import Census, LeftOut
from avbench.runs.job import Evaluated, Job, Scored, announcement, score_of
from avbench.runs.slots import Decoded, Slots
from avbench.runs.stream import note_failures
from avbench.store import Row, Shelf
from avbench.tasks.synchrony import Scale

SCALES: tuple[Scale, ...] = get_args(Scale)
DecodedBatches = Generator[list[tuple[Clip, Decoded | MediaError]]]


class Scorer(Protocol):
    """A loaded model that scores trials, and how it has fared so far."""

    @property
    def method(self) -> str: ...  # noqa: D102
    @property
    def attempts(self) -> Attempts: ...  # noqa: D102

    def score(self, slots: Slots) -> Mapping[str, Row]:
        """Return rows by clip id; a clip without finite scores is absent."""
        ...


@dataclass(slots=True, kw_only=True)
class Scores:
    """What is known of the clips' scores so far; trials of the same content share theirs.

    Attributes:
        keys: Digest of what each clip's trial is made of, by clip id.
        left_out: Clips that have none, and why, by clip id.
        masked: Clips in which there is nothing to find, likewise.
        rows: By key: of offsets ``(1 or 2, offset)``, of a pair ``(1,)``.
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


def recall(job: Job, census: Census, shelf: Shelf, scores: Scores) -> int:
    """Take from the store what earlier runs have left, say so, and return how many clips still wait."""
    plan = job.plan
    for clip in () if job.request.recompute else plan.clips:
        if scores.waits(clip):
            _recall(shelf, scores, clip)
    waiting = sum(map(scores.waits, plan.clips))
    masked = f"{len(scores.masked)} masked, " if scores.masked else ""
    to_do = f"{counted(waiting, 'clip')} to score on {plan.device}" if waiting else "nothing to score"
    job.report.say(announcement(plan, census.found, scores.reused, masked + to_do))
    return waiting


def _recall(shelf: Shelf, scores: Scores, clip: Clip) -> None:
    key = scores.keys[clip.id]
    for scale in SCALES:
        if (row := shelf.read(key, scale)) is not None:
            scores.rows[key], scores.scale = row, scale
            scores.reused += 1
    if scores.waits(clip) and (failure := shelf.read_failure(key)):
        scores.left_out[clip.id] = LeftOut(reason=failure[0], message=failure[1])


def compute(
    job: Job,
    shelf: Shelf,
    scores: Scores,
    scorer: Scorer,
    decoded_of: Callable[[Sequence[Sequence[Clip]]], DecodedBatches],
) -> None:
    """Score every batch that lacks some, keeping each at once; batches are fixed slices of their order.

    Raises:
        ModelError: The model broke its contract, or failed on every clip.
    """
    size, order = job.plan.batch_size, interleaved(job.plan.clips)
    slices = [order[first : first + size] for first in range(0, len(order), size)]
    batches = [tuple(filter(scores.tried, part)) for part in slices if any(map(scores.waits, part))]
    done, total = 0, sum(map(len, batches))
    with closing(decoded_of(batches)) as decoded:
        for results in decoded:
            job.report.progress("scoring", done, total)
            note_failures(shelf, scores.keys, scores.left_out, results)
            slots = [(clip, each) for clip, each in results if not isinstance(each, MediaError)]
            for clip_id, row in (scorer.score(slots) if slots else {}).items():
                _keep(shelf, scores, clip_id, row)
            for clip, _ in slots:
                if scores.waits(clip):
                    scores.left_out[clip.id] = LeftOut(reason="model", message=scorer.attempts.trouble)
            done += len(results)
            job.report.progress("scoring", done, total)
    scorer.attempts.refuse_failure(scorer.method, 1)


class Outcome(Protocol):
    """What the scores of trials are worth."""

    @property
    def measurements(self) -> Sequence[Measurement]: ...  # noqa: D102
    @property
    def records(self) -> tuple[Any, ...]: ...  # noqa: D102


def evaluated_trials(
    census: Census,
    scores: Scores,
    outcome: Outcome,
    rows: tuple[ScaleRow, ...],
    shown: JudgedPairs | Trials | None = None,
) -> Evaluated:
    """Return what came of a job of trials, and how far the decoder itself moves sound against picture."""
    return Evaluated(
        census=census,
        left_out=scores.left_out,
        masked=scores.masked,
        scored=Scored(
            scores=tuple(map(score_of, outcome.measurements)),
            records=outcome.records,
            notes=(decoder_note(),),
        ),
        rows=rows,
        reused=scores.reused,
        computed=scores.computed,
        shown=shown,
    )


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
