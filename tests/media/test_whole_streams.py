"""A sound alone at its own rate, a picture from its first frame to its last: as much as there is."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbench.clips import Clip
from avbench.errors import MediaError
from avbench.media.decode import read_clip, read_picture, read_sound
from avbench.media.info import Limits, Picture
from avbench.media.workers import SoundReaders, decode_pictures
from avbench.records import AudioInput, VideoInput
from avbench.sounds import Sound
from tests.media.muxing import click, mux, numbered_frame, read_numbers

SECONDS = 2.037
SMALL = VideoInput(fps=25, height=16, width=64)
# Ending, codec, rate, and by how many samples the length may be off: where an encoder cannot store it.
FORMATS = [
    ("wav", "pcm_s16le", 44_100, 0),
    ("wav", "pcm_f32le", 22_050, 0),
    ("wav", "pcm_s24le", 48_000, 0),
    ("wav", "pcm_u8", 8_000, 0),
    ("flac", "flac", 44_100, 0),
    ("mp3", "libmp3lame", 44_100, 1),
    ("ogg", "libopus", 48_000, 1),
    ("m4a", "aac", 44_100, 64),
    ("mp4", "aac", 16_000, 64),
    ("mkv", "libopus", 48_000, 1),
]


def sound_file(folder: Path, ending="wav", codec="pcm_s16le", rate=16_000, channels=1, seconds=SECONDS):
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[channels]
    samples = click(rate, seconds, [1.5], channels)
    return mux(folder / f"a.{ending}", sound=[(0, samples)], rate=rate, layout=layout, audio_codec=codec)


def refusal(call, *args, **options):
    with pytest.raises(MediaError) as caught:
        call(*args, **options)
    return caught.value.reason


@pytest.mark.parametrize(("ending", "codec", "rate", "off"), FORMATS)
@pytest.mark.parametrize("channels", [1, 2])
def test_a_sound_keeps_its_rate_its_channels_its_length_and_its_instants(
    tmp_path, ending, codec, rate, off, channels
):
    sound = read_sound(sound_file(tmp_path, ending, codec, rate, channels))
    assert sound.sample_rate == rate
    assert sound.samples.dtype == np.float32
    assert len(sound.samples) == channels
    assert abs(sound.samples.shape[1] - round(SECONDS * rate)) <= off
    assert np.abs(sound.samples).argmax(1) / rate == pytest.approx(1.5, abs=1e-3)


def test_more_channels_are_mixed_to_two(tmp_path):
    assert read_sound(sound_file(tmp_path, "flac", "flac", 48_000, 6)).samples.shape == (
        2,
        round(SECONDS * 48_000),
    )


def test_what_is_written_is_what_is_read_even_beyond_full_scale_and_even_nan(tmp_path):
    samples = np.random.default_rng(0).normal(0, 2, (2, 5000)).astype(np.float32)
    samples[0, 4321] = np.nan
    path = mux(tmp_path / "a.wav", sound=[(0, samples)], rate=8_000, layout="stereo", audio_codec="pcm_f32le")
    np.testing.assert_array_equal(read_sound(path).samples, samples)


@given(start=st.floats(0, 1.9), seconds=st.floats(0.01, 0.1))
def test_a_part_of_a_sound_is_that_part(tmp_path_factory, start, seconds):
    path = tmp_path_factory.getbasetemp() / "part.wav"
    samples = np.random.default_rng(0).normal(0, 0.1, (1, 16_000)).astype(np.float32)
    if not path.exists():
        mux(path, sound=[(0, samples)], rate=8_000, audio_codec="pcm_f32le")
    first = round(start * 8_000)
    part = read_sound(path, start=start, seconds=seconds).samples
    np.testing.assert_array_equal(part, samples[:, first : first + round(seconds * 8_000)])
    rest = read_sound(path, start=start).samples
    np.testing.assert_array_equal(rest[:, : 16_000 - first], samples[:, first : first + rest.shape[1]])


def test_a_window_equals_that_of_a_clip_at_the_files_rate(tmp_path):
    path = sound_file(tmp_path, "m4a", "aac", 16_000, 2)
    clip = read_clip(
        path, start=1.2, seconds=0.7, video=None, audio=AudioInput(sample_rate=16_000, channels=2)
    )
    np.testing.assert_array_equal(read_sound(path, start=1.2, seconds=0.7).samples, clip.samples)


def test_a_sound_that_starts_late_is_late_and_its_file_may_hold_a_picture(tmp_path):
    frames = [(k / 25, numbered_frame(k)) for k in range(50)]
    path = mux(
        tmp_path / "a.mkv", frames=frames, sound=[(0.5, click(16_000, 1.2, [0.3]))], audio_codec="flac"
    )
    sound = read_sound(path)
    assert sound.seconds == pytest.approx(1.7, abs=1e-3)
    assert np.abs(sound.samples[0]).argmax() / 16_000 == pytest.approx(0.8, abs=1e-3)


@pytest.mark.parametrize(("ending", "codec"), [("flac", "flac"), ("m4a", "aac"), ("mkv", "flac")])
def test_a_file_cut_off_is_corrupt_and_not_a_shorter_sound(tmp_path, ending, codec):
    path = sound_file(tmp_path, ending, codec, 44_100)
    options = {"movflags": "+faststart"} if ending == "m4a" else {}
    samples = np.random.default_rng(0).normal(0, 0.1, (1, 3 * 44_100)).astype(np.float32)
    mux(path, sound=[(0, samples)], rate=44_100, audio_codec=codec, muxer_options=options)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert refusal(read_sound, path) == "corrupt"


def test_a_wav_written_to_a_pipe_does_not_know_its_length(tmp_path):
    path = sound_file(tmp_path)
    content = bytearray(path.read_bytes())
    data = content.index(b"data") + 4
    content[4:8] = content[data : data + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    assert read_sound(path).samples.shape == (1, round(SECONDS * 16_000))


def test_what_cannot_be_read_says_why(tmp_path):
    frames = [(k / 25, numbered_frame(k)) for k in range(5)]
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("no sound " * 99)
    mute = mux(tmp_path / "mute.mp4", frames=frames)
    audible = sound_file(tmp_path)
    assert refusal(read_sound, tmp_path / "none.wav") == "missing"
    assert refusal(read_sound, tmp_path / "empty.wav") == "empty"
    assert refusal(read_sound, tmp_path / "text.wav") == "corrupt"
    assert refusal(read_sound, mute) == "no-audio"
    assert refusal(read_sound, audible, start=3.0) == "too-short"
    assert refusal(read_sound, audible, seconds=SECONDS + 0.2) == "too-short"
    assert refusal(read_sound, audible, limits=Limits(whole=1000)) == "too-large"
    assert refusal(read_picture, audible, video=SMALL) == "no-video"
    assert refusal(read_picture, mute, video=SMALL, limits=Limits(whole=1000)) == "too-large"


@pytest.mark.parametrize("first", [0.0, 0.2, 1.5])
def test_a_picture_begins_with_its_first_frame_and_ends_with_its_last(tmp_path, first):
    frames = [(first + k / 25, numbered_frame(k)) for k in range(40)]
    path = mux(tmp_path / "a.mkv", frames=frames, sound=[(0, click(16_000, 1, [0.5]))])
    picture = read_picture(path, video=SMALL)
    assert picture.start == pytest.approx(first, abs=2e-3)
    assert picture.seconds == pytest.approx(1.6, abs=2e-3)
    assert read_numbers(picture.frames) == list(range(40))


def test_a_picture_of_varying_frame_rate_is_shown_by_its_timestamps(tmp_path):
    times = np.cumsum([0, *np.random.default_rng(0).choice([0.02, 0.05, 0.2], 29)])
    path = mux(tmp_path / "a.mp4", frames=[(float(t), numbered_frame(k)) for k, t in enumerate(times)])
    picture = read_picture(path, video=SMALL)
    instants = np.arange(len(picture.frames)) / 25
    shown = np.searchsorted(times, instants + 1e-3, side="right") - 1
    assert read_numbers(picture.frames) == shown.tolist()


def test_a_single_frame_is_a_picture(tmp_path):
    path = mux(tmp_path / "a.mp4", frames=[(0, numbered_frame(7))], tick=Fraction(1, 25))
    assert read_numbers(read_picture(path, video=VideoInput(fps=2, height=16, width=64)).frames) == [7]


def test_processes_read_sounds_as_this_one_does_and_a_bad_file_is_an_outcome(tmp_path):
    path, bad = sound_file(tmp_path, channels=2), tmp_path / "bad.wav"
    bad.write_bytes(b"no sound" * 100)
    readers = SoundReaders(2)
    try:
        places = [(path, 0.0), (bad, 0.0), (path, 1.0)]
        outcomes = readers.read([Clip(id="", path=path, start=start) for path, start in places], None)
        again = readers.read([Clip(id="", path=path, start=0.5)], 1.0)
    finally:
        readers.close()
    assert getattr(outcomes[1], "reason", None) == "corrupt"
    for outcome, start, seconds in [(outcomes[0], 0.0, None), (outcomes[2], 1.0, None), (again[0], 0.5, 1.0)]:
        assert isinstance(outcome, Sound)
        expected = read_sound(path, start=start, seconds=seconds)
        np.testing.assert_array_equal(outcome.samples, expected.samples)
        assert outcome.sample_rate == expected.sample_rate


def test_a_sound_may_lie_within_another_file(tmp_path):
    content = sound_file(tmp_path).read_bytes()
    tar = tmp_path / "a.tar"
    tar.write_bytes(b"before" + content + b"after")
    readers = SoundReaders(1)
    try:
        (sound,) = readers.read([Clip(id="", path=tar, part=(6, len(content)))], None)
    finally:
        readers.close()
    assert isinstance(sound, Sound)
    np.testing.assert_array_equal(sound.samples, read_sound(sound_file(tmp_path)).samples)


def test_a_process_reads_pictures_as_this_one_does_in_order(tmp_path):
    paths = [tmp_path / f"{k}.mp4" for k in range(4)]
    for k, path in enumerate(paths):
        mux(path, frames=[(j / 25, numbered_frame(j + k)) for j in range(5 + k)])
    paths[2].write_bytes(b"no picture" * 100)
    outcomes = list(decode_pictures(paths, video=SMALL))
    assert getattr(outcomes[2], "reason", None) == "corrupt"
    for k in (0, 1, 3):
        outcome, expected = outcomes[k], read_picture(paths[k], video=SMALL)
        assert isinstance(outcome, Picture)
        np.testing.assert_array_equal(outcome.frames, expected.frames)
        assert (outcome.fps, outcome.start, outcome.seconds) == (25, expected.start, expected.seconds)
