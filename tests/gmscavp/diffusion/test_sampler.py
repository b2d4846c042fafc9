"""Samplers against a case that can be solved: Gaussian data, whose best predictor is known.

For data N(m, s²), x_t is N(α m, α² s² + σ²), and on the probability-flow path (x_t - α m) / √(α² s² + σ²)
stays what it was.
"""

import itertools
import math

import pytest
import torch
from torch import Tensor

from gmscavp.diffusion.config import DiffusionConfig
from gmscavp.diffusion.sampler import SAMPLERS, ddim, dpm_solver_2m, first_order, noise_levels
from gmscavp.diffusion.schedule import NoiseSchedule, signal_and_noise
from tests.gmscavp.diffusion.test_schedule import ONE

MEAN, DEVIATION = 0.7, 0.4


def best_prediction(x: Tensor, log_snr: Tensor) -> Tensor:
    """Return E[x_0 | x_t]."""
    alpha, sigma = signal_and_noise(log_snr)
    variance = alpha**2 * DEVIATION**2 + sigma**2
    return MEAN + alpha * DEVIATION**2 / variance * (x - alpha * MEAN)


def exact(x: Tensor, start: Tensor, end: Tensor) -> Tensor:
    """Return where the probability-flow path from x at λ = ``start`` is at ``end``."""
    spread = []
    for level in (start, end):
        alpha, sigma = signal_and_noise(level)
        spread.append((alpha * MEAN, (alpha**2 * DEVIATION**2 + sigma**2).sqrt()))
    (mean, deviation), (end_mean, end_deviation) = spread
    return end_mean + (x - mean) / deviation * end_deviation


def starts() -> Tensor:
    return torch.tensor([[-2.0], [-0.3], [0.9], [1.7]], dtype=torch.float64)


def error(sampler: str, steps: int) -> float:
    levels = torch.linspace(-5, 5, steps + 1, dtype=torch.float64)
    found = SAMPLERS[sampler](best_prediction, starts(), levels)
    return (found - exact(starts(), levels[0], levels[-1])).abs().max().item()


@pytest.mark.parametrize(("sampler", "order"), [("ddim", 1), ("dpm-solver++", 2)])
def test_the_error_falls_with_the_order_of_the_sampler(sampler: str, order: int) -> None:
    errors = [error(sampler, steps) for steps in (40, 80, 160, 320)]

    orders = [math.log2(coarse / fine) for coarse, fine in itertools.pairwise(errors)]
    assert orders[-1] == pytest.approx(order, abs=0.15)
    assert errors[-1] < 1e-2


def test_the_second_order_is_nearer_with_the_same_number_of_predictions() -> None:
    assert error("dpm-solver++", 25) < error("ddim", 25) / 5


def test_steps_equal_slow_formulas() -> None:
    levels = [-3.0, -1.0, 0.5]
    x, data = [1.3], []

    def half(level: float) -> tuple[float, float, float]:
        return math.sqrt(1 / (1 + math.exp(-level))), math.sqrt(1 / (1 + math.exp(level))), level / 2

    for i in (1, 2):
        (_, sigma0, l0), (alpha, sigma, l1) = half(levels[i - 1]), half(levels[i])
        data.append(math.sin(x[-1]) + levels[i - 1])
        bracket = data[-1]
        if i == 2:
            bracket += (data[1] - data[0]) / 2 * (l1 - l0) / (l0 - levels[0] / 2)
        x.append(sigma / sigma0 * x[-1] - alpha * (math.exp(-(l1 - l0)) - 1) * bracket)

    found = dpm_solver_2m(
        lambda x, log_snr: x.sin() + log_snr,
        torch.tensor([[1.3]], dtype=torch.float64),
        torch.tensor(levels, dtype=torch.float64),
    )

    assert found.item() == pytest.approx(x[-1], rel=1e-9)


def test_a_first_order_step_keeps_data_and_noise_apart() -> None:
    data, noise = torch.tensor([[0.3]]), torch.tensor([[-1.1]])
    start, end = torch.tensor(-2.0), torch.tensor(1.0)
    (alpha, sigma), (next_alpha, next_sigma) = signal_and_noise(start), signal_and_noise(end)

    moved = first_order(alpha * data + sigma * noise, data, start, end)

    assert torch.allclose(moved, next_alpha * data + next_sigma * noise)


def test_samples_of_a_gaussian_have_its_mean_and_deviation() -> None:
    schedule = NoiseSchedule(DiffusionConfig(targets=(ONE,))).double()
    noise = torch.randn(4000, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    for sampler in (ddim, dpm_solver_2m):
        found = sampler(best_prediction, noise, noise_levels(schedule, 50, "log-snr"))
        assert found.mean().item() == pytest.approx(MEAN, abs=0.05)
        assert found.std().item() == pytest.approx(DEVIATION, rel=0.05)


@pytest.mark.parametrize("spacing", ["time", "log-snr"])
def test_levels_rise_from_all_noise_to_the_first_step_in_equal_steps(spacing: str) -> None:
    schedule = NoiseSchedule(DiffusionConfig(targets=(ONE,))).double()

    levels = noise_levels(schedule, 9, spacing)  # type: ignore[arg-type]

    ends = schedule(torch.tensor([1.0, 1 / 1000], dtype=torch.float64))
    assert len(levels) == 9
    assert levels[[0, -1]].tolist() == pytest.approx(ends.tolist(), rel=1e-4)
    assert (levels.diff() > 0).all()
    middle = schedule(torch.tensor(0.5005, dtype=torch.float64)) if spacing == "time" else ends.mean()
    assert levels[4].item() == pytest.approx(middle.item(), rel=1e-4)
