"""What a model may return as sound, and what is made of it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from avbench.clips import REASONS, Clip
from avbench.errors import MediaError, ModelError
from avbench.protocols import AudioBatch
from avbench.runs.border import check_sounds
from avbench.sounds import Sound

CLIPS = tuple(Clip(id=name, path=Path(name)) for name in "abc")
NONE = MediaError("no-output", "b.wav is not there.")


def batch(samples, clips=CLIPS, rate=100):
    return AudioBatch(samples=samples, sample_rate=rate, clips=clips)


def waves(rows, channels=1, time=200):
    return torch.linspace(-1, 1, rows * channels * time).reshape(rows, channels, time)


def test_one_batch_gives_every_clip_its_row():
    samples = waves(3, channels=2)
    sounds = check_sounds("m", batch(samples), CLIPS)
    for sound, row in zip(sounds, samples, strict=True):
        assert isinstance(sound, Sound)
        np.testing.assert_array_equal(sound.samples, row)
        assert (sound.sample_rate, sound.seconds) == (100, 2.0)


def test_an_item_a_clip_has_a_length_and_a_rate_of_its_own_or_says_why_there_is_none():
    items = [batch(waves(1), CLIPS[:1]), NONE, batch(waves(1, 2, 50), CLIPS[2:], rate=25)]
    first, second, third = check_sounds("m", items, CLIPS)
    assert isinstance(first, Sound) and isinstance(third, Sound)
    assert second is NONE
    assert [(each.samples.shape, each.sample_rate) for each in (first, third)] == [
        ((1, 200), 100),
        ((2, 50), 25),
    ]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_sound_that_is_not_finite_costs_that_clip_alone(value):
    samples = waves(3)
    samples[1, 0, 7] = value
    sounds = check_sounds("m", batch(samples), CLIPS)
    assert [getattr(each, "reason", None) for each in sounds] == [None, "not-finite", None]


def test_a_little_over_full_scale_is_clipped_and_integers_are_no_waveform():
    samples = torch.stack([waves(1)[0] * 1.3, waves(1)[0] * 32767, waves(1)[0]])
    loud, integers, fine = check_sounds("m", batch(samples), CLIPS)
    assert isinstance(loud, Sound) and isinstance(integers, MediaError) and isinstance(fine, Sound)
    np.testing.assert_array_equal(loud.samples, samples[0].clip(-1, 1))
    assert integers.reason == "model" and "3.277e+04" in integers.message


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (None, "a NoneType from generate_audio"),
        (waves(3), "a Tensor from generate_audio; it must be an AudioBatch"),
        ([batch(waves(1))], "1 items .* 3 clips"),
        ([batch(waves(1), CLIPS[:1]), None, NONE], "a NoneType .* a MediaError"),
        ([batch(waves(1), CLIPS[1:2]), NONE, NONE], "other clips than it was given"),
        (batch(waves(3), CLIPS[::-1]), "other clips than it was given"),
        (batch(waves(2), CLIPS[:2]), r"\(2, 1, 200\) .* must be \(3, channel, time\)"),
        (batch(waves(3)[:, 0]), r"\(3, 200\)"),
        (batch(waves(3)[:, :, :0]), r"\(3, 1, 0\)"),
        (batch(waves(3).short()), "samples of torch.int16"),
        (batch(np.zeros((3, 1, 200))), "a ndarray .* a torch tensor"),
        (batch(waves(3), rate=0), "a sample rate of 0"),
    ],
)
def test_what_breaks_the_contract_is_an_error_that_names_the_model(output, message):
    with pytest.raises(ModelError, match=message) as caught:
        check_sounds("mine", output, CLIPS)
    assert "'mine'" in caught.value.message


@given(time=st.integers(1, 400), seconds=st.floats(0.01, 4), rate=st.sampled_from([50, 100, 441]))
def test_a_sound_is_cut_or_lasts_a_tenth_of_a_second_longer_at_most(time, seconds, rate):
    sound = Sound(samples=np.ones((2, time), np.float32), sample_rate=rate)
    if time / rate < seconds - 0.1:
        with pytest.raises(MediaError) as caught:
            sound.lasting(seconds)
        assert caught.value.reason == "too-short"
        return
    samples = sound.lasting(seconds).samples
    assert samples.shape == (2, round(seconds * rate))
    assert samples.sum() == 2 * min(time, round(seconds * rate))


def test_every_reason_that_is_given_here_is_known():
    assert {"no-output", "not-finite", "silent", "model", "too-short"} <= set(REASONS)
