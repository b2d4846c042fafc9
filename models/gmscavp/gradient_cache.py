r"""Gradient caching: a contrastive batch larger than memory, at the price of one more forward pass.

The contrast L needs the features f of all rows at once, the networks do not:

.. code-block:: text

    1. f_k = encode(part k), without a graph                     for every part of the batch
    2. g = ∂L/∂f, h = ∂L/∂φ     over all features; φ: the contrast's own parameters
    3. backward through Σ <g_k, encode(part k)>, part after part, and once through <h, φ>

The sum of the gradients of 3 is the gradient of L (Gao et al., "Scaling Deep Contrastive Learning Batch Size
under Memory Limited Setup", arXiv 2101.06983). It needs networks whose rows do not depend on each other.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from gmscavp.distributed import gathered

Slopes = Sequence[tuple[Tensor, Tensor]]


def live_batch_norms(network: nn.Module) -> list[str]:
    """Return the names of the layers that normalise by statistics of the batch."""
    return [
        name
        for name, layer in network.named_modules()
        if isinstance(layer, nn.modules.batchnorm._BatchNorm)  # pyright: ignore[reportPrivateUsage]
        and (layer.training or not layer.track_running_stats)
    ]


class Learner(nn.Module):
    """The network as the training step calls it: the objective of a batch, or the surrogate of a part.

    Args:
        network: Has ``forward(frames, samples, segments, seeds)``, ``encode(frames, samples)`` and
            ``contrast(features, segments)``.
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
        slopes: Sequence[Tensor] | None = None,
        own: Slopes = (),
    ) -> Any:
        """Return the objective; or, given slopes g, the sum of <g, features> and of <h, φ> over ``own``."""
        if slopes is None:
            return self.network(frames, samples, segments, seeds)
        features = self.network.encode(frames, samples)
        terms = [(f * g).sum() for f, g in (*zip(features, slopes, strict=True), *own)]
        return torch.stack([term.float() if term.dtype != torch.float64 else term for term in terms]).sum()


def cached_backward(
    learner: nn.Module, network: Any, frames: Tensor, samples: Tensor, segments: int, *, rows: int
) -> Any:
    """Add the gradient of the objective to the parameters, a part of the batch at a time.

    Args:
        learner: A :class:`Learner` of the network, synchronised between processes or not.
        network: The network itself.
        frames: ``(rows, time, 3, height, width)``.
        samples: ``(rows, samples)``.
        segments: N_T, rows of each clip.
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
    for place, part in enumerate(parts):
        last = place == len(parts) - 1
        with ExitStack() as stack:
            if isinstance(learner, DistributedDataParallel) and not last:
                stack.enter_context(learner.no_sync())
            cut = [each[place] for each in slopes]
            learner(*part, segments, None, cut, own if last else ()).backward()
    return objective
