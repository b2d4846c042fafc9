"""The bundled vocoder, on sound that nothing was trained on."""

import pytest
import torch
from torch import Tensor

from avbench.datasets.avsynth.audio import render_samples
from avbench.datasets.avsynth.galleries import place_of, scene_at
from avbench.datasets.avsynth.presets import difficulty_preset, media_preset
from avbench.media.audio import resample
from avbench.metrics.onsets import matched
from avbench.metrics.spectral_flux import SAMPLE_RATE, detect_onsets
from gmscavp.log_mel import LogMel
from gmscavp.sound.griffin_lim import griffin_lim
from gmscavp.sound.vocoder import Vocoder, load_vocoder
from gmscavp.sound.vocoder_config import VOCODER, VOCODER_WEIGHTS
from gmscavp.sound.vocoder_loss import SpectralDistance

RATE = VOCODER.log_mel.sample_rate
CLIPS = 2


@pytest.fixture(scope="module")
def vocoder() -> Vocoder:
    return load_vocoder()


@pytest.fixture(scope="module")
def sounds() -> Tensor:
    """Three seconds of each of two validation clips."""
    difficulty, media = difficulty_preset("moderate"), media_preset("8s")
    scenes = [
        scene_at(place_of("val", index, difficulty), difficulty=difficulty, media=media, seed=0)
        for index in range(0, 8 * CLIPS, 8)
    ]
    return torch.stack([torch.from_numpy(render_samples(each, 1)[0]) for each in scenes])[:, : 3 * RATE]


@pytest.fixture(scope="module")
def made(vocoder: Vocoder, sounds: Tensor) -> Tensor:
    return vocoder(LogMel(VOCODER.log_mel)(sounds))


def onsets(samples: Tensor) -> list[float]:
    wave = resample(samples[None].numpy(), RATE, SAMPLE_RATE)[0]
    return detect_onsets(wave, SAMPLE_RATE).times.tolist()


def test_the_bundled_vocoder_is_light_and_of_the_named_config(vocoder: Vocoder) -> None:
    assert vocoder.config == VOCODER
    assert sum(each.numel() for each in vocoder.parameters()) <= 1_500_000
    assert VOCODER_WEIGHTS.stat().st_size <= 3_000_000


def test_it_is_nearer_to_the_true_sound_than_griffin_lim(sounds: Tensor, made: Tensor) -> None:
    log_mel = LogMel(VOCODER.log_mel)(sounds)
    distance = SpectralDistance(VOCODER)

    ours, theirs = distance(made, sounds), distance(griffin_lim(log_mel, VOCODER.log_mel), sounds)

    assert ours.mel < 0.75 * theirs.mel
    assert ours.stft < 0.95 * theirs.stft


def test_onsets_stay_where_they_are(sounds: Tensor, made: Tensor) -> None:
    counts = [matched(onsets(one), onsets(true), 0.05) for one, true in zip(made, sounds, strict=True)]

    assert sum(each.true for each in counts) > 10
    assert 2 * sum(each.hits for each in counts) / sum(each.detected + each.true for each in counts) > 0.85


@pytest.mark.parametrize("frames", [1, 100])
def test_silent_log_mel_is_all_but_silent(vocoder: Vocoder, frames: int) -> None:
    assert vocoder(torch.zeros(1, VOCODER.log_mel.bins, frames)).abs().max() < 1e-3


def test_a_steady_tone_stays_steady(vocoder: Vocoder) -> None:
    time = torch.arange(3 * RATE) / RATE
    tone = 0.05 * torch.sin(2 * torch.pi * 523.25 * time)[None]

    made = vocoder(LogMel(VOCODER.log_mel)(tone))[0, RATE // 2 : -RATE // 2]

    levels = made.unfold(0, 800, 800).square().mean(1).sqrt()
    # Two seconds, so that bins are half a Hz apart: what lies within 10 Hz of the tone.
    spectrum = torch.fft.rfft(made * torch.hann_window(len(made))).abs().square()
    near = spectrum[2 * 523 - 20 : 2 * 523 + 20].sum() / spectrum.sum()
    assert levels.min() > 0.5 * levels.max()
    assert near > 0.6
