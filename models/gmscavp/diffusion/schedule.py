r"""Noise schedules: how much of the data is left at time t.

.. code-block:: text

    x_t = α x_0 + σ ε        α² + σ² = 1,  ε ~ N(0, 1),  t from 0 (data) to 1 (noise)
    λ   = log(α² / σ²)       log-SNR, falling in t;  α² = sigmoid(λ),  σ² = sigmoid(-λ)

    scaled-linear   √β_n = √β_1 + (n - 1) / (N - 1) (√β_N - √β_1),   α²(n / N) = Π_{m ≤ n} (1 - β_m)
    cosine          α²(t) = cos²(π/2 (t + s) / (1 + s)) / cos²(π/2 s / (1 + s)),   s = 0.008

Between steps log α² is interpolated linearly in t, as DPM-Solver does (arXiv 2206.00927). Everything past
this file speaks of λ alone: α and σ follow from it, whatever the schedule. λ is kept within ±12, so that
the ends, all data and all noise, stay finite.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gmscavp.diffusion.config import DiffusionConfig

LOG_SNR_BOUND = 12.0
COSINE_OFFSET = 0.008


class NoiseSchedule(nn.Module):
    """The log-SNR as a function of time.

    Args:
        config: Which schedule.
    """

    log_signal: Tensor

    def __init__(self, config: DiffusionConfig) -> None:
        super().__init__()
        self.steps = config.steps
        self.discrete = config.time == "discrete"
        table = scaled_linear(config) if config.schedule == "scaled-linear" else cosine(config.steps)
        self.register_buffer("log_signal", table.to(torch.get_default_dtype()), persistent=False)

    def forward(self, time: Float[Tensor, " *rows"]) -> Float[Tensor, " *rows"]:
        """Return λ at times in [0, 1]."""
        place = time * self.steps
        left = place.floor().clamp(0, self.steps - 1)
        index = left.long()
        log_signal = torch.lerp(self.log_signal[index], self.log_signal[index + 1], place - left)
        log_noise = torch.log(-torch.expm1(log_signal))
        return (log_signal - log_noise).clamp(-LOG_SNR_BOUND, LOG_SNR_BOUND)

    def time(self, uniform: Float[Tensor, " *rows"]) -> Float[Tensor, " *rows"]:
        """Turn numbers drawn uniformly in [0, 1) into times in (0, 1]."""
        if self.discrete:
            return (uniform * self.steps).floor().add(1) / self.steps
        return 1 - uniform


def scaled_linear(config: DiffusionConfig) -> Float[Tensor, " steps+1"]:
    """Return log α² after each of 0 … N steps."""
    ends = math.sqrt(config.beta_start), math.sqrt(config.beta_end)
    beta = torch.linspace(*ends, config.steps, dtype=torch.float64).square()
    return torch.cat([torch.zeros(1, dtype=torch.float64), torch.log1p(-beta).cumsum(0)])


def cosine(steps: int) -> Float[Tensor, " steps+1"]:
    """Return log α² after each of 0 … N steps; the last, log 0, is left out of reach."""
    time = torch.linspace(0, 1, steps + 1, dtype=torch.float64)
    angle = math.pi / 2 * (time + COSINE_OFFSET) / (1 + COSINE_OFFSET)
    return 2 * (angle.cos().clamp(min=1e-12).log() - angle[0].cos().log())


def signal_and_noise(
    log_snr: Float[Tensor, " *rows"],
) -> tuple[Float[Tensor, " *rows"], Float[Tensor, " *rows"]]:
    """Return α and σ."""
    return log_snr.sigmoid().sqrt(), (-log_snr).sigmoid().sqrt()
