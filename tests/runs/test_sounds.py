"""The form every sound is brought to."""

import numpy as np
import pytest

from avbench.errors import MediaError
from avbench.runs.sounds import FULL_SCALE, SoundForm
from avbench.sounds import Sound
from avbench.store import Shelf

FORM = SoundForm(seconds=0.5, sample_rate=16_000, channels=1)


def tone(sample_rate: int, seconds: float, channels: int = 1) -> Sound:
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    return Sound(
        samples=np.stack([0.5 * np.sin(2 * np.pi * 440 * time)] * channels).astype(np.float32),
        sample_rate=sample_rate,
    )


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_rate_and_number_of_channels_becomes_the_same_sound(sample_rate: int, channels: int) -> None:
    brought = FORM.of(tone(sample_rate, 0.8, channels))
    wanted = FORM.of(tone(16_000, 0.8))
    assert brought.shape == (1, 8_000)
    assert brought.dtype == np.int16
    inner = slice(400, -400)
    assert np.abs(brought[:, inner].astype(int) - wanted[:, inner].astype(int)).max() < 0.01 * FULL_SCALE


def test_mono_fills_both_channels_and_stereo_in_mono_is_the_mean() -> None:
    left = Sound(
        samples=np.stack([np.full(8_000, 0.5), np.zeros(8_000)]).astype(np.float32), sample_rate=16_000
    )
    assert np.unique(FORM.of(left)).tolist() == [round(0.25 * FULL_SCALE)]
    stereo = SoundForm(seconds=0.5, sample_rate=16_000, channels=2)
    both = stereo.of(tone(16_000, 0.5))
    assert both.shape == (2, 8_000)
    assert (both[0] == both[1]).all()
    assert np.unique(stereo.of(left)[1]).tolist() == [0]


def test_full_scale_does_not_wrap_around() -> None:
    loud = Sound(samples=np.array([[1.0, -1.0] * 4_000], np.float32), sample_rate=16_000)
    assert np.unique(FORM.of(loud)).tolist() == [-FULL_SCALE, FULL_SCALE - 1]


def test_a_sound_may_end_a_tenth_of_a_second_early_and_no_more() -> None:
    assert not FORM.of(tone(16_000, 0.45))[0, 7_200:].any()
    with pytest.raises(MediaError) as caught:
        FORM.of(tone(16_000, 0.3))
    assert caught.value.reason == "too-short"


def test_what_is_kept_comes_back_as_it_was(tmp_path) -> None:
    shelf, sound = Shelf(folder=tmp_path), FORM.of(tone(16_000, 0.5))
    shelf.write("abcdef", "sound.0", sound)
    back = shelf.read("abcdef", "sound.0")
    assert back.dtype == np.int16
    assert (back == sound).all()
    assert shelf.read("abcdef", "sound.1") is None
