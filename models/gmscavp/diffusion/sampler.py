r"""Samplers: from noise to data along a falling noise level, with a predictor of the data.

With l = λ / 2 = log(α / σ), h = l_i - l_{i-1} and D_i the data predicted at x_i:

.. code-block:: text

    DDIM             x_i = α_i D_{i-1} + σ_i / σ_{i-1} (x_{i-1} - α_{i-1} D_{i-1})
    DPM-Solver++ 2M  x_i = σ_i / σ_{i-1} x_{i-1} - α_i (e^{-h} - 1) [ D_{i-1} + (D_{i-1} - D_{i-2}) / 2r ],
                     r = h_{i-1} / h_i; the first step has no D before it and is DDIM's

DDIM (arXiv 2010.02502, without noise) is of first order, 2M (arXiv 2211.01095) of second; they differ by the
bracket alone, as σ_i / σ_{i-1} (x - α_{i-1} D) + α_i D = σ_i / σ_{i-1} x - α_i (e^{-h} - 1) D.
"""

from collections.abc import Callable
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from gmscavp.diffusion.schedule import NoiseSchedule, signal_and_noise

PredictData = Callable[[Tensor, Tensor], Tensor]
"""Takes x and λ, a scalar; returns the predicted x_0."""

Sampler = Callable[[PredictData, Tensor, Tensor], Tensor]


def noise_levels(
    schedule: NoiseSchedule, steps: int, spacing: Literal["time", "log-snr"]
) -> Float[Tensor, " steps"]:
    """Return rising λ from all noise to the first step of the schedule, equidistant in t or in λ."""
    parts = torch.linspace(0, 1, steps).to(schedule.log_signal)
    if spacing == "time":
        return schedule(torch.lerp(parts.new_tensor(1), parts.new_tensor(1 / schedule.steps), parts))
    noise, data = schedule(parts.new_tensor([1, 1 / schedule.steps]))
    return torch.lerp(noise, data, parts)


def ddim(
    predict: PredictData, noise: Float[Tensor, "rows ..."], levels: Float[Tensor, " steps"]
) -> Float[Tensor, "rows ..."]:
    """Return x at the last level, by DDIM without noise.

    Args:
        predict: The predictor of the data.
        noise: x at the first level.
        levels: Rising λ.
    """
    x = noise
    for place in range(1, len(levels)):
        x = first_order(x, predict(x, levels[place - 1]), levels[place - 1], levels[place])
    return x


def dpm_solver_2m(
    predict: PredictData, noise: Float[Tensor, "rows ..."], levels: Float[Tensor, " steps"]
) -> Float[Tensor, "rows ..."]:
    """Return x at the last level, by DPM-Solver++ 2M.

    Args:
        predict: The predictor of the data.
        noise: x at the first level.
        levels: Rising λ.
    """
    x = noise
    before: Tensor | None = None
    for place in range(1, len(levels)):
        data = predict(x, levels[place - 1])
        bracket = data
        if before is not None:
            ratio = (levels[place - 1] - levels[place - 2]) / (levels[place] - levels[place - 1])
            bracket = data + (data - before) / (2 * ratio)
        x = first_order(x, bracket, levels[place - 1], levels[place])
        before = data
    return x


def first_order(
    x: Float[Tensor, "rows ..."],
    data: Float[Tensor, "rows ..."],
    start: Float[Tensor, ""],
    end: Float[Tensor, ""],
) -> Float[Tensor, "rows ..."]:
    """Move x from λ = ``start`` to ``end``, the predicted data held constant."""
    alpha, sigma = signal_and_noise(start)
    next_alpha, next_sigma = signal_and_noise(end)
    return next_alpha * data + next_sigma / sigma * (x - alpha * data)


SAMPLERS: dict[str, Sampler] = {"ddim": ddim, "dpm-solver++": dpm_solver_2m}
