"""Where samples land, against instants that the test itself wrote."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from avbench.errors import MediaError
from avbench.media.decode import read_clip
from avbench.media.encode import write_clip
from avbench.records import AudioInput
from tests.media.muxing import click, mux, numbered_frame

RATE = 16_000


def heard(path: Path, seconds: float, start: float = 0.0, channels: int = 1) -> npt.NDArray[np.float32]:
    audio = AudioInput(sample_rate=RATE, channels=channels)
    samples = read_clip(path, start=start, seconds=seconds, video=None, audio=audio).samples
    assert samples is not None
    assert samples.shape == (channels, round(seconds * RATE))
    return samples


def clicks(samples: npt.NDArray[np.float32], start: float = 0.0) -> list[float]:
    """Return the instants of the peaks that stand 20 ms apart or more."""
    found: list[int] = []
    loud = np.flatnonzero(np.abs(samples[0]) > 0.2)
    for index in loud:
        window = np.abs(samples[0, max(0, index - 320) : index + 320])
        if np.abs(samples[0, index]) == window.max():
            found.append(int(index))
    return [start + index / RATE for index in found]


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_click_is_heard_where_it_was_written(tmp_path: Path, rate: int, suffix: str):
    instants = [0.1, 0.73, 1.4, 2.2]
    path = tmp_path / f"clip{suffix}"
    write_clip(path, frames=None, fps=25, samples=click(rate, 3, instants), sample_rate=rate)
    slack = 1e-3 if suffix == ".mkv" else 2 / min(rate, RATE)
    assert clicks(heard(path, 3)) == pytest.approx(instants, abs=slack)
    assert clicks(heard(path, 0.9, start=1.2), 1.2) == pytest.approx([1.4], abs=slack)


def test_a_gap_is_silent_and_what_follows_stays_in_place(tmp_path: Path):
    sound = [(0.0, click(RATE, 0.512, [0.25])), (1.024, click(RATE, 1.024, [0.5]))]
    path = mux(tmp_path / "clip.mkv", sound=sound, audio_codec="pcm_s16le")
    samples = heard(path, 2)
    assert clicks(samples) == pytest.approx([0.25, 1.524], abs=1e-3)
    assert not samples[:, round(0.53 * RATE) : round(1.0 * RATE)].any()


def test_audio_that_starts_late_is_preceded_by_silence(tmp_path: Path):
    frames = [(index / 25, numbered_frame(index)) for index in range(60)]
    path = mux(tmp_path / "clip.mkv", frames=frames, sound=[(0.7, click(RATE, 1.5, [0.3]))])
    samples = heard(path, 2)
    assert not samples[:, : round(0.6 * RATE)].any()
    assert clicks(samples) == pytest.approx([1.0], abs=1e-3)


def test_the_tail_is_padded_by_a_tenth_of_a_second_and_no_more(tmp_path: Path):
    sound = [(0.0, np.full((1, 2 * RATE), 0.5, np.float32))]
    path = mux(tmp_path / "clip.mkv", sound=sound, audio_codec="pcm_s16le")
    samples = heard(path, 2.09)
    assert not samples[:, 2 * RATE + 200 :].any()
    assert samples[0, 2 * RATE - 200] == pytest.approx(0.5, abs=0.01)
    with pytest.raises(MediaError, match=r"audio stream ends at 2\.\d+ s") as caught:
        heard(path, 2.2)
    assert caught.value.reason == "too-short"


@pytest.mark.parametrize("channels", [1, 2])
def test_stereo_becomes_its_mean_and_mono_is_doubled(tmp_path: Path, channels: int):
    time = np.arange(2 * RATE) / RATE
    written = 0.5 * np.stack([np.sin(2 * np.pi * 300 * (k + 1) * time) for k in range(channels)])
    path = tmp_path / "clip.mp4"
    write_clip(
        path,
        frames=None,
        fps=1,
        samples=written.astype(np.float32),
        sample_rate=RATE,
        audio_bitrate=192_000,
    )
    inner = slice(RATE // 2, 3 * RATE // 2)
    stereo, mono = heard(path, 2, channels=2)[:, inner], heard(path, 2)[:, inner]
    np.testing.assert_allclose(mono[0], stereo.mean(0), atol=1e-6)
    np.testing.assert_allclose(mono[0], written.mean(0)[inner], atol=0.08)
    if channels == 1:
        np.testing.assert_array_equal(stereo[0], stereo[1])
    else:
        np.testing.assert_allclose(stereo, written[:, inner], atol=0.08)


def test_six_channels_are_mixed_by_the_stated_weights(tmp_path: Path):
    time = np.arange(RATE) / RATE
    names = ["FL", "FR", "FC", "LFE", "BL", "BR"]
    waves = [0.3 * np.sin(2 * np.pi * (200 + 150 * k) * time) for k in range(6)]
    surround = np.stack(waves).astype(np.float32)
    path = mux(
        tmp_path / "clip.mkv",
        sound=[(0.0, surround)],
        layout="5.1",
        audio_codec="pcm_s16le",
    )
    side = np.sqrt(0.5)
    total = 1 + 2 * side
    by_name = dict(zip(names, waves, strict=True))
    left = (by_name["FL"] + side * (by_name["FC"] + by_name["BL"])) / total
    right = (by_name["FR"] + side * (by_name["FC"] + by_name["BR"])) / total
    np.testing.assert_allclose(heard(path, 1, channels=2), [left, right], atol=1e-4)
    np.testing.assert_allclose(heard(path, 1)[0], (left + right) / 2, atol=1e-4)


@pytest.mark.parametrize(
    ("codec", "suffix"),
    [
        ("pcm_s16le", ".mkv"),
        ("pcm_u8", ".mkv"),
        ("pcm_f32le", ".mov"),
        ("pcm_s24le", ".mov"),
        ("flac", ".mkv"),
    ],
)
def test_sample_formats_agree(tmp_path: Path, codec: str, suffix: str):
    wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)
    sound = [(0.0, wave[None].astype(np.float32))]
    path = mux(tmp_path / f"clip{suffix}", sound=sound, audio_codec=codec)
    np.testing.assert_allclose(heard(path, 2)[0], wave, atol=2e-2 if codec == "pcm_u8" else 1e-4)


@pytest.mark.parametrize(
    ("codec", "suffix"), [("libmp3lame", ".mp4"), ("libmp3lame", ".mkv"), ("libopus", ".mkv")]
)
def test_other_codecs_keep_the_place_of_a_click(tmp_path: Path, codec: str, suffix: str):
    sound = [(0.0, click(48_000, 3, [0.6, 1.7]))]
    path = mux(tmp_path / f"clip{suffix}", sound=sound, rate=48_000, audio_codec=codec)
    assert clicks(heard(path, 2.9)) == pytest.approx([0.6, 1.7], abs=2e-3)
    assert clicks(heard(path, 1, start=1.2), 1.2) == pytest.approx([1.7], abs=2e-3)


def test_a_window_read_by_seeking_equals_the_same_stretch_of_the_whole(tmp_path: Path):
    generator = np.random.default_rng(1)
    noise = generator.normal(0, 0.1, (2, 6 * 44_100)).astype(np.float32)
    path = tmp_path / "clip.mp4"
    write_clip(path, frames=None, fps=25, samples=noise, sample_rate=44_100, audio_bitrate=192_000)
    whole = heard(path, 6, channels=2)
    for start in (0.25, 1.0, 2.75, 4.5):
        begin = round(start * RATE)
        part = heard(path, 1.25, start=start, channels=2)
        np.testing.assert_allclose(part, whole[:, begin : begin + part.shape[1]], atol=2e-5)
