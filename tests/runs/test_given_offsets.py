"""Fixed offsets from Synchformer's list: its sign turned, clips without one masked, others refused."""

import json
import shutil
from pathlib import Path

import pytest

from avbench.errors import DataError, UsageError
from tests.running import Runs
from tests.runs.appearing import finder, write_appearing

VIDEOS = ("aaaaaaaaaaa", "bbbbbbbbbbb", "ccccccccccc", "ddddddddddd")
PICTURES = {"aaaaaaaaaaa": -1.0, "bbbbbbbbbbb": 0.6, "ccccccccccc": 0.0}  # what the file says, of the picture
INSTANT = 4.0
TASK = ("vggsound-sync",)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vggsound")
    for video in VIDEOS:
        write_appearing(folder / f"{video}_000030.mp4", instant=INSTANT, seconds=8.0)
    return folder


def table(folder: Path, offsets=PICTURES, *, out_of_sync: str = "ccccccccccc") -> str:
    """Write a list in the form of Synchformer's fixed offsets."""
    rows = [
        f"vggsound_sparse,{video}_30000_40000,1.5,{offset},{int(video != out_of_sync)}"
        for video, offset in offsets.items()
    ]
    path = folder / "fixed_offsets.csv"
    path.write_text("\n".join(["dataset_name,video_id,vstart_sec,offset_sec,is_sync", *rows, ""]))
    return str(path)


def sparse(folder: Path) -> str:
    """Write a list of all the clips, in the form of VGGSound's own."""
    path = folder / "test.csv"
    path.write_text("".join(f"{video}_000030.mp4,clapping\n" for video in VIDEOS))
    return str(path)


def records(done) -> dict[str, dict]:
    lines = done.path.with_suffix(".records.jsonl").read_text().splitlines()
    return {each["clip"][:11]: each for each in map(json.loads, lines)}


def test_the_sign_is_turned_and_a_model_that_looks_and_listens_finds_the_offsets(
    runs: Runs, clips: Path, tmp_path: Path
) -> None:
    (done,) = runs.finished(finder(), tasks=TASK, data_root=clips, dataset_args={"shifts": table(tmp_path)})

    found = records(done)
    assert set(found) == {"aaaaaaaaaaa", "bbbbbbbbbbb"}  # those in sync as they are
    for video, record in found.items():
        # Synchformer begins the sound so much after the picture: what is seen at t - v is heard at t - v - o.
        start = 1.5
        seen = INSTANT - start
        heard = INSTANT - (start + PICTURES[video])
        assert record["offset"] == pytest.approx(heard - seen)
        assert record["estimated"] == [record["offset"]]
    assert done.result.coverage.complete
    assert done.result.dataset.list_name.startswith("vggsound-sparse-clean-2")
    assert any("True offsets are those of fixed_offsets.csv" in note for note in done.result.notes)


def test_clips_of_another_list_that_have_no_offset_are_counted_and_not_drawn(
    runs: Runs, clips: Path, tmp_path: Path
) -> None:
    given = {"list": sparse(tmp_path), "shifts": table(tmp_path)}
    result = runs.result(finder(), tasks=TASK, data_root=clips, dataset_args=given)

    without = tuple(f"{video}_30000_40000" for video in VIDEOS[2:])
    assert result.coverage.masked == {"no-offset": without}
    assert (result.coverage.asked, result.coverage.evaluated) == (4, 2)
    assert result.coverage.complete


def test_a_clip_that_is_not_there_and_has_no_offset_is_counted_once(
    runs: Runs, clips: Path, tmp_path: Path
) -> None:
    for video in VIDEOS[:3]:
        shutil.copy(clips / f"{video}_000030.mp4", tmp_path)
    given = {"list": sparse(tmp_path), "shifts": table(tmp_path)}
    coverage = runs.result(finder(), tasks=TASK, data_root=tmp_path, dataset_args=given).coverage

    counted = [*sum(coverage.masked.values(), ()), *sum(coverage.reasons.values(), ())]
    assert len(counted) == len(set(counted)) == coverage.asked - coverage.evaluated


def test_the_same_clips_with_other_offsets_are_other_data(runs: Runs, clips: Path, tmp_path: Path) -> None:
    plugin = runs.plugin(finder())
    one, two = (
        runs.result(plugin, tasks=TASK, data_root=clips, dataset_args={"shifts": table(tmp_path, offsets)})
        for offsets in (PICTURES, PICTURES | {"aaaaaaaaaaa": 0.4})
    )

    assert one.dataset.revision != two.dataset.revision
    assert one.task.digest == two.task.digest
    assert two.run.reused == 1  # the clip whose offset is the same


@pytest.mark.parametrize(
    ("offset", "complaint"),
    [
        ("0.5", "not on the grid of the task"),
        ("2.4", "not on the grid of the task"),
        ("nan", "Line 2 of the list .* not both finite"),
        ("half", "Line 2 of the list"),
    ],
)
def test_offsets_that_cannot_be_used_are_refused(
    runs: Runs, clips: Path, tmp_path: Path, offset: str, complaint: str
) -> None:
    given = {"shifts": table(tmp_path, {"aaaaaaaaaaa": offset})}
    with pytest.raises(DataError, match=complaint) as raised:
        runs.result(finder(), tasks=TASK, data_root=clips, dataset_args=given)
    assert raised.value.hint


def test_a_task_that_shifts_nothing_refuses_offsets(runs: Runs, clips: Path, tmp_path: Path) -> None:
    given = {"shifts": table(tmp_path)}
    with pytest.raises(UsageError, match="'vggsound-retrieval' shifts no sound"):
        runs.result(
            finder(), model="random", tasks=("vggsound-retrieval",), data_root=clips, dataset_args=given
        )


def test_a_list_of_other_clips_is_refused(runs: Runs, clips: Path, tmp_path: Path) -> None:
    given = {"list": sparse(tmp_path), "shifts": table(tmp_path, {"zzzzzzzzzzz": 0.2})}

    with pytest.raises(DataError, match="an offset of none of the 4 clips"):
        runs.result(finder(), tasks=TASK, data_root=clips, dataset_args=given)


def test_a_clip_with_two_offsets_is_refused(runs: Runs, clips: Path, tmp_path: Path) -> None:
    path = Path(table(tmp_path))
    path.write_text(path.read_text() + "vggsound_sparse,aaaaaaaaaaa_30000_40000,1.5,0.8,1\n")

    with pytest.raises(DataError, match="two offsets of the clip aaaaaaaaaaa_30000_40000"):
        runs.result(finder(), tasks=TASK, data_root=clips, dataset_args={"shifts": str(path)})


def test_only_vggsound_has_such_a_list(runs: Runs, clips: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="takes no argument 'shifts'"):
        runs.result(
            finder(), tasks=("folder-sync",), data_root=clips, dataset_args={"shifts": table(tmp_path)}
        )
