import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gmscavp.diffusion.parameterisation import data_from, noise_from, noised, regression_target

KINDS = ("eps", "v", "x0")


def normal(seed: int, rows: int = 4) -> torch.Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(rows, 2, 3, generator=draw, dtype=torch.float64)


def slow(log_snr: float) -> tuple[float, float]:
    """Return α and σ from their definition: their squares add up to 1 and have the ratio exp(λ)."""
    ratio = math.exp(log_snr)
    return math.sqrt(ratio / (1 + ratio)), math.sqrt(1 / (1 + ratio))


def test_noised_data_and_each_target_equal_their_formulas() -> None:
    data, noise = normal(0), normal(1)
    levels = torch.tensor([-5.0, -1.0, 0.0, 4.0], dtype=torch.float64)

    noisy = noised(data, noise, levels)
    targets = {kind: regression_target(data, noise, levels, kind) for kind in KINDS}

    for row, level in enumerate(levels.tolist()):
        alpha, sigma = slow(level)
        assert torch.allclose(noisy[row], alpha * data[row] + sigma * noise[row])
        assert torch.allclose(targets["v"][row], alpha * noise[row] - sigma * data[row])
    assert torch.equal(targets["eps"], noise)
    assert torch.equal(targets["x0"], data)


def test_noised_data_has_the_mean_and_variance_of_the_forward_process() -> None:
    data = torch.full((20_000, 1), 2.0, dtype=torch.float64)
    noise = torch.randn(20_000, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    for level in (-3.0, 0.0, 3.0):
        alpha, sigma = slow(level)
        noisy = noised(data, noise, torch.full((20_000,), level, dtype=torch.float64))
        assert noisy.mean().item() == pytest.approx(2 * alpha, abs=4 * sigma / math.sqrt(20_000))
        assert noisy.std().item() == pytest.approx(sigma, rel=0.02)


@given(level=st.floats(-8, 8), kind=st.sampled_from(KINDS), seed=st.integers(0, 99))
def test_every_prediction_gives_back_data_and_noise(level: float, kind: str, seed: int) -> None:
    data, noise = normal(seed), normal(seed + 100)
    levels = torch.full((4,), level, dtype=torch.float64)
    noisy = noised(data, noise, levels)

    found = data_from(regression_target(data, noise, levels, kind), noisy, levels, kind)  # type: ignore[arg-type]

    assert torch.allclose(found, data, atol=1e-9)
    assert torch.allclose(noise_from(found, noisy, levels), noise, atol=1e-6)
