"""Scoring an alignment task: a logit for every pair in, measurements and a record for every clip out."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from avbench.metrics import alignment
from avbench.metrics.intervals import bootstrap_share, clopper_pearson
from avbench.metrics.measurement import Interval, Measurement, sure
from avbench.tasks.pairs import Pair, PairKind

SHARES: Mapping[str, PairKind] = {
    "align.acceptance": "true",
    "align.accuracy@shifted": "shifted",
    "align.accuracy@other": "other",
}
"""The share of one kind of pair that is judged rightly, by score id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignmentRecord:
    """What was found of one clip's pair.

    Attributes:
        clip: The clip the picture is from.
        recording: What it is resampled with.
        kind: What is the matter with the sound.
        sound: The clip the sound is from.
        shift: How late it is, in seconds.
        logit: What the model said; above 0 it accepts.
        values: What the pair gives to each number that is a mean over pairs, by score id.
    """

    clip: str
    recording: str
    kind: PairKind
    sound: str
    shift: float
    logit: float
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignmentOutcome:
    """Everything an alignment task says about a model."""

    measurements: tuple[Measurement, ...]
    records: tuple[AlignmentRecord, ...]


def score_alignment(
    clip_ids: Sequence[str],
    groups: Sequence[str],
    pairs: Sequence[Pair],
    logits: Sequence[float],
    seed: int,
) -> AlignmentOutcome:
    """Score a model.

    Args:
        clip_ids: ``(pair,)``: the clip each picture is from, at least one.
        groups: ``(pair,)``: the recording each counts under.
        pairs: ``(pair,)``.
        logits: ``(pair,)``, finite.
        seed: Of the bootstrap.
    """
    kinds = np.array([pair.kind for pair in pairs])
    true, names = kinds == "true", np.asarray(groups)
    right = alignment.right(logits, true)
    every = np.full(len(kinds), fill_value=True)
    of = {"align.accuracy": every} | {name: kinds == kind for name, kind in SHARES.items()}
    # The best that can be done without looking: accept everything, or nothing.
    chances = {"align.accuracy": max(true.mean(), 1 - true.mean())}
    shares = [
        Measurement(
            id=name,
            value=float(right[these].mean()),
            n=int(these.sum()),
            unit="fraction",
            higher_is_better=True,
            chance=float(chances[name]) if name in chances else None,
            interval=bootstrap_share(right[these], names[these].tolist(), seed=seed),
        )
        for name, these in of.items()
        if these.any()
    ]
    values = [
        {name: float(right[row]) for name, these in of.items() if these[row]} for row in range(len(pairs))
    ]
    return AlignmentOutcome(
        measurements=tuple(map(sure, (*shares, *_both_kinds(logits, true, groups, seed)))),
        records=tuple(
            AlignmentRecord(clip=clip, recording=group, **asdict(pair), logit=float(logit), values=given)
            for clip, group, pair, logit, given in zip(clip_ids, groups, pairs, logits, values, strict=True)
        ),
    )


def _both_kinds(
    logits: Sequence[float], true: NDArray[np.bool_], groups: Sequence[str], seed: int
) -> list[Measurement]:
    """Measure what needs true pairs and others; nothing where all are of one sort."""
    if true.all() or not true.any():
        return []
    balanced, area = alignment.intervals(logits, true, groups, seed=seed)
    value, recordings = alignment.balanced_accuracy(logits, true), len(set(groups))
    if value in (0, 1):
        balanced = clopper_pearson(recordings * int(value), recordings)
    found: list[tuple[str, float, Interval]] = [
        ("align.balanced", value, balanced),
        ("align.auroc", alignment.auroc(logits, true), area),
    ]
    return [
        Measurement(
            id=name,
            value=each,
            n=len(true),
            unit="fraction",
            higher_is_better=True,
            chance=0.5,
            # An area of 0 or 1 has an interval without width, which says nothing.
            interval=interval if interval.low < interval.high else None,
        )
        for name, each, interval in found
    ]
