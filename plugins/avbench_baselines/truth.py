r"""Models that read the truth side-car of an avsynth clip in place of its media.

A stream becomes blocks :math:`b_1 \dots b_5`, coarse to fine, each scaled to length 1 and weighted so that a
finer block never outvotes a coarser one:

.. math:: e = \big(\sqrt{w_1}\, b_1, \dots, \sqrt{w_5}\, b_5\big), \qquad w_s = 4^{1 - s}

Where picture and sound agree in everything both streams have the same vector, whose cosine with itself is the
largest there is.
"""

from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from avbench import AudioBatch, Clip, VideoBatch
from avbench.datasets.avsynth.truth import StreamTruth, Truth, read_truth
from avbench.datasets.avsynth.world import CLASSES, FINISHES, SIZES
from avbench.errors import DataError
from avbench_baselines.noise import generator

ONSET_RATE = 100
"""Instants a second of the onset grid, as far apart as the smear is wide."""
SMEAR = 0.010
"""Standard deviation of the Gaussian that stands for a landing, in seconds."""
TRACK_RATE = 25
"""Instants a second of the envelope and of the paths."""

SURENESS = 100.0
"""Logits of a whole cosine."""

Block = NDArray[np.float64]


def classes_block(stream: StreamTruth) -> Block:
    """Return which classes are there (S0): ``(class,)``."""
    block = np.zeros(CLASSES)
    block[list(stream.class_ids())] = 1
    return block


def attributes_block(stream: StreamTruth) -> Block:
    """Return size and finish of each class that is there (S1): ``(class, size + finish)``, one-hot."""
    block = np.zeros((CLASSES, SIZES + FINISHES))
    for toy in stream.objects:
        block[toy.class_id, [toy.size, SIZES + toy.finish]] = 1
    return block


def envelope_track(stream: StreamTruth) -> Block:
    """Return the slow envelope (S2) less its mean: ``(1, time)``."""
    return _centred(stream.envelope_at(TRACK_RATE)[np.newaxis].astype(np.float64))


def onset_track(stream: StreamTruth) -> Block:
    """Return the landings (S3, S4) less their mean: ``(class, time)``."""
    return _centred(landing_track(stream))


def landing_track(stream: StreamTruth) -> Block:
    """Return the landings of each class (S3, and by the class that lands, S4), smeared: ``(class, time)``."""
    track = np.zeros((CLASSES, round(stream.seconds * ONSET_RATE)))
    times = np.arange(track.shape[1]) / ONSET_RATE
    for toy in stream.objects:
        for event in toy.events:
            amplitude = 10 ** (event.level / 20)
            track[toy.class_id] += amplitude * np.exp(-0.5 * np.square((times - event.time) / SMEAR))
    return track


def stretch(track: Block, start: float, seconds: float) -> Block:
    """Return the part of a track of landings that begins ``start`` seconds into it: ``(class, time)``."""
    first = round(start * ONSET_RATE)
    return track[:, first : first + round(seconds * ONSET_RATE)]


def cosine(one: Block, other: Block) -> float:
    """Return the cosine of two blocks of the same shape; 0 where one is empty."""
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float((one * other).sum()) / length if length > 0 else 0.0


def path_track(stream: StreamTruth) -> Block:
    """Return how each class moves from left to right (S5), less where it is on average: ``(class, time)``."""
    track = np.zeros((CLASSES, round(stream.seconds * TRACK_RATE)))
    track[list(stream.class_ids())] = stream.pan_track(TRACK_RATE)
    return _centred(track)


def _centred(track: Block) -> Block:
    return track - track.mean(1, keepdims=True)


STATIC = (classes_block, attributes_block)
TRACKS = (envelope_track, onset_track, path_track)


class TruthModel(ABC):
    """Embeds a clip by what its side-car says of each stream."""

    def __init__(self) -> None:
        self._read: dict[Path, Truth] = {}

    def embed_video(self, batch: VideoBatch) -> torch.Tensor:
        """Return ``(batch, dim)`` from what is seen; raises ``DataError`` without a side-car."""
        return self._embed([(clip, self._truth(clip).video) for clip in batch.clips], "video")

    def embed_audio(self, batch: AudioBatch) -> torch.Tensor:
        """Return ``(batch, dim)`` from what is heard; raises ``DataError`` without a side-car."""
        return self._embed([(clip, self._truth(clip).audio) for clip in batch.clips], "audio")

    def offset_scores(self, video: VideoBatch, audio: AudioBatch) -> torch.Tensor:
        """Return ``(batch, offset)``: the cosine of landings seen with landings heard so much later.

        As logits they are 100 times the cosines: a model that knows the truth is sure.

        Raises:
            ValueError: The batch does not say how long its pictures last.
            DataError: A clip has no side-car.
        """
        if video.seconds is None:
            raise ValueError("a trial says how many seconds of picture it has")
        rows: list[list[float]] = []
        for seen, heard in zip(video.clips, audio.clips, strict=True):
            landing = stretch(
                self.landings(seen, self._truth(seen).video, "video"), seen.start, video.seconds
            )
            sound = self.landings(heard, self._truth(heard).audio, "audio")
            starts = [heard.start + audio.lead + offset for offset in audio.offsets]
            rows.append([cosine(landing, stretch(sound, start, video.seconds)) for start in starts])
        return SURENESS * torch.tensor(rows, dtype=torch.float32)

    def landings(self, clip: Clip, stream: StreamTruth, modality: str) -> Block:
        """Return what the model knows of when a stream's landings are: ``(class, time)`` at 100 a second."""
        return landing_track(stream)

    @abstractmethod
    def blocks(self, clip: Clip, stream: StreamTruth, modality: str) -> list[Block]:
        """Return what the model takes from a stream, coarse to fine."""

    def _truth(self, clip: Clip) -> Truth:
        if clip.truth is None:
            raise DataError(
                f"The clip {clip.id!r} has no truth side-car to read.",
                hint="This reference row exists for avsynth only; leave it out for other datasets.",
            )
        if clip.truth not in self._read:
            self._read[clip.truth] = read_truth(clip.truth)
        return self._read[clip.truth]

    def _embed(self, streams: list[tuple[Clip, StreamTruth]], modality: str) -> torch.Tensor:
        rows = [join(self.blocks(clip, stream, modality)) for clip, stream in streams]
        return torch.from_numpy(np.stack(rows).astype(np.float32))


def join(blocks: list[Block]) -> Block:
    """Lay blocks end to end, each of length 1 (or 0), weighted by :math:`4^{1 - s}`: ``(dim,)``."""
    parts: list[Block] = []
    for scale, block in enumerate(blocks):
        length = np.linalg.norm(block)
        parts.append(block.ravel() * 2.0**-scale / (length if length > 0 else 1))
    return np.concatenate(parts)


class Oracle(TruthModel):
    """Knows everything that both streams could tell."""

    def blocks(self, clip: Clip, stream: StreamTruth, modality: str) -> list[Block]:
        """Return all blocks."""
        return [block(stream) for block in (*STATIC, *TRACKS)]


class SemanticsOnly(TruthModel):
    """Knows which classes are there, and nothing else."""

    def blocks(self, clip: Clip, stream: StreamTruth, modality: str) -> list[Block]:
        """Return the class block."""
        return [classes_block(stream)]

    def landings(self, clip: Clip, stream: StreamTruth, modality: str) -> Block:
        """Return the classes, the same at every instant."""
        return np.repeat(classes_block(stream)[:, np.newaxis], round(stream.seconds * ONSET_RATE), axis=1)


class TimeShuffled(TruthModel):
    """Knows everything but when: each stream of each clip has its instants in an order of its own."""

    def blocks(self, clip: Clip, stream: StreamTruth, modality: str) -> list[Block]:
        """Return all blocks, the tracks with their time axis permuted."""
        random = generator(clip, modality)
        tracks = [track(stream) for track in TRACKS]
        shuffled = [track[:, random.permutation(track.shape[1])] for track in tracks]
        return [*(block(stream) for block in STATIC), *shuffled]

    def landings(self, clip: Clip, stream: StreamTruth, modality: str) -> Block:
        """Return the landings with their instants permuted."""
        track = landing_track(stream)
        return track[:, generator(clip, modality).permutation(track.shape[1])]


TRUTH_MODELS: dict[str, type[TruthModel]] = {
    "oracle": Oracle,
    "semantics-only": SemanticsOnly,
    "time-shuffled": TimeShuffled,
}
