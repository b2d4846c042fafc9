"""``avbench data mimic``, and what ``avbench data leakage`` and ``coverage`` find in the tree it made."""

import json
from pathlib import Path

import pytest

from avbench.cli import main
from avbench.datasets.mimic.tree import read_mimic


def run(*args: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["data", *args])
    return int(stopped.value.code or 0)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mimic") / "tree"
    assert run("mimic", "vggsound", "--out", str(folder), "--quiet") == 0
    return folder


def test_it_says_what_it_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("mimic", "ave", "--out", str(tmp_path / "ave"), "--quiet") == 0
    said = capsys.readouterr().out
    assert "clips that imitate ave" in said
    assert "1 silent: digital silence throughout" in said
    assert "testSet.txt" in said


def test_an_unknown_data_set_names_the_nearest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("mimic", "vgsound", "--out", str(tmp_path / "x")) == 2
    assert "Did you mean 'vggsound'?" in capsys.readouterr().err


def test_a_tree_of_another_data_set_is_left_alone(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(root.rglob("*"))
    assert run("mimic", "ave", "--out", str(root), "--quiet") == 4
    assert "holds an imitation of vggsound" in capsys.readouterr().err
    assert sorted(root.rglob("*")) == before


def test_the_planted_copies_and_no_other_pairs_are_found(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("leakage", "--media", str(root / "video"), "--json", "--quiet") == 0
    found = json.loads(capsys.readouterr().out)["near_duplicates"]
    pairs = {
        frozenset(str(Path(each).relative_to(root)) for each in pair["files"]) for pair in found["pairs"]
    }
    tree = read_mimic(root)
    assert pairs == {frozenset((clip.path, clip.same_as)) for clip in tree.clips if clip.same_as}
    unread = {str(Path(each).relative_to(root)): reason for each, reason in found["unread"].items()}
    assert unread == {
        clip.path: clip.reason for clip in tree.clips if clip.reason in ("empty", "corrupt", "too-short")
    }


def test_the_shared_video_is_found_in_the_lists(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lists = ("--list", str(root / "train.csv"), "--list", str(root / "test.csv"))
    assert run("leakage", *lists) == 0
    said = capsys.readouterr().out
    assert "train.csv (5 clips) and test.csv (31 clips) share 0 clips and 1 video: --mimic-B1x" in said


def test_clips_of_one_video_count_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "one").write_text("abcdefghijk_000000,x\nabcdefghijk_000010,x\n")
    (tmp_path / "other").write_text("abcdefghijk_10000_20000\nabcdefghijk_0_10000\nbcdefghijkl_0_10000\n")
    assert run("leakage", "--list", str(tmp_path / "one"), "--list", str(tmp_path / "other")) == 0
    said = capsys.readouterr().out
    assert said == "one (2 clips) and other (3 clips) share 2 clips and 1 video: abcdefghijk\n"


def test_videos_alone_are_not_taken_for_clips(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "one").write_text("abcdefghijk_000000,x\n")
    (tmp_path / "other").write_text("abcdefghijk\nbcdefghijkl\n")
    assert run("leakage", "--list", str(tmp_path / "one"), "--list", str(tmp_path / "other")) == 0
    assert capsys.readouterr().out == "one (1 clip) and other (2 videos) share 1 video: abcdefghijk\n"


def test_a_folder_that_holds_links_alone_is_not_called_clean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.mp4").write_bytes(b"x")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "x.mp4").symlink_to(tmp_path / "elsewhere" / "x.mp4")
    assert run("leakage", "--media", str(tmp_path / "links")) == 4
    assert "x.mp4: a link that leaves the data root" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert run("leakage", "--media", str(tmp_path / "empty")) == 4
    assert "There is no video in" in capsys.readouterr().err


def test_what_a_model_declares_is_held_against_a_list(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plugin = tmp_path / "mine.py"
    plugin.write_text(
        "from pathlib import Path\n"
        "from avbench import ModelInputs, ModelRecord, hookimpl\n"
        "@hookimpl\n"
        "def avbench_models():\n"
        "    return [ModelRecord(name='mine', summary='Mine.', load=lambda device: None,\n"
        "            inputs=ModelInputs(video=None, audio=None), capabilities=(),\n"
        f"            training_data=('vggsound',), training_ids=(Path({str(root / 'train.csv')!r}),))]\n"
    )
    declared = ("--model", "mine", "--plugin", str(plugin), "--list", str(root / "test.csv"))
    assert run("leakage", *declared) == 0
    said = capsys.readouterr().out
    assert "mine declares vggsound and ids of 5 videos" in said
    assert "of test.csv it has seen 1 of 30: --mimic-B1x" in said


def test_nothing_to_compare_says_what_could_be(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("leakage") == 2
    assert "--media DIR" in capsys.readouterr().err


def test_coverage_counts_what_a_run_would_evaluate(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AVBENCH_CACHE", str(tmp_path))
    tree = read_mimic(root)
    asked = tree.of("test")

    assert (
        run("coverage", "vggsound", str(root), "--list", str(root / tree.test_list), "--json", "--quiet") == 0
    )

    said = json.loads(capsys.readouterr().out)
    missing = [clip for clip in asked if clip.reason == "missing" or clip.kind == "outside"]
    assert (said["asked"], said["found"]) == (len(asked), len(asked) - len(missing))
    assert said["long_enough"] == sum(not clip.reason for clip in asked)
    assert sum(each["asked"] for each in said["classes"]) == len(asked)


def test_coverage_of_what_is_made_is_refused_and_makes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("coverage", "avsynth", str(tmp_path)) == 2
    assert "made, not found" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
