"""What is asked for wrongly is refused before anything is decoded; results are put where nothing is lost."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from avbench import ModelInputs, ModelRecord
from avbench.errors import (
    AvbenchError,
    DataError,
    ModelError,
    PluginError,
    StorageError,
    UnknownName,
    UsageError,
)
from avbench.plugins.candidates import Origin
from avbench.resolve import Contestant
from tests.model_sources import seeing
from tests.running import Runs


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"model": "seein"}, UnknownName, "no model named 'seein'"),
        ({"tasks": ("folder-retrieva",)}, UnknownName, "no task named"),
        ({"tasks": ("folder-retrieval", "nothing")}, UnknownName, "no task named 'nothing'"),
        ({"model_args": {"depth": "3"}}, UsageError, "cannot be loaded with these arguments.*depth"),
        ({"dataset_args": {"colour": "red"}}, UsageError, "colour"),
        ({"data_root": None}, UsageError, "not told where"),
        ({"data_root": Path("/no/such/folder")}, DataError, "/no/such/folder"),
        ({"device": "cuda:99"}, UsageError, "cuda:99"),
        ({"device": "tpu"}, UsageError, "tpu"),
    ],
)
def test_what_is_asked_for_wrongly_is_refused_before_anything_is_decoded(
    runs: Runs,
    options: dict[str, object],
    error: type[AvbenchError],
    message: str,
    decoded: list[Path],
) -> None:
    with pytest.raises(error, match=message) as caught:
        runs.finished(seeing(), **options)
    assert caught.value.hint
    assert decoded == []


def test_a_device_that_is_not_there_is_refused_before_the_dataset_is_opened(runs: Runs) -> None:
    with pytest.raises(UsageError, match="tpu"):
        runs.finished(seeing(), device="tpu", data_root=Path("/no/such/folder"))


def test_an_output_of_too_long_a_name_is_refused_at_once(runs: Runs, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="name too long") as caught:
        runs.finished(seeing(), output=tmp_path / ("x" * 300))
    assert "another folder" in caught.value.hint


def test_a_model_that_takes_only_shorter_clips_is_refused(runs: Runs) -> None:
    source = seeing().replace("sample_rate=16000))", "sample_rate=16000), max_seconds=3)")
    with pytest.raises(UsageError, match="at most 3 s"):
        runs.result(source)


def test_a_model_that_cannot_do_the_task_is_refused(runs: Runs) -> None:
    with pytest.raises(UsageError, match="needs retrieval"):
        runs.result(seeing().replace('capabilities=("retrieval",)', 'capabilities=("generation",)'))


def test_two_models_of_one_name_are_refused(runs: Runs) -> None:
    source = seeing().replace('name="seeing"', 'name="random"')
    with pytest.raises(PluginError, match="contributed more than once"):
        runs.result(source, model="random")


def test_a_reference_row_that_cannot_be_had_says_why_and_stops_nothing(runs: Runs) -> None:
    task = """
from avbench import TaskSpec

@hookimpl
def avbench_tasks():
    return [TaskSpec(name="many-rows", dataset="folder", seconds=4.0, version=1, summary="",
                     scale_rows=("random", "oracle", "no-such-model", "seeing"))]
"""
    result = runs.result(seeing() + task, tasks=("many-rows",))
    unavailable = {row.model: row.unavailable for row in result.scale_rows}
    assert list(unavailable) == ["random", "oracle", "no-such-model"]
    assert unavailable["random"] is None
    assert "side-car" in str(unavailable["oracle"])
    assert "no-such-model" in str(unavailable["no-such-model"])


def test_results_are_never_overwritten(runs: Runs) -> None:
    plugin = runs.plugin(seeing())
    paths = {runs.finished(plugin)[0].path for _ in range(3)}
    assert len(paths) == 3
    assert all(path.with_suffix(".records.jsonl").is_file() for path in paths)


@pytest.mark.parametrize(("place", "error"), [("file", UsageError), ("file/results", StorageError)])
def test_an_output_that_cannot_be_written_is_refused_before_anything_is_decoded(
    runs: Runs, place: str, error: type[AvbenchError], decoded: list[Path]
) -> None:
    (runs.folder / "file").write_text("in the way")
    with pytest.raises(error):
        runs.result(seeing(), output=runs.folder / place)
    assert decoded == []


@contextmanager
def disk_with_room_for(size: int) -> Iterator[None]:
    """Have every file refused that grows beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_an_error_with_a_hint_and_the_run_goes_on_later(runs: Runs) -> None:
    plugin = runs.plugin(seeing())
    with disk_with_room_for(10_000), pytest.raises(StorageError, match="cannot be written") as caught:
        runs.result(plugin, batch_size=4)
    assert "Free some space" in caught.value.hint
    assert not [path for path in runs.cache.rglob(".*") if path.is_file()]
    later = runs.result(plugin, batch_size=4)
    assert later.run.reused == 24
    assert later.coverage.complete


def test_no_half_written_file_is_left_when_the_disk_fills_up_early(runs: Runs) -> None:
    plugin = runs.plugin(seeing())
    with disk_with_room_for(150), pytest.raises(StorageError):
        runs.result(plugin)
    assert not [path for path in runs.folder.rglob(".*") if path.is_file()]


def test_results_lie_under_safe_names(runs: Runs) -> None:
    source = seeing().replace('name="seeing"', 'name="../../see/ing"')
    (finished,) = runs.finished(source, model="../../see/ing")
    assert finished.path.resolve().is_relative_to(runs.output.resolve())
    assert os.fspath(finished.path.relative_to(runs.output)).count("/") == 2


def test_what_only_sounds_depend_on_identifies_a_model_on_generation_alone() -> None:
    record = ModelRecord(
        name="humming",
        summary="",
        load=lambda device, pitch="1": None,
        inputs=ModelInputs(video=None, audio=None),
        capabilities=("retrieval", "generation"),
        identity=lambda args: {"weights": "a"},
        identities={"generation": lambda args: {"vocoder": args["pitch"]}},
    )
    contestant = Contestant(
        record=record,
        origin=Origin(plugin="humming"),
        args={"pitch": "2"},
        inputs=record.inputs_for({}),
        identity={"weights": "a"},
    )

    assert contestant.on("retrieval").identity == {"weights": "a"}
    assert contestant.on("generation").identity == {"weights": "a", "vocoder": "2"}
    with pytest.raises(ModelError, match="'humming' could not say what it is"):
        replace(contestant, args={}).on("generation")
