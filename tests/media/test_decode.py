from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from avbench.errors import MediaError
from avbench.media.decode import probe, read_clip
from avbench.media.encode import write_clip
from avbench.records import AudioInput, VideoInput

MONO = AudioInput(sample_rate=16_000)


def flash_and_click(path: Path, *, instant: float, seconds: float, fps: Fraction | float, rate: int) -> Path:
    frames = np.zeros((round(seconds * fps), 64, 64, 3), np.uint8)
    frames[round(instant * fps)] = 255
    samples = np.zeros((1, round(seconds * rate)), np.float32)
    samples[:, round(instant * rate)] = 0.9
    write_clip(path, frames=frames, fps=fps, samples=samples, sample_rate=rate)
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
@pytest.mark.parametrize("start", [0.0, 0.4, 0.8])
def test_flash_and_click_stay_where_they_were_written(tmp_path: Path, suffix: str, rate: int, start: float):
    path = flash_and_click(tmp_path / f"clip{suffix}", instant=2.0, seconds=4, fps=25, rate=rate)
    video = VideoInput(fps=25, height=32, width=32)
    clip = read_clip(path, start=start, seconds=3, video=video, audio=MONO)
    assert clip.frames is not None and clip.samples is not None
    assert clip.frames.shape == (75, 3, 32, 32)
    assert clip.samples.shape == (1, 48_000)
    flash = start + int(clip.frames.mean((1, 2, 3)).argmax()) / 25
    click = start + int(np.abs(clip.samples[0]).argmax()) / 16_000
    assert flash == pytest.approx(2.0, abs=1e-9)
    assert click == pytest.approx(2.0, abs=0.6e-3)


def test_probe_reads_both_streams(tmp_path: Path):
    info = probe(flash_and_click(tmp_path / "clip.mp4", instant=1.0, seconds=2, fps=12.5, rate=22_050))
    assert info.video is not None and info.audio is not None
    assert (info.video.height, info.video.width, info.video.fps) == (64, 64, 12.5)
    assert (info.audio.sample_rate, info.audio.channels) == (22_050, 1)
    assert info.seconds == pytest.approx(2.0, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [("none.mp4", None, "missing"), ("empty.mp4", b"", "empty"), ("noise.mp4", b"not media" * 99, "corrupt")],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, name: str, content: bytes | None, reason: str):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MediaError) as caught:
        read_clip(path, seconds=1, video=None, audio=MONO)
    assert caught.value.reason == reason
