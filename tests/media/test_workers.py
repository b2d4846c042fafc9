import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from avbench.clips import Clip
from avbench.errors import MediaError
from avbench.media.decode import read_clip
from avbench.media.encode import write_clip
from avbench.media.info import DecodedClip
from avbench.media.workers import decode_clips
from avbench.records import AudioInput, VideoInput

VIDEO = VideoInput(fps=5, height=16, width=16)
AUDIO = AudioInput(sample_rate=8_000)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("clips")
    paths = [folder / f"{index}.mp4" for index in range(5)]
    for index, path in enumerate(paths):
        frames = np.full((10, 32, 32, 3), 40 * index, np.uint8)
        samples = np.full((1, 16_000), 0.1 * index, np.float32)
        write_clip(path, frames=frames, fps=10, samples=samples, sample_rate=16_000)
    return paths


def as_clips(paths: list[Path]) -> list[Clip]:
    return [Clip(id=str(index), path=path) for index, path in enumerate(paths)]


def decode(clips: list[Clip], processes: int, timeout: float = 30.0) -> Iterator[DecodedClip | MediaError]:
    return decode_clips(clips, seconds=1, video=VIDEO, audio=AUDIO, processes=processes, timeout=timeout)


@pytest.mark.parametrize("processes", [0, 1, 3])
def test_clips_come_in_order_and_as_read_clip_gives_them(files: list[Path], processes: int):
    clips = as_clips(files * 3)
    outcomes = list(decode(clips, processes))
    assert len(outcomes) == len(clips)
    for clip, outcome in zip(clips, outcomes, strict=True):
        expected = read_clip(clip.path, seconds=1, video=VIDEO, audio=AUDIO)
        assert isinstance(outcome, DecodedClip)
        assert outcome.frames is not None and outcome.samples is not None
        np.testing.assert_array_equal(outcome.frames, expected.frames)
        np.testing.assert_array_equal(outcome.samples, expected.samples)


@pytest.mark.parametrize("processes", [0, 2])
def test_a_bad_file_is_an_outcome_and_the_rest_goes_on(files: list[Path], tmp_path: Path, processes: int):
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"no media" * 100)
    outcomes = list(decode(as_clips([files[0], bad, tmp_path / "none.mp4", files[1]]), processes))
    assert [getattr(outcome, "reason", "ok") for outcome in outcomes] == ["ok", "corrupt", "missing", "ok"]


def test_a_clip_shorter_than_the_window_by_its_own_account_is_too_short(files: list[Path]):
    clips = [Clip(id="a", path=files[0], start=0.0, end=0.5), Clip(id="b", path=files[0], end=1.0)]
    outcomes = list(decode(clips, processes=0))
    assert [getattr(outcome, "reason", "ok") for outcome in outcomes] == ["too-short", "ok"]


@pytest.mark.parametrize(
    ("module", "kept_out"),
    [("avbench.media.workers", ("av", "torch")), ("avbench.media.serve", ("torch",))],
)
def test_heavy_packages_stay_out(module: str, kept_out: tuple[str, ...]):
    code = f"import sys, {module}; print([name for name in {kept_out} if name in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "[]"
