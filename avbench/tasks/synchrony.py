"""Scoring an offset task: a score for every candidate in, measurements and a record for every clip out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from avbench.metrics import calibration, offsets
from avbench.metrics.embedding_sets import Values
from avbench.metrics.intervals import bootstrap_means, bootstrap_median, bootstrap_ratios, clopper_pearson
from avbench.metrics.measurement import Interval, Measurement, sure
from avbench.metrics.offsets import Trials
from avbench.specs import OffsetProtocol

Scale = Literal["logits", "cosines"]
"""What the scores of a model are: its own, read as logits, or cosines of tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetRecord:
    """What was found of one clip.

    Attributes:
        clip: The clip's id.
        recording: What it is resampled with.
        offset: By how much its sound was made late, in seconds.
        estimated: The candidates with the highest score, in seconds: more than one if they tie.
        scores: Of every candidate, in the order of the grid.
        values: What the clip gives to each number that is a mean over clips, by score id.
    """

    clip: str
    recording: str
    offset: float
    estimated: tuple[float, ...]
    scores: tuple[float, ...]
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetOutcome:
    """Everything an offset task says about a model."""

    measurements: tuple[Measurement, ...]
    records: tuple[OffsetRecord, ...]


def score_offsets(
    protocol: OffsetProtocol,
    clip_ids: Sequence[str],
    groups: Sequence[str],
    trials: Trials,
    scale: Scale,
    seed: int,
) -> OffsetOutcome:
    """Score a model.

    Args:
        protocol: Says the grid and the tolerances.
        clip_ids: ``(clip,)``, at least one.
        groups: ``(clip,)``: the recording each clip counts under.
        trials: True offsets and scores, in the same order.
        scale: What the scores are.
        seed: Of the bootstrap.
    """
    guess = trials.guessed()
    means, chances = per_clip(protocol, trials), per_clip(protocol, guess)
    errors = offsets.pooled_errors(trials)
    names = [group for group in groups for _ in range(errors.shape[1])]
    gained, most = (each - chances["offset.auc"] for each in (means["offset.auc"], 1.0))
    median = Measurement(
        id="offset.median-error",
        value=float(np.median(errors)),
        n=len(clip_ids),
        unit="s",
        higher_is_better=False,
        chance=float(np.median(offsets.pooled_errors(guess))),
        interval=bootstrap_median(errors.ravel(), names, seed=seed),
    )
    corrected = Measurement(
        id="offset.auc-corrected",
        value=float(gained.sum() / most.sum()),
        n=len(clip_ids),
        unit="ratio",
        higher_is_better=True,
        chance=0.0,
        interval=bootstrap_ratios(gained, most, groups, seed=seed),
    )
    choices = {f"offset.choice@{each:g}": won for each, won in offsets.forced_choice(trials).items()}
    measured = [*_means(means, chances, groups, seed), median, corrected]
    further = [*_calibration(trials, scale, groups, seed), *_choices(choices, groups, seed)]
    return OffsetOutcome(
        measurements=tuple(map(sure, (*measured, *further))),
        records=tuple(_records(clip_ids, groups, trials, {**means, **choices})),
    )


def per_clip(protocol: OffsetProtocol, trials: Trials) -> dict[str, Values]:
    """Return what each clip gives to the numbers that are means over clips, ``(clip,)`` by score id."""
    accuracies = {
        f"offset.accuracy@{each:g}": offsets.within(trials, each)
        for each in offsets.resolved(protocol.tolerances, protocol.step)
    }
    return {
        "offset.top1": offsets.within(trials, 0.0),
        "offset.within1": offsets.within(trials, protocol.step),
        **accuracies,
        "offset.mean-error": offsets.absolute_error(trials),
        "offset.auc": offsets.tolerance_area(trials),
    }


def _means(
    values: Mapping[str, Values], chances: Mapping[str, Values], groups: Sequence[str], seed: int
) -> list[Measurement]:
    intervals = bootstrap_means(np.stack(list(values.values()), 1), groups, seed=seed)
    recordings = len(set(groups))
    measured: list[Measurement] = []
    for (name, each), interval in zip(values.items(), intervals, strict=True):
        error = name.endswith("error")
        whole = not error and np.ptp(each) == 0 and each[0] in (0, 1)
        measured.append(
            Measurement(
                id=name,
                value=float(each.mean()),
                n=len(each),
                unit="s" if error else "fraction",
                higher_is_better=not error,
                chance=float(chances[name].mean()),
                interval=clopper_pearson(recordings * int(each[0]), recordings) if whole else interval,
            )
        )
    return measured


def _choices(curve: Mapping[str, Values], groups: Sequence[str], seed: int) -> list[Measurement]:
    """Measure forced choices, each over the clips whose grid reaches that far."""
    measured: list[Measurement] = []
    for name, values in curve.items():
        there = np.isfinite(values)
        if not there.any():
            continue
        names = [group for group, known in zip(groups, there, strict=True) if known]
        (one,) = _means({name: values[there]}, {name: np.full(int(there.sum()), 0.5)}, names, seed)
        measured.append(one)
    return measured


def _calibration(trials: Trials, scale: Scale, groups: Sequence[str], seed: int) -> list[Measurement]:
    """Measure how far confidence can be believed; of cosines only whether it tells right from wrong."""
    found: list[tuple[str, float, float | None, Interval | None]] = []
    if scale == "logits":
        interval = calibration.calibration_interval(trials, groups, seed=seed)
        found.append(("offset.ece", calibration.calibration_error(trials), None, interval))
    area = calibration.margin_area(trials)
    if area is not None:
        interval = calibration.margin_interval(trials, groups, seed=seed)
        found.append(("offset.margin-auroc", area, 0.5, interval))
    return [
        Measurement(
            id=name,
            value=value,
            n=len(trials.offsets),
            unit="fraction",
            higher_is_better=chance is not None,
            chance=chance,
            interval=interval,
        )
        for name, value, chance, interval in found
    ]


def _records(
    clip_ids: Sequence[str], groups: Sequence[str], trials: Trials, values: Mapping[str, Values]
) -> list[OffsetRecord]:
    grid = trials.grid
    return [
        OffsetRecord(
            clip=clip,
            recording=groups[row],
            offset=float(trials.offsets[row]),
            estimated=tuple(grid[trials.estimates[row]].tolist()),
            scores=tuple(trials.scores[row].tolist()),
            values={name: float(each[row]) for name, each in values.items() if np.isfinite(each[row])},
        )
        for row, clip in enumerate(clip_ids)
    ]
