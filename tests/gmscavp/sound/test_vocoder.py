import dataclasses
import math
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gmscavp.checkpoint import CheckpointError, save_weights
from gmscavp.log_mel import LogMel, mel_of
from gmscavp.model import GMSCAVP
from gmscavp.sound.oscillators import hann_transform
from gmscavp.sound.vocoder import Excitation, Vocoder, load_vocoder
from gmscavp.sound.vocoder_config import VOCODER

TINY = dataclasses.replace(VOCODER, width=16, depth=2)
RATE, HOP = TINY.log_mel.sample_rate, TINY.log_mel.hop


@pytest.fixture(scope="module")
def vocoder() -> Vocoder:
    torch.manual_seed(0)
    return Vocoder(TINY).eval().requires_grad_(False)


def random_log_mel(clips: int, frames: int) -> Tensor:
    draw = torch.Generator().manual_seed(frames)
    return 0.6 * torch.rand(clips, TINY.log_mel.bins, frames, generator=draw)


def only(vocoder: Vocoder, part: str) -> Vocoder:
    """Return a vocoder whose network says nothing, and which excites ``part`` alone at its full level."""
    alone = Vocoder(vocoder.config).eval().requires_grad_(False)
    alone.head.weight.zero_()
    for name, bias in zip(
        ("impulses", "phases", "noise", "tones", "pitches"), alone.head.bias.split(alone.sizes), strict=True
    ):
        bias.fill_(0.0 if name == part or name in ("phases", "pitches") else -50.0)
    return alone


@pytest.mark.parametrize("frames", [1, 2, 3, 50, 101])
def test_any_number_of_frames_gives_a_hop_of_samples_each(vocoder: Vocoder, frames: int) -> None:
    samples = vocoder(random_log_mel(2, frames))

    assert samples.shape == (2, frames * HOP)
    assert samples.dtype == torch.float32
    assert samples.abs().max() <= 1 and samples.isfinite().all()


@settings(max_examples=10, deadline=None)
@given(frames=st.integers(1, 40), others=st.integers(0, 3), place=st.integers(0, 3))
def test_a_clip_sounds_the_same_whatever_else_is_in_the_batch(
    vocoder: Vocoder, frames: int, others: int, place: int
) -> None:
    log_mel = random_log_mel(others + 1, frames)
    place = min(place, others)

    together, alone = vocoder(log_mel)[place], vocoder(log_mel[place : place + 1])[0]

    # Rounding depends on the batch, and every projection onto the log-mel makes it a little larger.
    assert torch.allclose(together, alone, atol=1e-3)


def test_what_comes_later_changes_nothing_beyond_what_the_network_sees(vocoder: Vocoder) -> None:
    log_mel = random_log_mel(1, 60)
    seen = (1 + TINY.depth) * (TINY.kernel // 2)
    untouched = (40 - seen) * HOP - TINY.window

    whole, cut = vocoder(log_mel, projections=0), vocoder(log_mel[..., :40], projections=0)

    assert torch.allclose(whole[:, :untouched], cut[:, :untouched], atol=1e-5)
    assert not torch.allclose(whole[:, : 40 * HOP], cut, atol=1e-5)


@pytest.mark.parametrize("shape", [(64, 10), (1, 63, 10), (1, 64, 0)])
def test_log_mel_of_another_shape_is_refused(vocoder: Vocoder, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="Log-mel must be"):
        vocoder(torch.zeros(shape))


@pytest.mark.parametrize("hz", [300.0, 523.25, 1777.0, 4321.0])
def test_a_lone_tone_keeps_its_frequency_and_level_untrained(vocoder: Vocoder, hz: float) -> None:
    time = torch.arange(2 * RATE) / RATE
    true = 0.1 * (2 * math.pi * hz * time).cos()[None]
    log_mel = LogMel(TINY.log_mel)(true)
    band = int(log_mel[0, :, 100].argmax())
    loudest = only(vocoder, "tones")
    gains = loudest.head.bias.split(loudest.sizes)[3]
    gains.fill_(-50.0)
    gains[band] = 0.0

    samples = loudest(log_mel, projections=0)[0, HOP:-HOP]

    # One second of the middle, so that a bin is 1 Hz wide; parabola through the logarithms of its peak.
    spectrum = torch.fft.rfft(samples[RATE // 2 : RATE // 2 + RATE] * torch.hann_window(RATE)).abs()
    peak = int(spectrum.argmax())
    low, top, high = spectrum[peak - 1 : peak + 2].log().tolist()
    beyond = (low - high) / (2 * (low - 2 * top + high))
    level = math.exp(top - (low - high) * beyond / 4) / (RATE / 4)
    caught = mel_of(log_mel)[0, :, 100] * loudest.oscillators.halves / (TINY.log_mel.window / 2)
    assert abs(peak + beyond - hz) < 1.0
    assert level == pytest.approx(caught[band].item(), rel=0.05)
    assert caught[band - 1 : band + 2].sum().item() == pytest.approx(0.1, rel=0.15)


def test_the_lobe_is_the_transform_of_the_window() -> None:
    window, place = 64, 10.3
    centred = torch.arange(window, dtype=torch.float64) - window / 2
    hann = torch.hann_window(window, dtype=torch.float64)
    wave = hann * torch.polar(torch.ones(window, dtype=torch.float64), 2 * math.pi * place / window * centred)

    bins = torch.arange(window, dtype=torch.float64)
    slow = torch.stack([(wave * torch.exp(-2j * math.pi * k / window * centred)).sum() for k in bins])

    near = (bins - place).abs() < 5
    assert torch.allclose(slow.real[near], window * hann_transform(bins - place)[near], atol=0.01)


def test_noise_keeps_its_level_untrained(vocoder: Vocoder) -> None:
    true = 0.05 * torch.randn(1, 2 * RATE, generator=torch.Generator().manual_seed(0))

    samples = only(vocoder, "noise")(LogMel(TINY.log_mel)(true), projections=0)

    assert samples.std().item() == pytest.approx(true.std().item(), rel=0.25)


def test_another_excitation_makes_another_sound_of_the_same_log_mel(vocoder: Vocoder) -> None:
    log_mel = random_log_mel(1, 30)
    usual = vocoder.excitation(30)
    other = Excitation(noise=usual.noise.roll(7, 0), start=usual.start)

    assert torch.equal(vocoder(log_mel, usual), vocoder(log_mel))
    assert not torch.allclose(vocoder(log_mel, other), vocoder(log_mel), atol=1e-3)


@pytest.fixture
def saved(tmp_path: Path, vocoder: Vocoder) -> Path:
    path = tmp_path / "vocoder.safetensors"
    save_weights(path, vocoder.state_dict(), vocoder.config, format="gmscavp")
    return path


def test_a_weight_file_brings_its_config(saved: Path) -> None:
    assert load_vocoder(saved).config == TINY


def test_a_weight_file_that_is_cut_short_or_missing_is_refused(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="is damaged"):
        load_vocoder(saved)

    saved.unlink()
    with pytest.raises(CheckpointError, match="There is no weight file"):
        load_vocoder(saved)


def test_a_weight_file_of_another_network_is_refused(saved: Path, network: GMSCAVP, vocoder: Vocoder) -> None:
    save_weights(saved, network.state_dict(), network.config, format="gmscavp")
    with pytest.raises(CheckpointError, match="config that cannot be read"):
        load_vocoder(saved)

    deeper = dataclasses.replace(TINY, depth=3)
    save_weights(saved, vocoder.state_dict(), deeper, format="gmscavp")
    with pytest.raises(CheckpointError, match="do not fit"):
        load_vocoder(saved)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kernel": 4}, "must be odd"),
        ({"window": 300}, "leave gaps"),
        ({"segment_seconds": 0.1}, "shorter than a window"),
    ],
)
def test_a_vocoder_that_cannot_be_built_is_refused(changes: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(VOCODER, **changes)  # pyright: ignore[reportArgumentType]
