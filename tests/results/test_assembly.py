"""What a document says of its data: the list's name, and the share of it where that is small."""

import dataclasses
from pathlib import Path

import pytest

from avbench.clips import Clip
from avbench.datasets.cliplist import ClipList
from avbench.results.provenance import spec_digest
from avbench.specs import RetrievalProtocol, TaskSpec, pinned
from tests.model_sources import seeing
from tests.running import Runs

DATASET = """
from pathlib import Path

from avbench import DatasetRecord, TaskSpec
from avbench.clips import Clip
from avbench.datasets.cliplist import ClipList

def listed(request):
    found = [Clip(id=path.name, path=path) for path in sorted(request.root.iterdir())]
    gone = [Clip(id=f"gone{{k}}", path=Path("gone") / str(k)) for k in range({gone})]
    return ClipList(name="set", revision="1", clips=(*found, *gone), list_name="{name}",
                    found_only={found_only})

@hookimpl
def avbench_datasets():
    return [DatasetRecord(name="set", summary="A list.", open=listed)]

@hookimpl
def avbench_tasks():
    return [TaskSpec(name="set-retrieval", dataset="set", seconds=4.0, version=1, summary="A list's clips.")]
"""


@pytest.fixture
def runs(tmp_path: Path, tiny_clips: Path) -> Runs:
    return Runs(tmp_path, tiny_clips)


@pytest.mark.parametrize(("gone", "name"), [(0, "list-12"), (1, "list-12@92.3"), (28, "list-12@30")])
def test_a_list_of_which_too_little_was_scored_lends_its_name_with_the_share(
    runs: Runs, gone: int, name: str
) -> None:
    source = seeing() + DATASET.format(gone=gone, name="list-12", found_only=False)
    result = runs.result(source, tasks=("set-retrieval",))
    assert (result.dataset.name, result.dataset.list_name) == (name, "list-12")
    assert result.coverage.partial == bool(gone)


def test_a_part_of_a_list_by_limit_says_so_in_the_name(runs: Runs) -> None:
    source = seeing() + DATASET.format(gone=0, name="list-12", found_only=False)
    assert runs.result(source, tasks=("set-retrieval",), limit=6).dataset.name == "list-12@50"


def test_without_a_list_the_result_is_partial_however_whole(runs: Runs) -> None:
    source = seeing() + DATASET.format(gone=0, name="set@found-12", found_only=True)
    result = runs.result(source, tasks=("set-retrieval",))
    assert result.dataset.name == "set@found-12"
    assert result.coverage.evaluated == 12
    assert (result.coverage.partial, result.coverage.found_only, result.coverage.complete) == (
        True,
        True,
        False,
    )


SPEC = TaskSpec(name="a", dataset="b", seconds=4.0, version=1, summary="")


def test_a_field_that_came_later_is_in_the_digest_only_where_it_is_set() -> None:
    later = {"shortest", "frame_at"}
    assert not later & pinned(SPEC).keys()
    assert later & pinned(dataclasses.replace(SPEC, shortest=3.0)).keys() == {"shortest"}
    changed = [
        dataclasses.replace(SPEC, shortest=3.0),
        dataclasses.replace(SPEC, frame_at=1.0),
        dataclasses.replace(SPEC, protocol=RetrievalProtocol(siblings="negative")),
        dataclasses.replace(SPEC, dataset_args={"subset": "x"}),
    ]
    assert len({spec_digest(spec) for spec in (SPEC, *changed)}) == 5


def test_where_a_list_lies_is_in_no_digest() -> None:
    here, there = (
        dataclasses.replace(SPEC, dataset_args={"list": path}) for path in ("/a/test.csv", "test.csv")
    )
    assert spec_digest(here) == spec_digest(there) == spec_digest(SPEC)


def test_a_list_of_clips_needs_no_name() -> None:
    plain = ClipList(name="a", revision="1", clips=(Clip(id="a", path=Path("a")),))
    assert (plain.list_name, plain.found_only) == ("", False)
