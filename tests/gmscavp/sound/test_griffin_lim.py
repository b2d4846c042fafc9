import math

import numpy as np
import pytest
import torch
from scipy.optimize import nnls
from torch import Tensor

from gmscavp.inputs import LogMelConfig
from gmscavp.log_mel import LogMel, mel_filters, mel_of
from gmscavp.sound.griffin_lim import griffin_lim, linear_magnitude

CONFIG = LogMelConfig()


def bells(seconds: float = 1.0) -> Tensor:
    """Two bells, one after the other, over quiet noise."""
    time = torch.arange(round(seconds * CONFIG.sample_rate)) / CONFIG.sample_rate
    noise = 1e-3 * torch.randn(len(time), generator=torch.Generator().manual_seed(0))
    for start, hz in ((0.2, 523.25), (0.6, 392.0)):
        late = (time - start).clamp(min=0)
        ringing = (time >= start) * (-late / 0.15).exp()
        noise += 0.2 * ringing * sum((2 * math.pi * hz * each * late).sin() / each for each in (1, 2, 3))
    return noise[None]


def error(samples: Tensor, log_mel: Tensor) -> float:
    return (LogMel(CONFIG)(samples) - log_mel).abs().mean().item()


@pytest.mark.parametrize("frames", [1, 2, 5, 40])
def test_any_number_of_frames_gives_a_hop_of_samples_each(frames: int) -> None:
    samples = griffin_lim(torch.rand(2, CONFIG.bins, frames), CONFIG, steps=2, fitting=5)

    assert samples.shape == (2, frames * CONFIG.hop)
    assert samples.abs().max() <= 1 and samples.isfinite().all()


def test_a_clip_sounds_the_same_whatever_else_is_in_the_batch() -> None:
    log_mel = torch.rand(3, CONFIG.bins, 30, generator=torch.Generator().manual_seed(0))

    together, alone = griffin_lim(log_mel, CONFIG, steps=4), griffin_lim(log_mel[1:2], CONFIG, steps=4)

    assert torch.allclose(together[1], alone[0], atol=1e-4)


def test_silence_stays_silent() -> None:
    assert griffin_lim(torch.zeros(1, CONFIG.bins, 50), CONFIG).abs().max() < 1e-3


def test_its_log_mel_is_near_and_more_steps_bring_it_nearer() -> None:
    log_mel = LogMel(CONFIG)(bells())

    few, many = (error(griffin_lim(log_mel, CONFIG, steps=steps), log_mel) for steps in (1, 32))

    assert many < 0.04
    assert many < 0.8 * few


def test_magnitudes_fit_the_mel_as_well_as_non_negative_least_squares_can() -> None:
    log_mel = LogMel(CONFIG)(bells())[..., 20:80:10]

    fitted = linear_magnitude(log_mel, CONFIG, steps=200)[0].double().numpy()

    filters, mel = mel_filters(CONFIG).double().numpy(), mel_of(log_mel)[0].double().numpy()
    assert fitted.min() >= 0
    for frame in range(mel.shape[1]):
        _, least = nnls(filters, mel[:, frame])
        assert np.linalg.norm(filters @ fitted[:, frame] - mel[:, frame]) < least + 0.03 * np.linalg.norm(
            mel[:, frame]
        )
