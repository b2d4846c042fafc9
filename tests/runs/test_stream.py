"""Every clip is decoded once, in full batches that are fixed slices of the order."""

from pathlib import Path

from tests.model_sources import seeing
from tests.running import Runs, stable


def test_every_clip_is_decoded_once_for_both_streams(runs: Runs, decoded: list[Path]) -> None:
    runs.result(seeing())
    assert sorted(decoded) == sorted(runs.clips.iterdir())


def test_what_is_in_the_store_is_not_decoded(runs: Runs, decoded: list[Path]) -> None:
    plugin = runs.plugin(seeing())
    first = runs.result(plugin)
    second = runs.result(plugin)
    assert len(decoded) == 12
    assert (second.run.reused, second.run.computed) == (24, 0)
    assert stable(second) == stable(first)
    assert "nothing to embed" in runs.said[-1]


def test_two_tasks_over_the_same_clips_decode_them_once(
    runs: Runs, some_clips: Path, decoded: list[Path]
) -> None:
    rows = "".join(f"{path.name},{path.name}\n" for path in sorted(some_clips.glob("*.mp4")))
    (some_clips / "manifest.csv").write_text("id,path\n" + rows)
    tasks = ("folder-retrieval", "manifest-retrieval")
    folder, manifest = runs.finished(seeing(), tasks=tasks, data_root=some_clips)
    assert len(decoded) == 6
    assert folder.result.scores == manifest.result.scores
    assert folder.path != manifest.path


def test_every_batch_is_full_and_a_fixed_slice_of_the_order(runs: Runs) -> None:
    log = runs.folder / "log"
    note = f"with open({str(log)!r}, 'a') as file: print(*[clip.id[4:6] for clip in batch.clips], file=file)"
    runs.result(seeing(video=note), batch_size=5)
    assert log.read_text().splitlines() == ["00 01 02 03 04", "05 06 07 08 09", "10 11 10 10 10"]


def test_a_model_that_reads_nothing_has_nothing_decoded(runs: Runs, decoded: list[Path]) -> None:
    result = runs.result(seeing(), model="random")
    assert decoded == []
    assert result.coverage.evaluated == 12
    assert result.model.scale_row
