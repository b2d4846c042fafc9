"""Synchformer as a model of synchrony: how likely each offset is, by the first and the last 4.8 s it sees.

The sound is cut to what would be heard with the picture if nothing were shifted; the logits of both windows
are averaged. Synchformer counts the other way round: its −0.4 is a sound that is 0.4 s late, avbench's +0.4.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from avbench.errors import UsageError
from avbench.protocols import AudioBatch, VideoBatch
from avbench_synchformer.judge import DeSync, load
from avbench_synchformer.windows import OFFSETS, RATE, SHORTEST, WINDOW, frame_starts


class Offsets:
    """Scores offsets.

    Args:
        judge: Holds the network.
    """

    def __init__(self, judge: DeSync) -> None:
        self.judge = judge

    def offset_scores(self, video: VideoBatch, audio: AudioBatch) -> Float[Tensor, "batch offset"]:
        """Return a logit for each of ``audio.offsets``.

        Raises:
            UsageError: The picture lasts less than a window, or an offset is not one of those it tells apart.
        """
        columns = classes_of(audio.offsets)
        if len(frame_starts(video.frames.shape[1])) < WINDOW:
            raise UsageError(
                f"Synchformer needs {SHORTEST:g} s of picture, not {video.frames.shape[1] / video.fps:g} s.",
                hint="Choose a task that shows as much: folder-sync-synchformer.",
            )
        start = round(audio.lead * RATE)
        length = round(video.frames.shape[1] / video.fps * RATE)
        heard = audio.samples[:, :, start : start + length]
        return torch.stack(
            [
                self.judge.logits(
                    self.judge.see(replace(video, frames=video.frames[clip : clip + 1])),
                    self.judge.hear(replace(audio, samples=heard[clip : clip + 1])),
                ).mean(dim=0)[columns]
                for clip in range(len(heard))
            ]
        )


def classes_of(offsets: Sequence[float]) -> list[int]:
    """Return the class of each offset, in seconds of lateness.

    Raises:
        UsageError: One is not on the grid.
    """
    classes = [int(np.abs(OFFSETS + each).argmin()) for each in offsets]
    for each, found in zip(offsets, classes, strict=True):
        if abs(OFFSETS[found] + each) > 1e-6:
            raise UsageError(
                f"Synchformer tells offsets from -2 to 2 s in steps of 0.2 s apart, not {each:g} s.",
                hint="Choose a task with that grid, or a part of it.",
            )
    return classes


def load_model(device: str, weights: Path) -> Offsets:
    """Load the public checkpoint."""
    return Offsets(load(device, weights))
