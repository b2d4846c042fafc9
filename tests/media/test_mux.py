"""A picture with another sound: the same picture, both from 0 to the same end; and sounds as wav files."""

import hashlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbench.errors import MediaError, StorageError
from avbench.media.decode import probe, read_picture, read_sound
from avbench.media.encode import write_sound
from avbench.media.mux import write_muxed
from avbench.records import VideoInput
from avbench.sounds import Sound
from tests.media.muxing import click, mux, numbered_frame, read_numbers

VIDEO = VideoInput(fps=25, height=16, width=64)
B_FRAMES = {"crf": "10", "preset": "medium", "bf": "3"}
# Ending, encoder, its options, the codec it makes, whether mp4 can hold it.
PICTURES = [
    ("mp4", "libx264", B_FRAMES, True),
    ("mkv", "libx264", B_FRAMES, True),
    ("ts", "libx264", B_FRAMES, True),
    ("mov", "mpeg4", {}, True),
    ("webm", "libvpx-vp9", {}, True),
    ("webm", "libvpx", {}, False),
    ("flv", "flv1", {}, False),
]


def video_file(
    folder: Path, ending="mp4", codec="libx264", options=B_FRAMES, *, start=0.0, times=None, **more
):
    instants = start + (np.arange(50) / 25 if times is None else np.asarray(times))
    frames = [(float(instant), numbered_frame(k)) for k, instant in enumerate(instants)]
    path = folder / f"video.{ending}"
    return mux(path, frames=frames, codec=codec, codec_options=options, tick=Fraction(1, 1000), **more)


def tone(seconds=2.0, rate=16_000, channels=1):
    instants = [instant for instant in (0.5, 1.25) if instant < seconds]
    return Sound(samples=click(rate, seconds, instants, channels), sample_rate=rate)


def muxed(folder: Path, video: Path, sound: Sound) -> tuple[Path, bool]:
    path = folder / "out.mp4"
    return path, write_muxed(path, video=video, start=read_picture(video, video=VIDEO).start, sound=sound)


def coded_digest(path: Path) -> str:
    """Digest the coded bytes of the picture's frames."""
    with av.open(str(path)) as file:
        return hashlib.sha256(b"".join(bytes(packet) for packet in file.demux(video=0))).hexdigest()


def frame_times(path: Path) -> list[float]:
    with av.open(str(path)) as file:
        return [frame.time for frame in file.decode(video=0)]


@pytest.mark.parametrize(("ending", "codec", "options", "copied"), PICTURES)
@pytest.mark.parametrize("start", [0.0, 1.3])
def test_the_picture_is_the_same_and_both_begin_at_0_and_end_together(
    tmp_path, ending, codec, options, copied, start
):
    video = video_file(tmp_path, ending, codec, options, start=start)
    path, was_copied = muxed(tmp_path, video, tone())
    assert was_copied == copied
    info = probe(path)
    assert info.video is not None and info.audio is not None
    assert (info.zero, info.video.start, info.audio.start) == (0, 0, 0)
    assert info.video.seconds == pytest.approx(2.0, abs=2e-3)
    assert info.audio.seconds == pytest.approx(2.0, abs=2e-3)
    assert (info.video.codec == "h264") or copied
    assert info.audio.codec == "aac"
    assert read_numbers(read_picture(path, video=VIDEO).frames) == list(range(50))
    assert frame_times(path) == pytest.approx(np.arange(50) / 25, abs=1e-3)
    heard = np.abs(read_sound(path).samples[0])
    assert heard[:16_000].argmax() / 16_000 == pytest.approx(0.5, abs=1e-3)
    assert 1 + heard[16_000:].argmax() / 16_000 == pytest.approx(1.25, abs=1e-3)


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv"])
def test_the_bytes_of_a_picture_that_is_copied_are_unchanged(tmp_path, ending):
    video = video_file(tmp_path, ending, start=0.4)
    path, copied = muxed(tmp_path, video, tone())
    assert copied
    assert coded_digest(path) == coded_digest(video)


def test_the_sound_of_the_video_is_not_in_the_file(tmp_path):
    video = video_file(tmp_path, "mkv", sound=[(0, click(16_000, 2, [1.0]))])
    path, _ = muxed(tmp_path, video, tone(rate=44_100, channels=2))
    with av.open(str(path)) as file:
        assert [stream.type for stream in file.streams] == ["video", "audio"]
    sound = read_sound(path)
    assert (sound.sample_rate, len(sound.samples)) == (44_100, 2)
    assert np.abs(sound.samples[:, 43_000:45_000]).max() < 0.05


@pytest.mark.parametrize(
    ("ending", "codec", "options"), [("mp4", "libx264", B_FRAMES), ("webm", "libvpx", {})]
)
def test_frames_of_any_length_stay_at_their_instants(tmp_path, ending, codec, options):
    times = np.cumsum([0, *np.random.default_rng(0).choice([0.02, 0.05, 0.2], 29)])
    video = video_file(tmp_path, ending, codec, options, start=0.7, times=times)
    path, _ = muxed(tmp_path, video, tone(float(times[-1]) + 0.04))
    assert frame_times(path) == pytest.approx(times, abs=1e-3)


@pytest.mark.parametrize("turn", [90, 180, 270])
@pytest.mark.parametrize(
    ("ending", "codec", "options"), [("mov", "libx264", B_FRAMES), ("mov", "msmpeg4", {"g": "12"})]
)
def test_a_turned_picture_stays_turned(tmp_path, turn, ending, codec, options):
    frames = [(k / 25, numbered_frame(5)) for k in range(10)]
    video = mux(tmp_path / f"v.{ending}", frames=frames, codec=codec, codec_options=options, turn=turn)
    upright = VideoInput(fps=25, height=64, width=64)
    path, copied = muxed(tmp_path, video, tone(0.4))
    assert copied == (codec == "libx264")
    before, after = read_picture(video, video=upright).frames, read_picture(path, video=upright).frames
    assert np.abs(before.astype(int) - after.astype(int)).mean() < 3


def test_a_rate_that_aac_has_not_is_resampled(tmp_path):
    path, _ = muxed(tmp_path, video_file(tmp_path), tone(rate=30_000))
    sound = read_sound(path)
    assert sound.sample_rate == 48_000
    assert np.abs(sound.samples[0, :48_000]).argmax() / 48_000 == pytest.approx(0.5, abs=1e-3)


def test_the_same_input_gives_the_same_bytes(tmp_path):
    video = video_file(tmp_path, "webm", "libvpx", {})
    first, _ = muxed(tmp_path, video, tone())
    content = first.read_bytes()
    assert muxed(tmp_path, video, tone())[0].read_bytes() == content


def test_a_picture_that_cannot_be_read_leaves_no_file(tmp_path):
    (tmp_path / "text.mp4").write_text("no picture " * 99)
    for name, reason in [("text.mp4", "corrupt"), ("none.mp4", "missing")]:
        with pytest.raises(MediaError) as caught:
            write_muxed(tmp_path / "out.mp4", video=tmp_path / name, start=0.0, sound=tone())
        assert caught.value.reason == reason
    assert [path.name for path in tmp_path.iterdir()] == ["text.mp4"]


def test_a_file_that_cannot_be_written_is_an_error_that_names_it(tmp_path):
    (tmp_path / "blocked").touch()
    for write in (
        lambda path: write_sound(path, tone()),
        lambda path: write_muxed(path, video=video_file(tmp_path), start=0.0, sound=tone()),
    ):
        with pytest.raises(StorageError, match="blocked"):
            write(tmp_path / "blocked" / "out")


@given(
    st.lists(st.integers(-32_768, 32_767), min_size=1, max_size=9000), st.sampled_from([1, 2]),
    st.sampled_from([8_000, 22_255, 48_000]),
)  # fmt: skip
def test_a_sound_of_16_bits_comes_back_from_a_wav_file_as_it_was(tmp_path_factory, levels, channels, rate):
    samples = np.stack(
        [np.array(levels, np.float32) / 32_768, -np.array(levels, np.float32) / 40_000][:channels]
    )
    path = tmp_path_factory.getbasetemp() / "sound.wav"
    write_sound(path, Sound(samples=samples, sample_rate=rate))
    back = read_sound(path)
    assert back.sample_rate == rate
    np.testing.assert_array_equal(back.samples[0], samples[0])
    assert np.abs(back.samples - samples).max() <= 0.5 / 32_768


def test_what_is_beyond_full_scale_is_clipped_in_a_wav_file(tmp_path):
    samples = np.array([[1.5, -1.5, 1.0, 0.0]], np.float32)
    write_sound(tmp_path / "a.wav", Sound(samples=samples, sample_rate=8_000))
    expected = [[32_767 / 32_768, -1, 32_767 / 32_768, 0]]
    np.testing.assert_array_equal(read_sound(tmp_path / "a.wav").samples, expected)
