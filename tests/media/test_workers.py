import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from avbench.clips import Clip
from avbench.errors import AvbenchError, MediaError
from avbench.media.decode import read_clip
from avbench.media.encode import write_clip
from avbench.media.info import DecodedClip
from avbench.media.process import DecoderProcess
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


FAULTY = """
import os, time
from avbench.media import serve
right = serve.read_clip
def read_clip(path, **asked):
    if path.stem == "crash":
        os.abort()
    if path.stem == "hang":
        time.sleep(600)
    return right(path, **asked)
serve.read_clip = read_clip
serve.main()
"""


@pytest.fixture
def faulty_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let decoder processes crash over one file and hang over another."""
    monkeypatch.setattr("avbench.media.process.BOOT", f"import sys; sys.path[:] = sys.argv[1:]\n{FAULTY}")


@pytest.mark.usefixtures("faulty_decoder")
@pytest.mark.parametrize("processes", [1, 2])
def test_a_decoder_that_crashes_or_hangs_costs_that_file_alone(files: list[Path], processes: int):
    paths = [files[0], Path("crash.mp4"), files[1], Path("hang.mp4"), files[2]]
    outcomes = list(decode(as_clips(paths), processes, timeout=5.0))
    reasons = [getattr(outcome, "reason", "ok") for outcome in outcomes]
    assert reasons == ["ok", "corrupt", "ok", "timeout", "ok"]
    crash, hang = outcomes[1], outcomes[3]
    assert isinstance(crash, MediaError) and "ended its process" in crash.message
    assert isinstance(hang, MediaError) and "longer than 5 s" in hang.message


@pytest.mark.usefixtures("faulty_decoder")
def test_no_process_outlives_an_iterator_that_is_closed_in_the_middle(files: list[Path]):
    started: list[DecoderProcess] = []

    class Noted(DecoderProcess):
        def __init__(self) -> None:
            super().__init__()
            started.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("avbench.media.workers.DecoderProcess", Noted)
        outcomes = decode(as_clips([files[0], Path("hang.mp4"), files[1], files[2]]), processes=2)
        next(outcomes)
        children = [each._process for each in started]
        outcomes.close()  # type: ignore[attr-defined]
    assert len(children) == 2
    assert all(child is None or child.poll() is not None for child in children)


def test_decoders_that_cannot_start_say_so_once(files: list[Path], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("avbench.media.process.BOOT", "raise SystemExit('no av here')")
    with pytest.raises(AvbenchError, match="cannot be started: no av here") as raised:
        list(decode(as_clips(files), processes=1))
    assert "avbench doctor" in str(raised.value.hint)


@pytest.mark.parametrize(
    ("module", "kept_out"),
    [("avbench.media.workers", ("av", "torch")), ("avbench.media.serve", ("torch",))],
)
def test_heavy_packages_stay_out(module: str, kept_out: tuple[str, ...]):
    code = f"import sys, {module}; print([name for name in {kept_out} if name in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "[]"
