"""Scoring a retrieval task: galleries and embeddings in, measurements and per-query ranks out."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from avbench.clips import Gallery
from avbench.metrics.dual_softmax import rank_by_dual_softmax
from avbench.metrics.measurement import Measurement
from avbench.metrics.ranks import PairRanks, rank_pairs
from avbench.specs import RetrievalProtocol
from avbench.tasks.retrieval_numbers import STANDARD, QueryRank, measure, measure_by_class

DUAL_SOFTMAX = "dual-softmax@"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalOutcome:
    """Everything a retrieval task says about a model.

    Attributes:
        measurements: In the order gallery name, direction, metric.
        queries: One entry for each query, direction and gallery.
        notes: Galleries left out, collapsed embeddings and siblings, a sentence each.
    """

    measurements: tuple[Measurement, ...]
    queries: tuple[QueryRank, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """What is ranked: embeddings by row, the recording of each, and the row of each clip."""

    row_of: Mapping[str, int]
    groups: Sequence[str]
    video: NDArray[np.floating]
    audio: NDArray[np.floating]


def score_retrieval(
    protocol: RetrievalProtocol,
    galleries: Sequence[Gallery],
    clip_ids: Sequence[str],
    groups: Sequence[str],
    video: NDArray[np.floating],
    audio: NDArray[np.floating],
    seed: int,
    classes: Sequence[Sequence[str]] = (),
) -> RetrievalOutcome:
    """Rank every clip of every gallery against that gallery, in both directions.

    Galleries that share a name are pooled: each query is ranked in its own gallery, and the numbers are taken
    over all queries of that name. Clips without embeddings are left out of the galleries; a gallery with
    fewer than two candidates left ranks nothing, and a note says so.

    Args:
        protocol: Directions, cut-offs of recall and fixed gallery sizes.
        galleries: At least one; ``standard`` gives ids without a prefix.
        clip_ids: ``(n,)``: the clips that have embeddings.
        groups: ``(n,)``: the recording each clip counts under (:attr:`avbench.clips.Clip.group`).
        video: ``(n, dim)`` or ``(n, time, dim)``.
        audio: The same shape.
        seed: Of the bootstrap; kept with every interval.
        classes: ``(n,)``: the classes of each clip, for what is averaged class by class.

    Raises:
        ModelError: The embeddings have unlike shapes, or hold NaN or infinite values.
    """
    row_of = {clip: row for row, clip in enumerate(clip_ids)}
    rows = _Rows(row_of=row_of, groups=groups, video=video, audio=audio)
    classes_of = dict(zip(clip_ids, classes, strict=True)) if protocol.by_class and any(classes) else {}
    names = sorted({gallery.name for gallery in galleries}, key=lambda name: (name != STANDARD, name))
    measurements: list[Measurement] = []
    queries: list[QueryRank] = []
    notes: list[str] = []
    left_out: list[str] = []
    for name in names:
        parts = [_left(gallery, row_of) for gallery in galleries if gallery.name == name]
        short = sum(len(part) < 2 for part in parts)
        left_out += [f"{name} ({short} of {len(parts)})"] if short else []
        for shown in _ways(protocol, name):
            ranked = [
                query
                for number, clips in enumerate(parts)
                if len(clips) >= 2
                for query in _rank_part(protocol, shown, number, clips, rows, notes)
            ]
            queries += ranked
            if len({query.recording for query in ranked}) == 1:
                notes.append(f"All queries of {shown} come from one recording: its intervals have no width.")
            measurements += _measured(protocol, ranked, classes_of, seed)
    if left_out:
        notes.append(f"Galleries with fewer than two clips left rank nothing: {', '.join(left_out)}.")
    return RetrievalOutcome(measurements=tuple(measurements), queries=tuple(queries), notes=tuple(notes))


def _ways(protocol: RetrievalProtocol, name: str) -> list[str]:
    """Return the names under which a gallery is ranked: its own, and that of re-weighted scores."""
    again = name == STANDARD and protocol.dual_softmax is not None
    return [name, f"{DUAL_SOFTMAX}{protocol.dual_softmax}"] if again else [name]


def _measured(
    protocol: RetrievalProtocol, ranked: Sequence[QueryRank], classes: Mapping[str, Sequence[str]], seed: int
) -> Iterator[Measurement]:
    """Yield the numbers of one gallery name, direction by direction."""
    for direction in protocol.directions:
        pool = [query for query in ranked if query.direction == direction]
        if pool:
            yield from measure(protocol, pool, seed)
        if pool and classes and pool[0].gallery == STANDARD:
            yield from measure_by_class(protocol, pool, classes, seed)


def _left(gallery: Gallery, row_of: Mapping[str, int]) -> list[str]:
    return [clip for clip in gallery.clip_ids if clip in row_of]


def _rank_part(
    protocol: RetrievalProtocol, name: str, part: int, clips: Sequence[str], rows: _Rows, notes: list[str]
) -> list[QueryRank]:
    """Rank the clips of one gallery among each other; what is odd about the standard one is noted."""
    here = [rows.row_of[clip] for clip in clips]
    groups = [rows.groups[row] for row in here]
    ignored = Counter(groups) if protocol.siblings == "ignore" and name == STANDARD else Counter[str]()
    pairs = _ranked(protocol, name, groups)(rows.video[here], rows.audio[here])
    if name == STANDARD:
        notes += _collapse("video", pairs.distinct_video, len(clips))
        notes += _collapse("audio", pairs.distinct_audio, len(clips))
        notes += _siblings(protocol, groups)
    return [
        QueryRank(
            direction=direction,
            gallery=name,
            part=part,
            query=clip,
            recording=group,
            better=int(better),
            tied=int(tied),
            candidates=ranks.candidates - max(ignored[group] - 1, 0),
        )
        for direction in protocol.directions
        for ranks in [pairs.by_direction[direction]]
        for clip, group, better, tied in zip(clips, groups, ranks.better, ranks.tied, strict=True)
    ]


def _ranked(
    protocol: RetrievalProtocol, name: str, groups: Sequence[str]
) -> Callable[[NDArray[np.floating], NDArray[np.floating]], PairRanks]:
    """Return what ranks the pairs of one gallery."""
    if protocol.dual_softmax is not None and name.startswith(DUAL_SOFTMAX):
        return partial(rank_by_dual_softmax, scale=protocol.dual_softmax)
    ignoring = groups if protocol.siblings == "ignore" and name == STANDARD else None
    return partial(rank_pairs, ignoring=ignoring)


def _collapse(side: str, distinct: int, clips: int) -> list[str]:
    if distinct == clips:
        return []
    return [f"Only {distinct} of {clips} {side} embeddings are distinct; identical ones tie."]


def _siblings(protocol: RetrievalProtocol, groups: Sequence[str]) -> list[str]:
    having = sum(count for count in Counter(groups).values() if count > 1)
    if protocol.siblings is None or not having:
        return []
    fate = {"negative": "which count as wrong", "ignore": "which are no candidates for each other"}
    return [f"{having} clips have others of their recording in the gallery, {fate[protocol.siblings]}."]
