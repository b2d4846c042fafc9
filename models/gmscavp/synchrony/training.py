"""What the heads learn from, and how they are measured meanwhile: kept tokens, paired as the seed says.

Loop, log and checkpoints are those of the models (:mod:`gmscavp.training.loop`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gmscavp.synchrony.config import JudgeConfig
from gmscavp.synchrony.judge import Judge
from gmscavp.synchrony.kept_tokens import KeptTokens
from gmscavp.synchrony.offset_head import OffsetHead
from gmscavp.training.batches import SegmentBatch, refuse_batch
from gmscavp.training.config import TrainingConfig
from gmscavp.training.order import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenBatch(SegmentBatch):
    """Rows of one training step: tokens in the place of frames and of samples, and what is true of each.

    Attributes:
        truth: ``(rows,)``: the true lag in seconds, or 1 for a true pair and 0 for a false one.
    """

    truth: Tensor

    @property
    def inputs(self) -> tuple[Tensor, Tensor, Any]:
        """What a head is called with."""
        return self.frames, self.samples, self.truth

    @property
    def embedded(self) -> bool:
        """They are tokens."""
        return True

    def to(self, device: str) -> "TokenBatch":
        """Return the same on a device, in float32."""
        moved = (each.to(device).float() for each in self.inputs)
        return replace(self, **dict(zip(("frames", "samples", "truth"), moved, strict=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One row: a window of picture, one of sound, each a clip and a take, and what is true of them."""

    video: tuple[int, int]
    audio: tuple[int, int]
    truth: float


class TokenBatches:
    """The batches of a run: ``batch(step)`` is the same for the same seed, so that a run can resume anywhere.

    Args:
        kept: What to draw from.
        training: What a batch is.
        seed: Seeds order and pairs.
        rank: Which of the processes that share each batch reads; each reads its slice of the rows.
        processes: How many there are.

    Raises:
        ValueError: The clips cannot fill a batch, or the processes cannot share it.
    """

    def __init__(
        self, kept: KeptTokens, *, training: TrainingConfig, seed: int, rank: int = 0, processes: int = 1
    ) -> None:
        self.kept, self.training, self.seed = kept, training, seed
        refuse_batch(kept, training, processes)
        share = training.batch_clips // processes
        self.own = range(rank * share, (rank + 1) * share)
        self.taken = training.batch_clips // kept.siblings
        self.order = Order([kept.clips // kept.siblings], together=1, seed=seed)
        self.draw = drawn_pair(kept)

    def batch(self, step: int) -> TokenBatch:
        """Return this process's part of the batch of a step: one row a clip."""
        families = [self.order.family(step * self.taken + place) for place in range(self.taken)]
        chosen = [each * self.kept.siblings + k for each in families for k in range(self.kept.siblings)]
        pairs = [
            self.draw(chosen[place], chosen, np.random.default_rng([self.seed, step, place, 7]))
            for place in self.own
        ]
        return paired(self.kept, pairs, first=self.own.start, whole=self.training.batch_clips)


def paired(kept: KeptTokens, pairs: list[Pair], *, first: int = 0, whole: int = 0) -> TokenBatch:
    """Return the batch of some pairs."""
    return TokenBatch(
        frames=torch.stack([kept.video(*pair.video) for pair in pairs]),
        samples=torch.stack([kept.audio(*pair.audio) for pair in pairs]),
        truth=torch.tensor([pair.truth for pair in pairs]),
        segments=1,
        first=first,
        whole=whole,
    )


Draw = Callable[[int, list[int], np.random.Generator], Pair]


def drawn_pair(kept: KeptTokens) -> Draw:
    """Return what draws the pair of a clip, given all clips of its batch."""

    def lag(clip: int, chosen: list[int], draw: np.random.Generator) -> Pair:
        video, audio = kept.starts(clip)
        seen, heard = draw.integers(kept.config.takes, size=2).tolist()
        return Pair(video=(clip, seen), audio=(clip, heard), truth=float(video[seen] - audio[heard]))

    def judged(clip: int, chosen: list[int], draw: np.random.Generator) -> Pair:
        config = kept.config
        assert isinstance(config, JudgeConfig)
        take, kind = int(draw.integers(config.takes)), draw.uniform()
        if kind < config.shifted:
            moved = (take + int(draw.integers(1, config.takes))) % config.takes
            return Pair(video=(clip, take), audio=(clip, moved), truth=0.0)
        if kind < config.shifted + config.other:
            # Half of them siblings, which differ in nothing but what happens.
            family = [each for each in chosen if each // kept.siblings == clip // kept.siblings]
            among = family if len(family) > 1 and draw.uniform() < 0.5 else chosen
            stranger = int(draw.choice([each for each in among if each != clip]))
            return Pair(video=(clip, take), audio=(stranger, int(draw.integers(config.takes))), truth=0.0)
        return Pair(video=(clip, take), audio=(clip, take), truth=1.0)

    return judged if isinstance(kept.config, JudgeConfig) else lag


def heads_on(kept: KeptTokens, device: str) -> Callable[[Any], Mapping[str, float]]:
    """Return a function that measures a head on kept tokens, on the same pairs every time.

    Args:
        kept: Of clips that it is not trained on.
        device: Where it computes.
    """
    everyone, draw = list(range(kept.clips)), drawn_pair(kept)
    pairs = [
        draw(clip, everyone, np.random.default_rng([kept.seed, clip, again, 11]))
        for clip in everyone
        for again in range(kept.config.takes)
    ]
    batch = paired(kept, pairs).to(device)

    @torch.no_grad()
    def measure(head: OffsetHead | Judge) -> Mapping[str, float]:
        found = {f"validation/{name}": part.item() for name, part in head(*batch.inputs).parts.items()}
        if isinstance(head, OffsetHead):
            found |= grid_accuracies(head, batch)
        return found

    return measure


def grid_accuracies(head: OffsetHead, batch: TokenBatch) -> dict[str, float]:
    """Return how often the best lag is right on two grids through the true one.

    ``coarse``: 0.2 s apart, as far as the sound reaches; ``fine``: 0.04 s apart, up to 0.8 s away, and right
    within 0.1 s.
    """
    config, true = head.config, batch.truth[:, None]
    room = batch.samples.shape[1] / config.video.fps - config.window_seconds
    video, audio = (each.split(config.dims, dim=2) for each in (batch.frames, batch.samples))
    found: dict[str, float] = {}
    for name, spacing, farthest, within in (("coarse", 0.2, room, 0.0), ("fine", 0.04, 0.8, 0.1)):
        steps = round(farthest / spacing)
        lags = true + torch.arange(-steps, steps + 1).to(true) * spacing
        scores = head.scores(video, audio, lags).masked_fill((lags < 0) | (lags > room), -torch.inf)
        best = lags.gather(1, scores.argmax(dim=1, keepdim=True))
        found[f"validation/{name}"] = ((best - true).abs() <= within + 1e-3).float().mean().item()
    return found
