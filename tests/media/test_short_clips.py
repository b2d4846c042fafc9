"""Clips that end before the window does: filled up where the task says from what length on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from avbench.clips import Clip
from avbench.errors import MediaError
from avbench.media.decode import read_clip
from avbench.media.encode import write_clip
from avbench.media.info import DecodedClip, Fit
from avbench.media.workers import decode_clips
from avbench.records import AudioInput, VideoInput
from tests.media.muxing import numbered_frame, read_numbers

HEIGHT, WIDTH = numbered_frame(0).shape[:2]
VIDEO = VideoInput(fps=10, height=HEIGHT, width=WIDTH)
AUDIO = AudioInput(sample_rate=16_000)
FIT = Fit(shortest=1.5)


@pytest.fixture
def short(tmp_path: Path) -> Path:
    """Two seconds, frames of 0.1 s that show their own number, a tone throughout."""
    path = tmp_path / "short.mp4"
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(32_000) / 16_000)
    frames = (numbered_frame(number) for number in range(20))
    write_clip(path, frames=frames, fps=10, samples=tone[None].astype(np.float32), sample_rate=16_000)
    return path


def read(path: Path, fit: Fit | None, seconds: float = 3.0) -> DecodedClip:
    return read_clip(path, seconds=seconds, video=VIDEO, audio=AUDIO, fit=fit)


def test_sound_is_filled_up_with_silence_and_picture_with_its_last_frame(short: Path) -> None:
    whole, filled = read(short, None, 2.0), read(short, FIT)
    assert filled.samples.shape == (1, 48_000)
    assert read_numbers(filled.frames) == [*range(20), *[19] * 10]
    np.testing.assert_allclose(filled.samples[:, :31_500], whole.samples[:, :31_500], atol=1e-3)
    assert not filled.samples[:, 33_600:].any()


def test_it_says_by_how_much_each_stream_was_filled(short: Path) -> None:
    assert read(short, FIT).filled == {"video": pytest.approx(1.0), "audio": pytest.approx(1.0, abs=0.1)}
    assert read(short, FIT, 2.0).filled == {}


def test_what_lasts_less_is_too_short_as_without(short: Path) -> None:
    for fit in (None, Fit(), Fit(shortest=2.5)):
        with pytest.raises(MediaError) as caught:
            read(short, fit)
        assert caught.value.reason == "too-short"


def test_a_file_that_was_cut_off_is_corrupt_however_short_a_clip_may_be(short: Path, tmp_path: Path) -> None:
    from avbench.media.timeline import Window

    window = Window(start=0.0, seconds=3.0, fit=FIT)
    assert window.fillable(1.5)
    assert not window.fillable(1.4)
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(short.read_bytes()[:-4000])
    with pytest.raises(MediaError) as caught:
        read(cut, Fit(shortest=0.1))
    assert caught.value.reason == "corrupt"


def test_a_clip_that_ends_by_its_own_account_shows_nothing_of_what_comes_later(short: Path) -> None:
    clip = Clip(id="a", path=short, start=0.2, end=1.2)
    (decoded,) = decode_clips(
        [clip], seconds=1.6, video=VIDEO, audio=AUDIO, processes=0, fit=Fit(shortest=1.0)
    )
    assert isinstance(decoded, DecodedClip)
    assert read_numbers(decoded.frames) == [*range(2, 12), *[11] * 6]
    assert np.abs(decoded.samples[:, 15_000:15_900]).max() > 0.4
    assert not decoded.samples[:, 16_100:].any()
    (refused,) = decode_clips([clip], seconds=1.6, video=VIDEO, audio=AUDIO, processes=0, fit=FIT)
    assert isinstance(refused, MediaError)


def test_one_frame_may_be_shown_throughout_while_the_sound_goes_on(short: Path) -> None:
    moving, still = read(short, None, 2.0), read(short, Fit(frame_at=0.5), 2.0)
    assert read_numbers(still.frames) == [5] * 20
    np.testing.assert_array_equal(still.samples, moving.samples)


def test_a_process_of_its_own_decodes_the_same(short: Path) -> None:
    clips = [Clip(id="a", path=short), Clip(id="b", path=short, end=1.75)]
    fit = replace(FIT, frame_at=1.0)
    here, there = (
        list(decode_clips(clips, seconds=3.0, video=VIDEO, audio=AUDIO, processes=processes, fit=fit))
        for processes in (0, 1)
    )
    for one, other in zip(here, there, strict=True):
        np.testing.assert_array_equal(one.frames, other.frames)
        np.testing.assert_array_equal(one.samples, other.samples)
        assert one.filled == other.filled
