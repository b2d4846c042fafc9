import math

import numpy as np
import numpy.typing as npt
import pytest
import torch

from gmscavp.inputs import LogMelConfig
from gmscavp.log_mel import LogMel, mel_filters

CONFIGS = [
    LogMelConfig(),
    LogMelConfig(bins=128, window=1024, hop=250, low_hz=125.0),
    LogMelConfig(sample_rate=8000, window=256, hop=80, bins=20, low_hz=0.0, high_hz=4000.0),
]


def slaney_hz(mel: float) -> float:
    """Auditory Toolbox: 66.67 Hz a mel up to 1 kHz (15 mel), then a factor of 6.4 every 27 mel."""
    return mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)


def slaney_mel(hz: float) -> float:
    return hz * 3 / 200 if hz < 1000 else 15 + 27 * math.log(hz / 1000) / math.log(6.4)


def slow_filters(config: LogMelConfig) -> npt.NDArray[np.float64]:
    low, high = slaney_mel(config.low_hz), slaney_mel(config.high_hz)
    edges = [slaney_hz(low + (high - low) * k / (config.bins + 1)) for k in range(config.bins + 2)]
    filters = np.zeros((config.bins, config.window // 2 + 1))
    for band in range(config.bins):
        left, peak, right = edges[band : band + 3]
        for k in range(config.window // 2 + 1):
            hz = k * config.sample_rate / config.window
            if left < hz <= peak:
                height = (hz - left) / (peak - left)
            elif peak < hz < right:
                height = (right - hz) / (right - peak)
            else:
                height = 0.0
            filters[band, k] = height * 2 / (right - left)
    return filters


@pytest.mark.parametrize("config", CONFIGS)
def test_mel_filters_equal_slaneys(config: LogMelConfig) -> None:
    assert np.allclose(mel_filters(config).numpy(), slow_filters(config), atol=1e-7)


@pytest.mark.parametrize("config", CONFIGS)
def test_log_mel_equals_a_frame_by_frame_reference(config: LogMelConfig) -> None:
    samples = np.random.default_rng(0).standard_normal(config.sample_rate // 2) * 0.1
    padded = np.pad(samples, config.window // 2, mode="reflect")
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(config.window) / config.window)
    frames = len(samples) // config.hop
    expected, filters = np.empty((config.bins, frames)), slow_filters(config)
    for k in range(frames):
        piece = padded[k * config.hop : k * config.hop + config.window]
        mel = filters @ np.abs(np.fft.rfft(piece * hann))
        expected[:, k] = np.clip((20 * np.log10(np.maximum(mel, 1e-5)) - 20 + 100) / 100, 0, 1)

    found = LogMel(config)(torch.tensor(samples, dtype=torch.float32)[None])[0].numpy()

    assert found.shape == expected.shape
    assert np.allclose(found, expected, atol=2e-5)


def test_a_frame_belongs_to_the_instant_of_its_index() -> None:
    config = LogMelConfig()
    samples = torch.zeros(1, 16_000)
    samples[0, 37 * config.hop] = 1.0

    loudness = LogMel(config)(samples).mean(dim=1)[0]

    assert int(loudness.argmax()) == 37


def test_log_mel_lies_between_0_and_1_from_silence_to_full_scale() -> None:
    silence = LogMel(LogMelConfig())(torch.zeros(1, 4000))
    loud = LogMel(LogMelConfig())(torch.ones(1, 4000).cumsum(1).mul(0.5).sin())

    assert silence.max() == 0
    assert loud.min() >= 0 and loud.max() <= 1
    assert loud.max() > 0.5


def test_log_mel_is_computed_in_float32_under_autocast() -> None:
    samples = torch.randn(1, 4000, generator=torch.Generator().manual_seed(0)) * 0.1
    log_mel = LogMel(LogMelConfig())
    with torch.autocast("cpu", torch.bfloat16):
        found = log_mel(samples)

    assert torch.equal(found, log_mel(samples))
