"""A rehearsal: tasks of real data run end to end on trees that imitate them."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from avbench.datasets.mimic.layouts import LAYOUTS
from avbench.datasets.mimic.media import scene_numbered, take, write_media
from avbench.datasets.mimic.parts import LEFT_OUT, SECONDS
from avbench.datasets.mimic.tree import OUTSIDE, Mimic, read_mimic, write_tree
from avbench.plugins import registry
from avbench.records import Capability
from avbench.requests import RunRequest
from avbench.results.document import RunResult
from avbench.runner import run
from avbench.runs.job import Report
from tests.running import quiet

REAL = sorted(spec.name for spec in registry.load().tasks if spec.dataset in LAYOUTS)


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder for small trees, which share their media: a scene with a defect is made once."""
    kept = tmp_path_factory.mktemp("media")

    def copy(path: Path, kind: str, scene: int) -> None:
        if not (made := kept / f"{kind}-{scene}.mp4").exists():
            write_media(made, kind, take(scene_numbered(scene, SECONDS)))
        if made.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(made, path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("avbench.datasets.mimic.parts.WHOLE", 4)
        patch.setattr("avbench.datasets.mimic.tree.scene_numbered", lambda scene, _: scene)
        patch.setattr("avbench.datasets.mimic.tree.take", lambda scene: scene)
        patch.setattr("avbench.datasets.mimic.tree.write_media", copy)
        yield tmp_path_factory.mktemp("trees")


def tree(trees: Path, dataset: str) -> Path:
    if not (trees / dataset).is_dir():
        write_tree(dataset, trees / dataset, quiet)
    return trees / dataset


def rehearsed(
    task: str, root: Path, folder: Path, model: str, plugins: Sequence[str] = (), **args: str
) -> RunResult:
    request = RunRequest(
        model=model,
        tasks=(task,),
        data_root=root,
        dataset_args=args,
        output=folder / "results",
        device="cpu",
        workers=0,
    )
    report = Report(say=lambda _: None, progress=quiet)
    (finished,) = run(registry.load(plugins), request, folder / "cache", report)
    return finished.result


# What reads no media at all, so that a rehearsal tries lists, files and protocols, and no network.
UNREADING: Mapping[Capability, str] = {"retrieval": "random", "generation": "silence", "synchrony": "random"}


# Tasks that ask for other clips, or for other labels, than the test list of their data set.
ASKED: Mapping[str, str] = {
    "greatesthits-category-retrieval": "greatesthit_test_2.00_single_type_only.json",
    "greatesthits-onset-condfoley": "greatesthit_test_2.00.json",
}


def write_vggsounder(described: Mimic, path: Path) -> Path:
    """Write what VGGSounder would say of the test clips: each is seen and heard as the class it has."""
    header = "video_id,label,modality,background_music,static_image,voice_over"
    rows = [
        f'{clip.source}_{clip.start // 1000:06d},"{clip.label}",AV,False,False,False'
        for clip in described.of("test")
    ]
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_a_model_that_reads_every_file_leaves_out_what_the_side_car_says(trees: Path, tmp_path: Path) -> None:
    root = tree(trees, "vggsound")
    whole = next(clip for clip in read_mimic(root).clips if clip.kind == "whole")
    shutil.copy(root / whole.path, trees / OUTSIDE)  # what the link points at is there, and yet not read
    result = rehearsed("folder-retrieval", root, tmp_path, "gmscavp")
    on_disk = [clip for clip in read_mimic(root).clips if clip.kind not in ("missing", "outside")]
    expected = Counter(clip.reason for clip in on_disk if clip.reason)
    assert {reason: len(ids) for reason, ids in result.coverage.reasons.items()} == expected
    assert set(expected) == set(LEFT_OUT.values()) - {"missing"}
    assert result.coverage.partial
    assert any("leaves the data root" in note for note in result.notes)


@pytest.mark.parametrize("task", REAL)
def test_every_task_of_real_data_runs_to_its_end(trees: Path, tmp_path: Path, task: str) -> None:
    spec = registry.load().tasks.get(task)
    root = tree(trees, spec.dataset)
    described = read_mimic(root)
    asked = root / ASKED.get(task, described.test_list)
    if task == "vggsounder-retrieval":
        asked = write_vggsounder(described, tmp_path / "vggsounder.csv")
    # The tree has lists of its own: none of the published ones that specs name is in it.
    whole = {"subset": ""} if "subset" in spec.dataset_args else {}
    result = rehearsed(task, root, tmp_path, UNREADING[spec.kind], list=str(asked), **whole)
    listed = json.loads(asked.read_text()) if task in ASKED else described.of("test")
    assert result.coverage.asked == len(listed)
    assert result.scores


OWN = """
from avbench import RetrievalProtocol, TaskSpec, hookimpl

@hookimpl
def avbench_tasks():
    protocol = RetrievalProtocol()
    yield TaskSpec(name="own", dataset="{}", seconds=5.0, version=1, summary="-", protocol=protocol)
"""


@pytest.mark.parametrize(
    "dataset", sorted(set(LAYOUTS) - {registry.load().tasks.get(each).dataset for each in REAL})
)
def test_a_data_set_that_no_bundled_task_is_of_runs_in_one_of_your_own(
    trees: Path, tmp_path: Path, dataset: str
) -> None:
    root = tree(trees, dataset)
    described = read_mimic(root)
    (tmp_path / "own.py").write_text(OWN.format(dataset))
    asked = str(root / described.test_list)
    result = rehearsed("own", root, tmp_path, "gmscavp", [str(tmp_path / "own.py")], list=asked)
    expected = Counter(clip.reason for clip in described.of("test") if clip.reason)
    assert {reason: len(ids) for reason, ids in result.coverage.reasons.items()} == expected
