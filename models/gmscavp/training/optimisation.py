"""AdamW's parameter groups, the learning rate of a step, and the moving average of the weights."""

import math
from typing import Any

import torch
from torch import Tensor, nn

from gmscavp.training.config import TrainingConfig


def parameter_groups(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Split the parameters: matrices and kernels decay; vectors, biases and the temperature do not."""
    trained = [each for each in network.parameters() if each.requires_grad]
    return [
        {"params": [each for each in trained if each.ndim >= 2], "weight_decay": weight_decay},
        {"params": [each for each in trained if each.ndim < 2], "weight_decay": 0.0},
    ]


def adamw(network: nn.Module, training: TrainingConfig) -> torch.optim.AdamW:
    """Return AdamW, fused, and give every parameter a gradient of zeros to be added to.

    Those lie in memory as their parameters do, which fused kernels and the buckets of DistributedDataParallel
    ask for. Autograd, left to choose, gives a kernel of 1 × 1 other strides.
    """
    optimiser = torch.optim.AdamW(
        parameter_groups(network, training.weight_decay),
        lr=training.learning_rate,
        betas=training.betas,
        eps=training.eps,
        fused=True,
    )
    for group in optimiser.param_groups:
        for parameter in group["params"]:
            parameter.grad = torch.zeros_like(parameter)
    return optimiser


def learning_rate(step: int, training: TrainingConfig, start: int = 0) -> float:
    """Return the rate of a step: up in a straight line over the warm-up, then down half a cosine.

    A run that is restarted at the step ``start`` rises from there to where the cosine is by then.
    """
    share = max(step - training.warmup, 0) / max(training.steps - training.warmup, 1)
    rate = training.learning_rate * (1 + math.cos(math.pi * share)) / 2
    return rate * (step - start + 1) / training.warmup if step - start < training.warmup else rate


@torch.no_grad()
def move_average(
    average: nn.Module, network: nn.Module, decay: float, step: int, *, broken: Tensor | None = None
) -> None:
    """Average <- d · average + (1 - d) · network, with d = min(decay, (1 + step) / (10 + step)).

    The smaller d of the first steps forgets the initial weights soon. Counters are copied. With ``broken`` at
    1 and not at 0, the average stays.
    """
    share: Any = 1 - min(decay, (1 + step) / (10 + step))
    if broken is not None:
        share = share * (1 - broken.to(next(average.parameters()).dtype))
    for kept, new in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if kept.is_floating_point():
            kept.lerp_(new, share)
        else:
            kept.copy_(new)
