"""AdamW's parameter groups, the learning rate of a step, and the moving average of the weights."""

import math
from typing import Any

import torch
from torch import nn

from gmscavp.config import TrainingConfig


def parameter_groups(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Split the parameters: matrices and kernels decay; vectors, biases and the temperature do not."""
    trained = [each for each in network.parameters() if each.requires_grad]
    return [
        {"params": [each for each in trained if each.ndim >= 2], "weight_decay": weight_decay},
        {"params": [each for each in trained if each.ndim < 2], "weight_decay": 0.0},
    ]


def learning_rate(step: int, training: TrainingConfig) -> float:
    """Return the rate of a step: up in a straight line over the warm-up, then down half a cosine."""
    if step < training.warmup:
        return training.learning_rate * (step + 1) / training.warmup
    share = (step - training.warmup) / max(training.steps - training.warmup, 1)
    return training.learning_rate * (1 + math.cos(math.pi * share)) / 2


@torch.no_grad()
def move_average(average: nn.Module, network: nn.Module, decay: float, step: int) -> None:
    """Average <- d · average + (1 - d) · network, with d = min(decay, (1 + step) / (10 + step)).

    The smaller d of the first steps forgets the initial weights soon. Counters are copied.
    """
    d = min(decay, (1 + step) / (10 + step))
    for kept, new in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if kept.is_floating_point():
            kept.lerp_(new, 1 - d)
        else:
            kept.copy_(new)
