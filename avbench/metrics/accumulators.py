"""Retrieval and Fréchet distance as ``torchmetrics.Metric``, for loops that collect batch by batch."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from avbench.metrics import retrieval
from avbench.metrics.frechet import frechet_distance, moments
from avbench.metrics.ranks import rank_pairs


class PairedRetrieval(Metric):
    """Tie-aware retrieval in both directions over all pairs seen since the last reset.

    The same numbers as the retrieval tasks give, without intervals. Embeddings are kept until ``compute``;
    across processes they are gathered, so every process returns the numbers of the whole.

    Args:
        recall_at: Cut-offs of recall.
        kwargs: Passed on to ``torchmetrics.Metric``.

    >>> metric = PairedRetrieval(recall_at=(1,))
    >>> metric.update(torch.eye(3), torch.eye(3)[[0, 2, 1]])
    >>> metric.update(torch.ones(1, 3), torch.ones(1, 3))
    >>> {name: round(float(value), 3) for name, value in metric.compute().items() if "a2v" in name}
    {'a2v.recall@1': 0.5, 'a2v.mrr': 0.646, 'a2v.meanr': 2.25, 'a2v.medr': 2.25}
    """

    is_differentiable = False
    full_state_update = False
    video: list[Tensor]
    audio: list[Tensor]

    def __init__(self, recall_at: Sequence[int] = (1, 5, 10), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.recall_at = tuple(recall_at)
        self.add_state("video", default=[], dist_reduce_fx="cat")
        self.add_state("audio", default=[], dist_reduce_fx="cat")

    def update(self, video: Tensor, audio: Tensor) -> None:
        """Add a batch of pairs.

        Args:
            video: ``(batch, dim)``, or ``(batch, time, dim)`` for time-aligned tokens.
            audio: The same shape; row ``i`` belongs to row ``i`` of ``video``.
        """
        self.video.append(video.detach().float())
        self.audio.append(audio.detach().float())

    def compute(self) -> dict[str, Tensor]:
        """Return each number under the id it has in results: ``a2v.recall@1``, ``v2a.medr``.

        Raises:
            ModelError: The embeddings have unlike shapes, or hold NaN or infinite values.
        """
        video, audio = (dim_zero_cat(side).cpu().numpy() for side in (self.video, self.audio))
        pairs = rank_pairs(video, audio)
        values: dict[str, float] = {}
        for direction in ("a2v", "v2a"):
            ranks = pairs.by_direction[direction]
            for k in self.recall_at:
                values[f"{direction}.recall@{k}"] = retrieval.recall(ranks.better, ranks.tied, k).mean()
            expected = retrieval.rank(ranks.better, ranks.tied)
            values[f"{direction}.mrr"] = retrieval.reciprocal_rank(ranks.better, ranks.tied).mean()
            values[f"{direction}.meanr"] = expected.mean()
            values[f"{direction}.medr"] = retrieval.median_rank(expected)
        return {name: torch.tensor(value, dtype=torch.float64) for name, value in values.items()}


class FrechetDistance(Metric):
    """Fréchet distance between the generated and the real embeddings seen since the last reset.

    Embeddings are kept until ``compute``; across processes they are gathered. Of sets too large to keep,
    :class:`avbench.metrics.frechet.MomentsStream` keeps the moments alone.

    >>> metric = FrechetDistance()
    >>> metric.update(torch.tensor([[0.0], [2.0]]), real=False)
    >>> metric.update(torch.tensor([[1.0], [5.0]]), real=True)
    >>> metric.compute()
    tensor(6., dtype=torch.float64)
    """

    is_differentiable = False
    higher_is_better = False
    full_state_update = False
    generated: list[Tensor]
    reference: list[Tensor]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.add_state("generated", default=[], dist_reduce_fx="cat")
        self.add_state("reference", default=[], dist_reduce_fx="cat")

    def update(self, embeddings: Tensor, *, real: bool) -> None:
        """Add a batch ``(batch, dim)`` of real or of generated embeddings."""
        (self.reference if real else self.generated).append(embeddings.detach())

    def compute(self) -> Tensor:
        """Return the distance.

        Raises:
            ValueError: A set has fewer than two rows, the dimensions differ, or a value is NaN or infinite.
        """
        sets: list[Tensor] = []
        for name, batches in (("generated", self.generated), ("reference", self.reference)):
            if not len(batches):  # a list, or one tensor once it was gathered
                raise ValueError(f"the {name} set has no row; at least 2 are needed")
            sets.append(dim_zero_cat(batches).cpu().double())
        value = frechet_distance(*(moments(each.numpy()) for each in sets))
        return torch.tensor(value, dtype=torch.float64)
