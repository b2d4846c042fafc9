"""Specs of real data: what papers pin is pinned, each has its page, and each runs over real files."""

import dataclasses
import os
from pathlib import Path

import pytest

from avbench.boards.ranking import board
from avbench.results.provenance import spec_digest
from avbench.specs import CategoryProtocol, RetrievalProtocol, TaskSpec
from avbench.tasks.real import TASKS
from tests.boards.test_ranking import entry
from tests.running import Runs

PAGES = Path(__file__).parents[2] / "docs" / "tasks"
REAL = os.environ.get("AVBENCH_REAL_CLIPS")
SPECS = {spec.name: spec for spec in TASKS}


def test_no_two_of_them_give_the_same_numbers_under_two_names() -> None:
    nameless = [dataclasses.replace(spec, name="") for spec in TASKS]
    assert len(SPECS) == len({spec_digest(spec) for spec in nameless}) == len(TASKS)


@pytest.mark.parametrize("spec", TASKS, ids=lambda spec: spec.name)
def test_each_has_a_page_that_says_what_it_compares_with(spec: TaskSpec) -> None:
    text = (PAGES / f"{spec.name}.md").read_text("utf-8")
    assert "## What it compares with" in text
    assert f"--task {spec.name} " in text


def test_retrieval_is_scored_as_papers_do_and_says_its_rule_for_siblings() -> None:
    spec = SPECS["vggsound-retrieval"]
    assert (spec.seconds, spec.least) == (10.0, 5.0)
    assert isinstance(spec.protocol, RetrievalProtocol)
    assert spec.protocol.directions == ("a2v", "v2a")
    assert spec.protocol.recall_at == (1, 5, 10)
    assert spec.protocol.gallery_sizes == (1000, 1500)
    for each in TASKS:
        if isinstance(each.protocol, RetrievalProtocol):
            assert each.protocol.siblings == "negative", each.name


def test_dual_softmax_is_only_where_the_name_says_so() -> None:
    having = [
        spec.name
        for spec in TASKS
        if isinstance(spec.protocol, RetrievalProtocol) and spec.protocol.dual_softmax
    ]
    assert having == ["vggsound-retrieval-dual-softmax"]


SOURCE = """
import dataclasses
from pathlib import Path

import torch

from avbench import AudioInput, DatasetRecord, ModelInputs, ModelRecord, VideoInput, hookimpl
from avbench.clips import Clip
from avbench.datasets.cliplist import ClipList
from avbench.tasks.real import TASKS

INPUTS = ModelInputs(video=VideoInput(fps=4, height=32, width=32), audio=AudioInput(sample_rate=16000))


class Coarse:
    def embed_video(self, batch):
        return batch.pixels().mean((3, 4)).flatten(1)[:, :20]

    def embed_audio(self, batch):
        return batch.samples.abs().mean(1).unfold(1, 1600, 1600).mean(2)[:, :20]


def found(request):
    paths = sorted(request.root.glob("*.mp4"))
    clips = tuple(
        Clip(id=path.stem, path=path, source=path.stem[:11], classes=("even" if k % 2 else "odd",),
             labels={"AV": "even" if k % 2 else "odd"})
        for k, path in enumerate(paths)
    )
    return ClipList(name="found", revision="1", clips=clips, list_name="x@found-14", found_only=True)


@hookimpl
def avbench_models():
    return [ModelRecord(name="coarse", summary="Levels.", inputs=INPUTS, load=lambda device: Coarse(),
                        capabilities=("retrieval",))]


@hookimpl
def avbench_datasets():
    return [DatasetRecord(name="found", summary="Found.", open=found)]


@hookimpl
def avbench_tasks():
    return [dataclasses.replace(spec, name=f"found-{spec.name}", dataset="found", dataset_args={})
            for spec in TASKS]
"""


@pytest.mark.skipif(not REAL, reason="AVBENCH_REAL_CLIPS names no folder of real clips")
def test_retrieval_specs_run_over_real_clips_and_no_number_reaches_a_board(tmp_path: Path) -> None:
    runs = Runs(tmp_path, Path(str(REAL)) / "vggsound")
    names = [
        f"found-{spec.name}"
        for spec in TASKS
        if isinstance(spec.protocol, RetrievalProtocol | CategoryProtocol)
    ]
    done = runs.finished(SOURCE, model="coarse", tasks=tuple(names))
    for each in done:
        coverage = each.result.coverage
        assert coverage.evaluated == coverage.asked == 14, coverage.reasons
        assert coverage.found_only
        made = board([entry(each.result)])
        assert (made.rows, made.apart) == ((), ())
    by_task = {each.result.task.name: {score.id for score in each.result.scores} for each in done}
    assert {"a2v.percentile", "v2a.macro-recall@1"} <= by_task["found-vggsound-retrieval"]
    assert "category.a2v.map" in by_task["found-vggsounder-retrieval"]
    assert "dual-softmax@10.v2a.recall@1" in by_task["found-vggsound-retrieval-dual-softmax"]
