"""Which frame is shown at an instant, against times that the test itself wrote."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from avbench.errors import MediaError
from avbench.media.decode import probe, read_clip
from avbench.media.encode import write_clip
from avbench.records import VideoInput
from tests.media.muxing import mux, numbered_frame, read_numbers

HEIGHT, WIDTH = numbered_frame(0).shape[:2]


def wanted(fps: float) -> VideoInput:
    return VideoInput(fps=fps, height=HEIGHT, width=WIDTH)


def shown(path: Path, fps: float, seconds: float, start: float = 0.0) -> list[int]:
    return read_numbers(read_clip(path, start=start, seconds=seconds, video=wanted(fps), audio=None).frames)


def expected(times: list[Fraction], fps: float, seconds: float, start: float = 0.0) -> list[int]:
    """Look up each instant in the written times: the last one not after it, 1 ms allowed, else the first."""
    numbers: list[int] = []
    for index in range(round(seconds * fps)):
        instant = Fraction(start) + index / Fraction(fps)
        before = [number for number, time in enumerate(times) if time <= instant + Fraction(1, 1000)]
        numbers.append(before[-1] if before else 0)
    return numbers


@pytest.mark.parametrize("source", [4, 5, 12.5, Fraction(24_000, 1001), 25, 30, 50, 60])
def test_every_rate_asked_of_every_rate(tmp_path: Path, source: float | Fraction):
    count = round(3 * source)
    path = tmp_path / "clip.mp4"
    frames = (numbered_frame(index) for index in range(count))
    write_clip(path, frames=frames, fps=source, samples=None, sample_rate=0)
    times = [index / Fraction(source) for index in range(count)]
    for fps, start in ((4, 0.0), (4, 1.36), (12.5, 0.52), (24, 0.0), (25, 1.36), (30, 0.0), (60, 0.52)):
        assert shown(path, fps, 1.5, start) == expected(times, fps, 1.5, start), (fps, start)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_variable_frame_rate_follows_the_timestamps(tmp_path: Path, suffix: str):
    generator = np.random.default_rng(5)
    ticks = np.cumsum(generator.integers(1, 40, 60))
    times = [Fraction(int(tick - ticks[0]), 200) for tick in ticks]
    frames = [(float(time), numbered_frame(number)) for number, time in enumerate(times)]
    options = {"preset": "veryfast", "crf": "10", "bf": "3"}
    path = mux(tmp_path / f"clip{suffix}", frames=frames, tick=Fraction(1, 1000), codec_options=options)
    seconds = float(times[-1]) - 0.1
    for fps in (5, 12.5, 30):
        assert shown(path, fps, seconds) == expected(times, fps, seconds)
        assert shown(path, fps, seconds / 3, 2.0) == expected(times, fps, seconds / 3, 2.0)


def test_timestamps_rounded_to_milliseconds_do_not_slip_a_frame(tmp_path: Path):
    times = [Fraction(index, 30) for index in range(60)]
    frames = [(float(time), numbered_frame(number)) for number, time in enumerate(times)]
    path = mux(tmp_path / "clip.mkv", frames=frames, tick=Fraction(1, 1000))
    assert shown(path, 30, 2) == list(range(60))


def test_a_first_frame_a_little_late_is_shown_from_zero(tmp_path: Path):
    frames = [(0.2 + index / 25, numbered_frame(index)) for index in range(25)]
    path = mux(tmp_path / "clip.mp4", frames=frames, sound=[(0.0, np.zeros((1, 32_000), np.float32))])
    assert shown(path, 25, 0.4) == [0, 0, 0, 0, 0, 0, 1, 2, 3, 4]


def test_a_first_frame_much_too_late_is_too_short(tmp_path: Path):
    frames = [(1.0 + index / 25, numbered_frame(index)) for index in range(25)]
    path = mux(tmp_path / "clip.mp4", frames=frames, sound=[(0.0, np.zeros((1, 32_000), np.float32))])
    with pytest.raises(MediaError, match=r"begins 1\.000 s after") as caught:
        shown(path, 25, 1.0)
    assert caught.value.reason == "too-short"
    assert shown(path, 25, 0.4, start=1.2) == list(range(5, 15))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_a_file_whose_clock_does_not_begin_at_zero_is_read_from_its_start(tmp_path: Path, suffix: str):
    frames = [(7.0 + index / 25, numbered_frame(index)) for index in range(50)]
    path = mux(tmp_path / f"clip{suffix}", frames=frames)
    assert shown(path, 12.5, 2) == list(range(0, 50, 2))
    assert shown(path, 12.5, 1, start=0.8) == list(range(20, 44, 2))


def test_what_an_edit_list_cuts_away_is_not_shown(tmp_path: Path):
    frames = [((index - 5) / 25, numbered_frame(index)) for index in range(30)]
    path = mux(tmp_path / "clip.mp4", frames=frames, muxer_options={"avoid_negative_ts": "disabled"})
    assert shown(path, 25, 1) == list(range(5, 30))


def test_the_last_frame_is_held_for_one_source_frame_and_no_longer(tmp_path: Path):
    path = tmp_path / "clip.mp4"
    frames = (numbered_frame(index) for index in range(50))
    write_clip(path, frames=frames, fps=25, samples=None, sample_rate=0)
    assert shown(path, 25, 2.04)[-3:] == [48, 49, 49]
    with pytest.raises(MediaError, match=r"video stream ends at 2\.000 s") as caught:
        shown(path, 25, 2.08)
    assert caught.value.reason == "too-short"


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_display_matrix_turns_the_picture(tmp_path: Path, turn: int):
    picture = np.zeros((32, 64, 3), np.uint8)
    picture[:16, :32] = 255, 0, 0
    picture[16:, 32:] = 0, 0, 255
    path = mux(tmp_path / "clip.mp4", frames=[(index / 25, picture) for index in range(25)], turn=turn)
    upright = np.rot90(picture, turn // 90)
    height, width = upright.shape[:2]
    video = VideoInput(fps=5, height=height, width=width)
    frames = read_clip(path, seconds=1, video=video, audio=None).frames
    assert frames is not None
    assert np.abs(frames[2].transpose(1, 2, 0).astype(int) - upright).mean() < 6
    info = probe(path).video
    assert info is not None
    assert (info.height, info.width) == (height, width)
    assert info.rotation == (360 - turn) % 360


def test_frames_that_are_skipped_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    generator = np.random.default_rng(0)
    texture = generator.integers(0, 256, (160, 160, 3), np.uint8)
    frames = (np.roll(texture, (index, 2 * index), (0, 1))[:64, :64] for index in range(60))
    path = tmp_path / "clip.mp4"
    write_clip(path, frames=frames, fps=25, samples=None, sample_rate=0, preset="medium")
    video = VideoInput(fps=7, height=64, width=64)
    skipping = read_clip(path, start=0.3, seconds=2, video=video, audio=None).frames
    monkeypatch.setattr("avbench.media.video_stream.SKIPPABLE", frozenset[str]())
    np.testing.assert_array_equal(
        skipping, read_clip(path, start=0.3, seconds=2, video=video, audio=None).frames
    )
