"""Rows that give a generation score its scale: each the same every time, and as long as it is asked to be."""

import numpy as np
import pytest
import torch

from avbench import Clip, MediaError, VideoBatch
from avbench.errors import UsageError
from avbench.media.decode import read_sound
from avbench.runs.border import check_sounds
from avbench.sounds import Sound
from avbench_baselines.plugin import avbench_models
from tests.media.muxing import mux, numbered_frame

SECONDS = 1.5
ROWS = ("silence", "noise", "truth", "truth-reencoded")


def record(name: str):
    (found,) = [each for each in avbench_models() if each.name == name]
    return found


def sounds(name: str, clips: list[Clip], *, seed=0, seconds=SECONDS, **args: str) -> list[Sound | MediaError]:
    frames = torch.zeros(len(clips), 0, 3, 0, 0)
    batch = VideoBatch(frames=frames, fps=0.0, clips=tuple(clips), seconds=seconds)
    return check_sounds(name, record(name).load("cpu", **args).generate_audio(batch, seed), clips)


def one(name: str, clip: Clip, **options) -> Sound:
    (sound,) = sounds(name, [clip], **options)
    assert isinstance(sound, Sound)
    return sound


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> list[Clip]:
    """Three clips of 2 s with a picture and sweeps of their own, the last one from its middle on."""
    folder = tmp_path_factory.mktemp("clips")
    rates = {"a": (16_000, 1), "b": (44_100, 2), "c": (22_255, 1)}
    for name, (rate, channels) in rates.items():
        time = np.arange(round(2.1 * rate)) / rate
        wave = 0.4 * np.sin(2 * np.pi * (300 + 100 * len(folder.name) * time) * time).astype(np.float32)
        layout = {1: "mono", 2: "stereo"}[channels]
        mux(
            folder / f"{name}.mkv",
            frames=[(k / 25, numbered_frame(k)) for k in range(52)],
            sound=[(0, np.repeat(wave[None], channels, 0))],
            rate=rate,
            layout=layout,
            audio_codec="flac",
        )
    return [Clip(id=name, path=folder / f"{name}.mkv", start=0.5 if name == "c" else 0.0) for name in rates]


@pytest.mark.parametrize("name", ROWS)
def test_a_row_is_no_contestant_reads_nothing_and_lasts_as_long_as_it_is_asked_to(name, clips):
    assert record(name).scale_row
    assert record(name).inputs.video is None and record(name).inputs.audio is None
    for seconds in (SECONDS, 0.75):
        for sound in sounds(name, clips, seconds=seconds):
            assert isinstance(sound, Sound)
            assert abs(sound.samples.shape[1] - seconds * sound.sample_rate) <= 1.1


@pytest.mark.parametrize("name", ROWS)
def test_a_clip_gets_the_same_alone_in_company_and_again(name, clips):
    together = sounds(name, [*clips, clips[0]])
    for clip, sound in zip([*clips, clips[0]], together, strict=True):
        assert isinstance(sound, Sound)
        np.testing.assert_array_equal(one(name, clip).samples, sound.samples)


def test_silence_is_silent(clips):
    assert not one("silence", clips[0]).samples.any()


@pytest.mark.parametrize(("color", "slope"), [("white", 0.0), ("pink", -1.0)])
@pytest.mark.parametrize("level", [-23.0, -12.0, -60.0])
def test_noise_has_the_level_and_the_slope_that_are_asked_for(clips, color, slope, level):
    sound = one("noise", clips[0], seconds=20.0, color=color, level=str(level))
    wave = sound.samples[0].astype(np.float64)
    assert 10 * np.log10(np.mean(wave**2)) == pytest.approx(level, abs=0.01)
    power = np.abs(np.fft.rfft(wave)) ** 2
    frequencies = np.fft.rfftfreq(len(wave), 1 / sound.sample_rate)
    edges = 2.0 ** np.arange(5, 15)
    bands = [power[(frequencies >= low) & (frequencies < 2 * low)].mean() for low in edges]
    assert np.polyfit(np.log2(edges), np.log2(bands), 1)[0] == pytest.approx(slope, abs=0.1)


def test_noise_differs_from_clip_to_clip_and_from_seed_to_seed(clips):
    waves = [one("noise", clip, seed=seed).samples[0] for clip in clips[:2] for seed in (0, 1)]
    correlations = np.corrcoef(waves)[~np.eye(4, dtype=bool)]
    assert np.abs(correlations).max() < 0.1


def test_the_truth_is_the_clips_own_sound_at_its_own_rate(clips):
    for clip in clips:
        sound, expected = one("truth", clip), read_sound(clip.path, start=clip.start, seconds=SECONDS)
        np.testing.assert_array_equal(sound.samples, expected.samples)
        assert sound.sample_rate == expected.sample_rate


@pytest.mark.parametrize("bitrate", ["32000", "96000", "256000"])
def test_the_codec_leaves_the_truth_in_place_and_changes_it_less_at_more_bits(clips, bitrate):
    for clip in clips[:2]:
        truth, heard = one("truth", clip), one("truth-reencoded", clip, bitrate=bitrate)
        assert heard.samples.shape == truth.samples.shape
        errors = [
            np.square(np.roll(heard.samples, shift) - truth.samples)[:, 500:-500].mean()
            for shift in (-1, 0, 1)
        ]
        assert np.argmin(errors) == 1
        more = one("truth-reencoded", clip, bitrate=str(2 * int(bitrate)))
        assert (
            0
            < np.square(more.samples - truth.samples).mean()
            <= 1.05 * np.square(heard.samples - truth.samples).mean()
        )


def test_a_rate_that_aac_has_not_is_resampled(clips):
    assert one("truth", clips[2]).sample_rate == 22_255
    assert one("truth-reencoded", clips[2]).sample_rate == 48_000


@pytest.mark.parametrize("name", ["truth", "truth-reencoded"])
def test_a_clip_without_a_sound_that_can_be_read_has_none(name, clips, tmp_path):
    mute = mux(tmp_path / "mute.mp4", frames=[(k / 25, numbered_frame(k)) for k in range(50)])
    bad = [Clip(id="mute", path=mute), Clip(id="gone", path=tmp_path / "gone.mp4"), clips[0]]
    found = [getattr(each, "reason", None) for each in sounds(name, bad)]
    assert found == ["no-audio", "missing", None]
    (short,) = sounds(name, [clips[0]], seconds=2.5)
    assert isinstance(short, MediaError) and short.reason == "too-short"


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("noise", {"color": "brown"}),
        ("noise", {"level": "-3"}),
        ("noise", {"level": "loud"}),
        ("noise", {"level": "nan"}),
        ("truth-reencoded", {"bitrate": "0"}),
        ("truth-reencoded", {"bitrate": "96k"}),
    ],
)
def test_what_is_asked_for_wrongly_is_refused(name, args):
    with pytest.raises(UsageError):
        record(name).load("cpu", **args)
