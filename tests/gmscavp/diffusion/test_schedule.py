import math

import numpy as np
import pytest
import torch

from gmscavp.diffusion.config import DiffusionConfig, TargetConfig
from gmscavp.diffusion.schedule import LOG_SNR_BOUND, NoiseSchedule, signal_and_noise

ONE = TargetConfig(tokens=1, mel_frames=2, mel_bins=2, mel_patch=(2, 2), frames=1, size=1, frame_patch=(1, 1))


def schedule(**fields: object) -> NoiseSchedule:
    return NoiseSchedule(DiffusionConfig(targets=(ONE,), **fields)).double()  # type: ignore[arg-type]


def slow_signal(steps: int, low: float, high: float) -> list[float]:
    """Return α² after each step, multiplied out."""
    signal, left = [], 1.0
    for n in range(steps):
        root = math.sqrt(low) + n / (steps - 1) * (math.sqrt(high) - math.sqrt(low))
        left *= 1 - root**2
        signal.append(left)
    return signal


def test_scaled_linear_equals_the_product_of_its_steps() -> None:
    expected = slow_signal(1000, 0.00085, 0.012)

    alpha, sigma = signal_and_noise(schedule()(torch.arange(1, 1001, dtype=torch.float64) / 1000))

    assert np.allclose(alpha.square().numpy(), expected, rtol=1e-5)
    assert np.allclose((alpha.square() + sigma.square()).numpy(), 1)


def test_scaled_linear_leaves_a_half_percent_of_the_signal_power_as_in_stable_diffusion() -> None:
    alpha, _ = signal_and_noise(schedule()(torch.ones(1, dtype=torch.float64)))

    assert alpha.item() ** 2 == pytest.approx(0.00466, abs=1e-5)


def test_cosine_equals_its_formula() -> None:
    time = np.arange(1, 1000) / 1000
    power = np.cos(np.pi / 2 * (time + 0.008) / 1.008) ** 2 / np.cos(np.pi / 2 * 0.008 / 1.008) ** 2
    expected = np.log(power / (1 - power))

    found = schedule(schedule="cosine")(torch.from_numpy(time))

    assert np.allclose(found.numpy(), expected.clip(-LOG_SNR_BOUND, LOG_SNR_BOUND), atol=1e-3)


@pytest.mark.parametrize("kind", ["scaled-linear", "cosine"])
def test_log_snr_falls_and_stays_in_its_bounds(kind: str) -> None:
    levels = schedule(schedule=kind)(torch.linspace(0, 1, 4001, dtype=torch.float64))

    assert (levels.diff() <= 0).all()
    assert levels[0].item() == LOG_SNR_BOUND
    assert -LOG_SNR_BOUND <= levels[-1].item() < -5


def test_between_two_steps_the_log_of_the_signal_is_a_straight_line() -> None:
    alpha, _ = signal_and_noise(schedule()(torch.tensor([0.3, 0.30025, 0.301], dtype=torch.float64)))
    log = alpha.log()

    assert log[1].item() == pytest.approx((0.75 * log[0] + 0.25 * log[2]).item(), rel=1e-7)


def test_discrete_time_takes_every_step_alike_and_continuous_time_all_between() -> None:
    uniform = (torch.arange(1000, dtype=torch.float64) + 0.5) / 1000

    discrete = schedule(steps=10, time="discrete").time(uniform)
    continuous = schedule(steps=10).time(uniform)

    assert discrete.unique(return_counts=True)[1].tolist() == [100] * 10
    assert discrete.unique().tolist() == pytest.approx([n / 10 for n in range(1, 11)])
    assert sorted(continuous.tolist()) == pytest.approx(uniform.tolist())
    assert schedule().time(torch.zeros(1)).item() == 1.0
