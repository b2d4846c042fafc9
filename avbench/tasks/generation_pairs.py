"""Numbers of generation that are taken sound by sound against the clip's own: divergence, time, place.

Each sound made for a clip is measured alone first (:class:`SoundRecord`, kept beside the result); the numbers
are means or sums over those. A sound that a number is not defined for, a silent one say, leaves that number
and no other, and a note counts it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from avbench.errors import MediaError
from avbench.judges.judge import Criterion
from avbench.metrics.classifier_scores import kl_divergences
from avbench.metrics.embedding_sets import Values
from avbench.metrics.intervals import bootstrap_means
from avbench.metrics.measurement import Measurement
from avbench.metrics.onsets import (
    TOLERANCES,
    OnsetCounts,
    average_precision,
    average_precision_interval,
    matched,
    onset_scores,
)
from avbench.metrics.similarity import cosine_similarities
from avbench.metrics.sound_pairs import envelope_match, pan_error
from avbench.tasks.features import ClipSounds, Features, reasons

# What papers print as KL: direction and epsilon.
DIVERGENCES = {
    "kl": ("truth_first", 0.0),
    "kl-eps": ("truth_first", 1e-6),
    "kl-reverse-eps": ("generated_first", 1e-6),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundRecord:
    """What was measured of one sound made for one clip.

    Attributes:
        clip: The clip's id.
        sample: Which of the sounds made for it, from 0.
        recording: What the clip is resampled with.
        values: Numbers of this sound alone, by metric id.
        onsets: Hits, detected and true onsets, by tolerance in seconds.
        without: Fréchet distances of the set of all sounds without this one's block of recordings
            (:func:`avbench.metrics.bias.blocks_of`), by metric id.
    """

    clip: str
    sample: int
    recording: str
    values: Mapping[str, float]
    onsets: Mapping[str, OnsetCounts]
    without: Mapping[str, float] = field(default_factory=dict[str, float])


def sound_records(clips: Sequence[ClipSounds]) -> list[SoundRecord]:
    """Measure every sound alone, clip by clip and sample by sample."""
    return [
        SoundRecord(
            clip=clip.clip,
            sample=sample,
            recording=clip.recording,
            values={
                **_divergences(clip, made),
                **_similarities(clip, made),
                **_captioned(clip, made),
                **_time_and_place(clip, made),
                **_judged(clip, sample),
            },
            onsets=_onset_counts(clip, made),
        )
        for clip in clips
        for sample, made in enumerate(clip.made)
    ]


def pair_measurements(
    clips: Sequence[ClipSounds],
    records: Sequence[SoundRecord],
    notes: list[str],
    *,
    seed: int,
    criteria: Sequence[Criterion] = (),
) -> Iterator[Measurement]:
    """Take the numbers over sounds that were measured alone.

    Args:
        clips: The clips.
        records: Of :func:`sound_records`.
        notes: Told what some sounds are without.
        seed: Of the intervals.
        criteria: What judges decided.
    """
    ids = dict.fromkeys(id for record in records for id in record.values)
    for id in ids:
        having = [record for record in records if id in record.values]
        values = np.array([record.values[id] for record in having])
        if len(having) < len(records):
            lacking = f"{len(records) - len(having)} of {len(records)} sounds"
            notes.append(f"{id} is not defined for {lacking}{_why(id, clips)}.")
        kind = next((each for each in criteria if each.id == id), None) or _kind(id)
        yield _mean(kind, values, [record.recording for record in having], seed)
    for name in ("envelope.correlation", "pan.error", *(each.id for each in criteria)):
        if name not in ids and _applies(name, clips):
            notes.append(f"{name} is not defined for any sound{_why(name, clips)}.")
    yield from _onset_measurements(clips, records, notes, seed)


def _divergences(clip: ClipSounds, made: Features) -> dict[str, float]:
    values: dict[str, float] = {}
    for classifier, logits in made.logits.items():
        if classifier in clip.unheard:
            continue
        pair = clip.truth.logits[classifier][np.newaxis], logits[np.newaxis]
        for name, (direction, epsilon) in DIVERGENCES.items():
            (value,) = kl_divergences(
                *pair,
                direction="truth_first" if direction == "truth_first" else "generated_first",
                epsilon=epsilon,
            )
            values[f"{name}.{classifier}"] = float(value)
    return values


def _similarities(clip: ClipSounds, made: Features) -> dict[str, float]:
    values: dict[str, float] = {}
    for model, seen in clip.video.items():
        if model in clip.unheard:
            continue
        with suppress(ValueError):  # a model may have no direction for silence: zeros, or NaN
            (cosine,) = cosine_similarities(seen[np.newaxis], made.similarity[model][np.newaxis])
            values[f"av-similarity.{model}"] = float(cosine)
    return values


def _captioned(clip: ClipSounds, made: Features) -> dict[str, float]:
    """Return the mean cosine of every caption with every row: each embedder that reads has one a sound."""
    values: dict[str, float] = {}
    for embedder, texts in clip.texts.items():
        if embedder in clip.unheard:
            continue
        rows = made.rows[embedder]
        with suppress(ValueError):  # a row of zeros has no direction
            cosines = cosine_similarities(np.repeat(texts, len(rows), axis=0), np.tile(rows, (len(texts), 1)))
            values[f"clap.{embedder}"] = float(cosines.mean())
    return values


def _time_and_place(clip: ClipSounds, made: Features) -> dict[str, float]:
    values: dict[str, float] = {}
    with suppress(ValueError):  # an envelope that does not change correlates with nothing
        match = envelope_match(made.envelope, clip.truth.envelope)
        values |= {"envelope.correlation": match.correlation, "envelope.lag": abs(match.lag)}
    if made.pan is not None and clip.truth.pan is not None:
        with suppress(ValueError):  # there may be no moment at which both are heard
            values["pan.error"] = pan_error(made.pan, clip.truth.pan)
    return values


def _judged(clip: ClipSounds, sample: int) -> dict[str, float]:
    verdicts = clip.judged[sample] if clip.judged else {}
    return {id: each for id, each in verdicts.items() if not isinstance(each, MediaError)}


def _why(id: str, clips: Sequence[ClipSounds]) -> str:
    """Count the reasons why a judge gave no number of this id, or the network it is seen through none."""
    refused = [each.get(id) for clip in clips for each in clip.judged]
    network = id.partition(".")[2]
    unheard = [clip.unheard.get(network) for clip in clips for _ in clip.made]
    return reasons(each for each in (*refused, *unheard) if isinstance(each, MediaError))


def _onset_counts(clip: ClipSounds, made: Features) -> dict[str, OnsetCounts]:
    if clip.onsets is None:
        return {}
    return {f"{each:g}": matched(made.onsets.times, clip.onsets, each) for each in TOLERANCES}


def _applies(name: str, clips: Sequence[ClipSounds]) -> bool:
    return name != "pan.error" or all(clip.truth.pan is not None for clip in clips)


def _mean(kind: Criterion, values: Values, recordings: Sequence[str], seed: int) -> Measurement:
    (interval,) = bootstrap_means(values[:, None], recordings, seed=seed)
    return Measurement(
        id=kind.id,
        value=float(values.mean()),
        n=len(values),
        unit=kind.unit,
        higher_is_better=kind.higher_is_better,
        chance=kind.chance,
        interval=interval,
    )


def _kind(id: str) -> Criterion:
    """Say how the values of a number that no judge gave are read."""
    unit, higher = {
        **dict.fromkeys(DIVERGENCES, ("nats", False)),
        "av-similarity": ("cosine", True),
        "clap": ("cosine", True),
        "envelope.correlation": ("correlation", True),
        "envelope.lag": ("s", False),
        "pan.error": ("fraction", False),
    }[id if id.startswith(("envelope", "pan")) else id.split(".")[0]]
    return Criterion(id=id, unit=unit, higher_is_better=higher)


def _onset_measurements(
    clips: Sequence[ClipSounds], records: Sequence[SoundRecord], notes: list[str], seed: int
) -> Iterator[Measurement]:
    known = [record for record in records if record.onsets]
    if not known or not sum(record.onsets[f"{TOLERANCES[0]:g}"].true for record in known):
        notes.append("No onset of the truth is known: onsets are not measured.")
        return
    recordings = [record.recording for record in known]
    found = [
        (made.onsets.times, made.onsets.strengths, clip.onsets)
        for clip in clips
        if clip.onsets is not None
        for made in clip.made
    ]
    detected, strengths, true = zip(*found, strict=True)
    for tolerance in TOLERANCES:
        scores = onset_scores([record.onsets[f"{tolerance:g}"] for record in known], recordings, seed=seed)
        listed = (detected, strengths, true, tolerance)
        for measure, value, interval in (
            ("f1", scores.f1, scores.f1_interval),
            ("precision", scores.precision, scores.precision_interval),
            ("recall", scores.recall, scores.recall_interval),
            ("ap", average_precision(*listed), average_precision_interval(*listed, recordings, seed=seed)),
        ):
            if value is None:
                notes.append(f"Nothing was detected: onset.{measure}@{tolerance:g} is not defined.")
                continue
            yield Measurement(
                id=f"onset.{measure}@{tolerance:g}",
                value=value,
                n=len(known),
                unit="fraction",
                higher_is_better=True,
                interval=interval,
            )
