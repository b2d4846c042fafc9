"""Video-to-audio generation, scored: from what is heard in sounds to numbers, all on the same clips."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from avbench.judges.judge import Criterion
from avbench.metrics.bias import blocks_of
from avbench.metrics.frechet import Moments
from avbench.metrics.measurement import Measurement, sure
from avbench.tasks.features import ClipSounds, heard_through, reasons
from avbench.tasks.generation_pairs import SoundRecord, pair_measurements, sound_records
from avbench.tasks.generation_sets import Tries, distance_measurements, inception_measurements


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationOutcome:
    """Everything a generation task says about a model.

    Attributes:
        measurements: Distances by embedder, then by classifier, then sound by sound.
        records: What was measured of each sound alone.
        notes: What could not be measured, and why.
    """

    measurements: tuple[Measurement, ...]
    records: tuple[SoundRecord, ...]
    notes: tuple[str, ...]


def score_generation(
    clips: Sequence[ClipSounds],
    embedders: Mapping[str, str],
    seed: int,
    criteria: Sequence[Criterion] = (),
    references: Mapping[str, Moments] | None = None,
) -> GenerationOutcome:
    """Score the sounds made for some clips against the clips' own.

    Args:
        clips: At least one, each with at least one sound made for it; all heard through the same networks.
            One in which a network heard nothing is left out of that network's numbers.
        embedders: Those networks, and for each what the field calls its Fréchet distance (``fad``, ``fd``).
        seed: Of the intervals.
        criteria: What judges decided of each sound.
        references: Moments of other sounds by network, to measure distances from as well.
    """
    tries, measurements = Tries(), list[Measurement]()
    for name in dict.fromkeys(name for clip in clips for name in clip.unheard):
        unheard = [clip.unheard[name] for clip in clips if name in clip.unheard]
        left_out = f"{len(unheard)} of {len(clips)} clips{reasons(unheard)}"
        tries.notes.append(f"{name} heard nothing in {left_out}: its numbers are without them.")
    for name, prefix in embedders.items():
        reference = (references or {}).get(name)
        measurements += distance_measurements(clips, name, prefix, tries, seed=seed, reference=reference)
    for name in dict.fromkeys(name for clip in clips for name in clip.truth.logits):
        measurements += inception_measurements(clips, name, tries, seed=seed)
    records = sound_records(clips)
    measurements += pair_measurements(clips, records, tries.notes, seed=seed, criteria=criteria)
    return GenerationOutcome(
        measurements=tuple(map(sure, measurements)),
        records=_with_distances(records, clips, measurements),
        notes=tuple(tries.notes),
    )


def _with_distances(
    records: Sequence[SoundRecord], clips: Sequence[ClipSounds], measurements: Sequence[Measurement]
) -> tuple[SoundRecord, ...]:
    """Return the records, each with the distances between sets without its block of recordings."""
    without: dict[str, dict[str, float]] = defaultdict(dict)
    for each in measurements:
        if each.without:
            heard = heard_through(clips, each.id.partition(".")[2])
            for clip, block in zip(heard, blocks_of([clip.recording for clip in heard]), strict=True):
                without[clip.clip][each.id] = each.without[block]
    return tuple(replace(record, without=without[record.clip]) for record in records)


def truth_shuffled(clips: Sequence[ClipSounds]) -> list[ClipSounds]:
    """Return the clips, each with another recording's own sound as what was made for it.

    As a set that is the truth itself, so a distance between sets is zero; what is lost is which sound belongs
    to which clip. Where one recording has more than half of the clips, some swap within it.

    Raises:
        ValueError: There is one clip alone.
    """
    if len(clips) < 2:
        raise ValueError("one clip has no other to swap sounds with")
    order = sorted(clips, key=lambda clip: (clip.recording, clip.clip))
    largest = max(Counter(clip.recording for clip in clips).values())
    turn = min(largest, len(clips) - 1)
    given = {clip.clip: order[(place + turn) % len(order)].truth for place, clip in enumerate(order)}
    return [replace(clip, made=(given[clip.clip],)) for clip in clips]


def truth_in_halves(clips: Sequence[ClipSounds], seed: int) -> list[ClipSounds]:
    """Return one random half of the recordings as made, the other as true: how far real is from real.

    Sounds of a pair have nothing to do with each other: only distances between sets mean anything. They are
    over half as many sounds as a model's, and a Fréchet distance falls with their number.

    Raises:
        ValueError: There is one recording alone.
    """
    recordings = sorted({clip.recording for clip in clips})
    if len(recordings) < 2:
        raise ValueError("one recording has no two halves")
    drawn = np.random.default_rng(seed).permutation(len(recordings))
    first = {recordings[index] for index in drawn[: len(recordings) // 2]}
    made = [clip for clip in clips if clip.recording in first]
    true = [clip for clip in clips if clip.recording not in first]
    return [
        replace(one, made=(one.truth,), truth=other.truth) for one, other in zip(made, true, strict=False)
    ]
