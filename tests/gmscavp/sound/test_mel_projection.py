import pytest
import torch
from torch import Tensor

from gmscavp.inputs import LogMelConfig
from gmscavp.log_mel import LogMel
from gmscavp.sound.mel_projection import MelProjection

CONFIG = LogMelConfig()
PROJECTION = MelProjection(CONFIG)


def noise(level: float, clips: int = 2, seconds: float = 1.0) -> Tensor:
    draw = torch.Generator().manual_seed(round(1000 * level))
    return level * torch.randn(clips, round(seconds * CONFIG.sample_rate), generator=draw)


def error(samples: Tensor, log_mel: Tensor) -> float:
    return (LogMel(CONFIG)(samples) - log_mel).abs().mean().item()


def test_sound_that_has_the_log_mel_is_left_as_it_is() -> None:
    samples = noise(0.1)

    assert torch.allclose(PROJECTION(samples, LogMel(CONFIG)(samples), 3), samples, atol=1e-3)


def test_each_repetition_brings_other_sound_nearer() -> None:
    log_mel, other = LogMel(CONFIG)(noise(0.1)), noise(0.03)

    errors = [error(PROJECTION(other, log_mel, times), log_mel) for times in (0, 1, 2, 4, 8)]

    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.1 * errors[0]


def test_only_the_level_of_sound_that_is_too_soft_changes() -> None:
    true = noise(0.1)

    louder = PROJECTION(0.5 * true, LogMel(CONFIG)(true), 1)

    # What lies below 50 Hz and above 7,600 Hz stays soft.
    assert (louder - true).norm() < 0.2 * true.norm()


def test_frequencies_beyond_all_bands_are_left_alone() -> None:
    config = LogMelConfig(low_hz=1000.0, high_hz=4000.0)
    hum = 0.1 * torch.sin(2 * torch.pi * 200 * torch.arange(16_000) / 16_000)[None]

    drawn = MelProjection(config)(hum, torch.full((1, 64, 100), 0.5), 4)

    assert torch.fft.rfft(drawn).abs()[0, 200].item() == pytest.approx(
        torch.fft.rfft(hum).abs()[0, 200].item(), rel=0.01
    )


@pytest.mark.parametrize("frames", [1, 2, 4, 5])
def test_sound_shorter_than_a_window_keeps_its_length(frames: int) -> None:
    samples = noise(0.1)[:, : frames * CONFIG.hop]

    drawn = PROJECTION(samples, torch.full((2, CONFIG.bins, frames), 0.3), 2)

    assert drawn.shape == samples.shape
    assert drawn.isfinite().all()
