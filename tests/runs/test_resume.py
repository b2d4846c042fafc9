"""What was computed is kept under its content, and a run goes on from it to the same document."""

import shutil
from pathlib import Path

import pytest

from tests.model_sources import seeing
from tests.running import Runs, stable


def test_an_interrupted_run_goes_on_and_ends_with_the_same_document(runs: Runs) -> None:
    flag = runs.folder / "go on"
    plugin = runs.plugin(
        seeing(audio=f"if Seeing.batches == 2 and not os.path.exists({str(flag)!r}): raise KeyboardInterrupt")
    )
    with pytest.raises(KeyboardInterrupt):
        runs.result(plugin)
    assert not list(runs.output.rglob("*.json"))
    flag.touch()
    resumed = runs.result(plugin)
    # One whole batch and the video half of the next were kept.
    assert (resumed.run.reused, resumed.run.computed) == (12, 12)
    runs.cache = runs.folder / "another cache"
    whole = runs.result(plugin)
    assert whole.run.reused == 0
    assert stable(whole) == stable(resumed)


def test_a_damaged_output_is_noticed_and_computed_again(runs: Runs) -> None:
    plugin = runs.plugin(seeing())
    first = runs.result(plugin)
    damaged = sorted(runs.cache.rglob("*.video"))[3]
    damaged.write_bytes(damaged.read_bytes()[:-2] + b"??")
    second = runs.result(plugin)
    assert (second.run.reused, second.run.computed) == (23, 1)
    assert stable(second) == stable(first)
    assert runs.result(plugin).run.computed == 0


def test_recompute_passes_over_the_store(runs: Runs) -> None:
    plugin = runs.plugin(seeing())
    first = runs.result(plugin)
    second = runs.result(plugin, recompute=True)
    assert second.run.computed == 24
    assert stable(second) == stable(first)


def test_a_model_whose_source_changed_is_computed_again(runs: Runs) -> None:
    plugin = runs.plugin(seeing())
    first = runs.result(plugin)
    plugin.write_text(seeing(video="rows = rows.flip(1)"))
    from avbench.results.provenance import source_digest

    source_digest.cache_clear()
    second = runs.result(plugin)
    assert second.run.reused == 0
    assert second.model.identity != first.model.identity


@pytest.mark.parametrize("changed", [{"batch_size": 3}, {"model_args": {"gain": "2"}}])
def test_what_an_output_depends_on_is_part_of_its_key(runs: Runs, changed: dict[str, object]) -> None:
    plugin = runs.plugin(seeing().replace("lambda device:", "lambda device, gain='1':"))
    runs.result(plugin)
    assert runs.result(plugin, **changed).run.reused == 0
    assert runs.result(plugin, seed=5).run.computed == 0


def test_copies_of_a_file_share_an_output_and_the_document_does_not_depend_on_the_store(
    runs: Runs, some_clips: Path
) -> None:
    shutil.copy(some_clips / "clip00.mp4", some_clips / "copy.mp4")
    plugin = runs.plugin(seeing())
    first = runs.result(plugin, data_root=some_clips)
    assert (first.coverage.evaluated, first.run.computed) == (7, 12)
    assert stable(runs.result(plugin, data_root=some_clips)) == stable(first)
    named = runs.result(plugin, data_root=some_clips, model="random")
    assert stable(runs.result(plugin, data_root=some_clips, model="random")) == stable(named)
    assert named.run.computed == 14
