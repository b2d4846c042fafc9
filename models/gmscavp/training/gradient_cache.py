r"""Gradient caching: a contrastive batch larger than memory, at the price of one more forward pass.

The contrast L needs the features f of all rows at once, the networks do not; the diffusion D is a mean over
rows, each with draws of its own (:mod:`gmscavp.draws`):

.. code-block:: text

    1. f_k = encode(part k), without a graph                     for every part of the batch
    2. g = ∂L/∂f, h = ∂L/∂φ     over all features; φ: the contrast's own parameters
    3. backward through <g_k, encode(part k)> + β share_k D(part k)   for every part; once through <h, φ>

The sum of the gradients of 3 is the gradient of L + β D (for L: Gao et al., "Scaling Deep Contrastive
Learning Batch Size under Memory Limited Setup", arXiv 2101.06983). It needs networks whose rows do not depend
on each other.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from gmscavp.diffusion.objective import Diffusion, mean_of
from gmscavp.training.config import TrainingConfig
from gmscavp.training.distributed import gathered
from gmscavp.training.plan import TrainingError


def live_batch_norms(network: nn.Module) -> list[str]:
    """Return the names of the layers that normalise by statistics of the batch."""
    return [
        name
        for name, layer in network.named_modules()
        if isinstance(layer, nn.modules.batchnorm._BatchNorm)  # pyright: ignore[reportPrivateUsage]
        and (layer.training or not layer.track_running_stats)
    ]


def obstacle(network: nn.Module) -> str | None:
    """Say why a batch cannot go through a network in parts, or None if it can."""
    norms = live_batch_norms(network)
    if norms:
        return f"{norms[0]} normalises by the whole batch"
    if any(isinstance(layer, nn.Dropout) and layer.p > 0 for layer in network.modules()):
        return "it has dropout, which would drop other values each of the two times a part goes through"
    return None if hasattr(network, "encode") else "it has no features that are contrasted"


def refuse_parts(network: nn.Module, training: TrainingConfig) -> None:
    """Refuse to train a network in parts that cannot be, before any data are made for it.

    Raises:
        TrainingError: Rows depend on each other, or would be computed otherwise the second time.
    """
    if training.micro_batch_clips and (reason := obstacle(network)):
        raise TrainingError(
            f"A batch cannot go through the network in parts: {reason}.",
            hint="Leave micro_batch_clips at 0, or take a config without either: base-frozen, small.",
        )


class Learner(nn.Module):
    """The network as the training step calls it: the objective of a batch, or the surrogate of a part.

    Args:
        network: Has ``forward(frames, samples, segments, seeds)``, ``encode(frames, samples)`` and
            ``contrast(features, segments)``; with ``diffusion`` also ``halves(frames, samples, seeds)`` and
            ``joined(alignment, diffusion)``.
    """

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(
        self,
        frames: Tensor,
        samples: Tensor,
        segments: int,
        seeds: Tensor | None = None,
        part: "Part | None" = None,
    ) -> Any:
        """Return the objective of a batch; or of a part of one its surrogate, and L_MSD if there is any."""
        if part is None:
            return self.network(frames, samples, segments, seeds)
        if diffuses(self.network):
            features, diffusion = self.network.halves(frames, samples, seeds)
        else:
            features, diffusion = self.network.encode(frames, samples), None
        terms = [(f * g).sum() for f, g in (*zip(features, part.slopes, strict=True), *part.own)]
        if diffusion is not None:
            terms.append(self.network.diffusion.config.weight * part.share * diffusion.total)
        wide = [term.float() if term.dtype != torch.float64 else term for term in terms]
        return torch.stack(wide).sum(), diffusion


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What the surrogate of a part of a batch needs to know of the whole.

    Attributes:
        slopes: g, for each of the part's features.
        own: φ and h, in one part alone.
        share: Rows of the part over rows of the batch.
    """

    slopes: Sequence[Tensor]
    own: Sequence[tuple[Tensor, Tensor]]
    share: float


def diffuses(network: Any) -> bool:
    """Say whether a network's objective has a diffusion half."""
    return getattr(network, "diffusion", None) is not None


def cached_backward(
    learner: nn.Module,
    network: Any,
    frames: Tensor,
    samples: Tensor,
    segments: int,
    seeds: Tensor | None = None,
    *,
    rows: int,
) -> Any:
    """Add the gradient of the objective to the parameters, a part of the batch at a time.

    Args:
        learner: A :class:`Learner` of the network, synchronised between processes or not.
        network: The network itself.
        frames: ``(rows, time, 3, height, width)``.
        samples: ``(rows, samples)``.
        segments: N_T, rows of each clip.
        seeds: Of the rows; needed where there is diffusion.
        rows: Most rows that go through the networks at once.

    Returns:
        The objective, without a graph.
    """
    parts = list(zip(frames.split(rows), samples.split(rows), strict=True))
    with torch.no_grad():
        made = [network.encode(*part) for part in parts]
    features = [torch.cat(pieces).requires_grad_() for pieces in zip(*made, strict=True)]
    objective = network.contrast(gathered(features), segments)
    trained = [each for each in network.parameters() if each.requires_grad]
    found: Any = torch.autograd.grad(objective.total, [*features, *trained], allow_unused=True)
    slopes = [each.split(rows) for each in found[: len(features)]]
    own = [
        (each, slope)
        for each, slope in zip(trained, found[len(features) :], strict=True)
        if slope is not None
    ]
    drawn = [None] * len(parts) if seeds is None else seeds.split(rows)
    diffused: list[tuple[Diffusion, float]] = []
    for place, (part, seed) in enumerate(zip(parts, drawn, strict=True)):
        last, share = place == len(parts) - 1, len(part[0]) / len(frames)
        with ExitStack() as stack:
            if isinstance(learner, DistributedDataParallel) and not last:
                stack.enter_context(learner.no_sync())
            about = Part(slopes=[each[place] for each in slopes], own=own if last else (), share=share)
            surrogate, diffusion = learner(*part, segments, seed, about)
            surrogate.backward()
        if diffusion is not None:
            diffused.append((diffusion.detached(), share))
    return network.joined(objective, mean_of(diffused)) if diffused else objective
