"""Files as users have them, through tasks of synchrony and alignment: masked or left out, never guessed."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from avbench.clips import REASONS
from avbench.media.encode import write_clip
from avbench.results.document import RunResult
from tests.media.muxing import mux
from tests.running import Runs
from tests.runs.appearing import FPS, RATE, SECONDS, finder, tone, write_appearing
from tests.runs.test_alignment import judge

INSTANTS = (2.3, 2.5, 2.7)
FAILED: Mapping[str, str] = {
    "shorter-than-window-and-grid.mp4": "too-short",
    "sound-ends-early.mkv": "too-short",
    "picture-ends-early.mkv": "too-short",
    "picture-starts-late.mkv": "too-short",
    "no-sound.mp4": "no-audio",
    "no-picture.mp4": "no-video",
    "empty.mp4": "empty",
    "text.mp4": "corrupt",
    "cut.mp4": "corrupt",
}
MASKED: Mapping[str, str] = {
    "constant.mp4": "still",
    "silence.mp4": "silent",
    "sound-starts-after-the-picture.mkv": "silent",
    "one-frame.mp4": "still",
}


def frames(instant: float = 2.5, seconds: float = SECONDS, start: float = 0.0) -> list:
    """Return black frames, then white ones, with the instants they are shown at."""
    count = round((seconds - start) * FPS)
    times = [start + k / FPS for k in range(count)]
    return [(time, np.full((32, 32, 3), 255 * (time >= instant), np.uint8)) for time in times]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("odd")
    for number, instant in enumerate(INSTANTS):
        write_appearing(folder / f"good{number}.mp4", instant=instant)
    write_appearing(folder / "shorter-than-window-and-grid.mp4", seconds=4.5)
    mux(folder / "sound-ends-early.mkv", frames=frames(), sound=[(0.0, tone(2.5, 3.5))], rate=RATE)
    mux(folder / "picture-ends-early.mkv", frames=frames(seconds=3.5), sound=[(0.0, tone(2.5))], rate=RATE)
    mux(folder / "picture-starts-late.mkv", frames=frames(start=1.0), sound=[(0.0, tone(2.5))], rate=RATE)
    mux(
        folder / "sound-starts-after-the-picture.mkv",
        frames=frames(),
        sound=[(4.6, tone(0.0, 0.4))],
        rate=RATE,
    )
    mux(folder / "no-sound.mp4", frames=frames())
    mux(folder / "no-picture.mp4", sound=[(0.0, tone(2.5))], rate=RATE)
    moving = [np.full((32, 32, 3), 255 * (k // 10 % 2), np.uint8) for k in range(round(SECONDS * FPS))]
    still = [np.full((32, 32, 3), 90, np.uint8)] * len(moving)
    silence = np.zeros((1, round(SECONDS * RATE)), np.float32)
    write_clip(folder / "constant.mp4", frames=still, fps=FPS, samples=tone(2.5), sample_rate=RATE)
    write_clip(folder / "silence.mp4", frames=moving, fps=FPS, samples=silence, sample_rate=RATE)
    write_clip(folder / "one-frame.mp4", frames=still[:1], fps=0.2, samples=tone(2.5), sample_rate=RATE)
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "text.mp4").write_text("no video")
    whole = (folder / "good0.mp4").read_bytes()
    (folder / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    return folder


def reasons(result: RunResult) -> dict[str, str]:
    coverage = result.coverage
    counted = [*coverage.masked.items(), *coverage.reasons.items()]
    assert sum(len(ids) for _, ids in counted) == coverage.asked - coverage.evaluated
    return {clip: reason for reason, ids in counted for clip in ids}


@pytest.mark.parametrize(
    ("source", "model"), [(finder(), "seeing"), (finder(), "random")], ids=["looks", "reads nothing"]
)
def test_a_task_of_offsets_scores_what_can_be_scored(
    runs: Runs, folder: Path, source: str, model: str
) -> None:
    result = runs.result(source, model=model, tasks=("folder-sync",), data_root=folder)

    assert reasons(result) == {**FAILED, **MASKED}
    assert result.coverage.masked.keys() == set(MASKED.values())
    assert result.coverage.evaluated == len(INSTANTS)
    assert {*FAILED.values(), *MASKED.values()} <= REASONS.keys()


@pytest.mark.parametrize("model", ["seeing", "random"])
def test_a_task_of_pairs_judges_what_can_be_judged(runs: Runs, folder: Path, model: str) -> None:
    result = runs.result(judge(), model=model, tasks=("folder-alignment",), data_root=folder)
    found = reasons(result)

    for clip, reason in FAILED.items():
        assert found[clip] == reason
    borrowers = {clip for clip in found if clip.startswith("good")}
    assert result.coverage.evaluated == len(INSTANTS) - len(borrowers)
    assert all(found[clip] in {*FAILED.values()} for clip in borrowers)


def test_every_model_is_asked_of_the_same_pairs(runs: Runs, folder: Path) -> None:
    looks, reads_nothing = (
        runs.result(judge(), model=model, tasks=("folder-alignment",), data_root=folder).coverage
        for model in ("seeing", "random")
    )

    assert looks.ids_sha256 == reads_nothing.ids_sha256
    assert looks.reasons == reads_nothing.reasons


def test_a_pair_with_a_copy_of_itself_is_no_pair_with_another(runs: Runs, tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    folder.mkdir()
    write_appearing(folder / "clip00.mp4", instant=2.5)
    for number in range(1, 9):
        shutil.copy(folder / "clip00.mp4", folder / f"clip{number:02}.mp4")
    result = runs.result(judge(), tasks=("folder-alignment",), data_root=folder)

    assert set(result.coverage.masked) == {"copy"}
    assert result.score("align.accuracy@other") is None
    assert result.coverage.complete


@pytest.mark.parametrize("count", [1, 2])
def test_one_clip_or_two_are_enough_to_find_offsets_in(runs: Runs, tmp_path: Path, count: int) -> None:
    folder = tmp_path / "clips"
    folder.mkdir()
    for number in range(count):
        write_appearing(folder / f"clip{number}.mp4", instant=2.5)
    result = runs.result(finder(), tasks=("folder-sync",), data_root=folder)

    assert result.score("offset.top1").value == 1.0
    for score in result.scores:
        assert score.low is None or score.low <= score.value <= score.high
