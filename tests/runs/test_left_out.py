"""A clip that fails is counted under its reason and costs nothing but itself."""

import json
from pathlib import Path

import numpy as np
import pytest

from avbench.clips import REASONS
from avbench.errors import BudgetExceeded, DataError
from avbench.media.encode import write_clip
from tests.model_sources import seeing
from tests.running import Runs, stable


def spoil(folder: Path) -> dict[str, str]:
    """Spoil all clips but two; return the reason expected of each spoilt one."""
    clips = sorted(folder.iterdir())
    clips[0].write_bytes(b"no film at all")
    clips[1].write_bytes(clips[1].read_bytes()[:3000])
    clips[2].write_bytes(b"")
    (folder / "gone.mp4").symlink_to("nowhere.mp4")
    frames = np.zeros((60, 48, 64, 3), np.uint8)
    tone = np.zeros((1, 80_000), np.float32)
    write_clip(folder / "mute.mp4", frames=frames, fps=12, samples=None, sample_rate=16_000)
    write_clip(folder / "dark.mp4", frames=None, fps=12, samples=tone, sample_rate=16_000)
    write_clip(folder / "short.mp4", frames=frames[:24], fps=12, samples=tone[:, :32_000], sample_rate=16_000)
    return {
        clips[0].name: "corrupt",
        clips[1].name: "corrupt",
        clips[2].name: "empty",
        "gone.mp4": "missing",
        "mute.mp4": "no-audio",
        "dark.mp4": "no-video",
        "short.mp4": "too-short",
    }


def test_each_bad_file_is_counted_under_its_reason_and_the_others_are_scored(
    runs: Runs, some_clips: Path
) -> None:
    expected = spoil(some_clips)
    plugin = runs.plugin(seeing())
    result = runs.result(plugin, data_root=some_clips)
    found = {clip_id: reason for reason, ids in result.coverage.reasons.items() for clip_id in ids}
    assert found == expected
    assert set(expected.values()) < set(REASONS)
    assert (result.coverage.asked, result.coverage.found, result.coverage.evaluated) == (10, 8, 3)
    assert result.coverage.partial
    assert not result.coverage.complete
    assert result.dataset.galleries == {"standard": (3,)}

    again = runs.result(plugin, data_root=some_clips)
    assert stable(again) == stable(result)
    assert "nothing to embed" in runs.said[-1]


def test_what_went_wrong_is_said_without_where_the_files_are(runs: Runs, some_clips: Path) -> None:
    expected = spoil(some_clips)
    (done,) = runs.finished(runs.plugin(seeing()), data_root=some_clips)
    lines = done.path.with_suffix(".left-out.jsonl").read_text().splitlines()
    said = {line["clip"]: line["message"] for line in map(json.loads, lines)}
    assert said.keys() == expected.keys()
    assert not any(str(some_clips) in message for message in said.values())
    assert all(message[0].isupper() and message.endswith(".") for message in said.values()), said


def test_a_file_that_was_mended_is_tried_again(runs: Runs, some_clips: Path) -> None:
    good = (some_clips / "clip02.mp4").read_bytes()
    plugin = runs.plugin(seeing())
    (some_clips / "clip02.mp4").write_bytes(b"no film at all")
    assert runs.result(plugin, data_root=some_clips).coverage.evaluated == 5
    (some_clips / "clip02.mp4").write_bytes(good)
    assert runs.result(plugin, data_root=some_clips).coverage.complete


def test_when_every_clip_fails_the_error_counts_the_reasons(runs: Runs, some_clips: Path) -> None:
    for clip in some_clips.iterdir():
        clip.write_bytes(b"" if clip.name < "clip02" else b"no film at all")
    with pytest.raises(DataError, match=r"None of 6 clips .*4 corrupt, 2 empty"):
        runs.result(seeing(), data_root=some_clips)


@pytest.mark.parametrize(("limit", "hint"), [(2, "--limit takes the first"), (None, "Check where files")])
def test_where_all_are_missing_the_hint_is_not_about_streams(
    runs: Runs, some_clips: Path, limit: int | None, hint: str
) -> None:
    rows = "".join(f"{k},no{k}.mp4\n" for k in range(3))
    (some_clips / "manifest.csv").write_text(f"id,path\n{rows}")
    with pytest.raises(DataError, match="missing") as raised:
        runs.result(seeing(), tasks=("manifest-retrieval",), data_root=some_clips, limit=limit)
    assert str(raised.value.hint).startswith(hint)


def test_one_clip_alone_cannot_be_ranked(runs: Runs, some_clips: Path) -> None:
    for clip in sorted(some_clips.iterdir())[1:]:
        clip.write_bytes(b"")
    with pytest.raises(DataError, match="no two in one gallery: there is nothing to rank"):
        runs.result(seeing(), data_root=some_clips)


def test_a_clip_shorter_than_the_window_by_its_own_account_is_not_decoded(
    runs: Runs, some_clips: Path, decoded: list[Path]
) -> None:
    rows = "".join(f"{k},clip0{k}.mp4,0,{3.9 if k == 4 else 4}\n" for k in range(6))
    (some_clips / "manifest.csv").write_text("id,path,start,end\n" + rows)
    result = runs.result(seeing(), tasks=("manifest-retrieval",), data_root=some_clips)
    assert result.coverage.reasons == {"too-short": ("4",)}
    assert len(decoded) == 5


@pytest.mark.parametrize(
    ("budget", "exceeded"), [(None, False), (1, False), (0, True), (0.2, False), (0.1, True)]
)
def test_the_error_budget_is_a_count_or_a_fraction(
    runs: Runs, some_clips: Path, budget: int | float | None, exceeded: bool
) -> None:
    (some_clips / "clip01.mp4").write_bytes(b"")
    (finished,) = runs.finished(seeing(), data_root=some_clips, fail_on_error=budget)
    assert finished.path.is_file()
    assert isinstance(finished.over_budget, BudgetExceeded) == exceeded


def test_a_limited_run_takes_the_first_clips_and_says_so(runs: Runs) -> None:
    plugin = runs.plugin(seeing())
    limited = runs.result(plugin, limit=5).coverage
    assert (limited.asked, limited.evaluated, limited.limit) == (5, 5, 5)
    assert limited.limited
    assert not limited.partial
    assert not limited.complete
    whole = runs.result(plugin, limit=12)
    assert whole.coverage.complete
    assert whole.run.reused == 10


SHORT_TASK = """
from avbench import TaskSpec

@hookimpl
def avbench_tasks():
    return [TaskSpec(name="short-retrieval", dataset="folder", seconds=4.0, version=1, summary="Short.",
                     shortest=1.5)]
"""


def test_a_short_clip_is_filled_up_where_the_task_says_so_counted_and_remembered(
    runs: Runs, some_clips: Path
) -> None:
    spoil(some_clips)
    plugin = runs.plugin(seeing() + SHORT_TASK)
    result = runs.result(plugin, data_root=some_clips, tasks=("short-retrieval",))
    assert result.coverage.filled == ("short.mp4",)
    assert "short.mp4" not in {clip_id for ids in result.coverage.reasons.values() for clip_id in ids}
    assert sum("1 clip ends before the window of 4 s" in note for note in result.notes) == 1

    again = runs.result(plugin, data_root=some_clips, tasks=("short-retrieval",))
    assert stable(again) == stable(result)
    assert "nothing to embed" in runs.said[-1]
    strict = runs.result(plugin, data_root=some_clips)
    assert strict.coverage.reasons["too-short"] == ("short.mp4",)
    assert strict.coverage.filled == ()
