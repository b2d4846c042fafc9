"""What a model declares it was trained on, in a real run: notes, and raw and clean scores."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from avbench.boards.pages import page
from avbench.boards.ranking import boards, read_entries
from avbench.boards.tables import result_tables
from avbench.clips import Clip, Gallery
from avbench.datasets.cliplist import ClipList
from avbench.errors import DataError
from avbench.leakage.declared import examined
from avbench.plugins import registry
from avbench.records import ModelInputs, ModelRecord
from avbench.results.document import RunResult
from avbench.specs import CategoryProtocol
from avbench.tasks.categories import score_categories
from tests.model_sources import seeing
from tests.running import Runs
from tests.runs.sounding import sounding, write_flashes

DECLARATION = 'capabilities=("retrieval",)'


@pytest.fixture
def runs(tmp_path: Path, tiny_clips: Path) -> Runs:
    clips = tmp_path / "clips"
    clips.mkdir()
    for number, path in enumerate(sorted(tiny_clips.glob("*.mp4"))[:4]):
        shutil.copy(path, clips / f"video-{number:05d}_000030.mp4")
    return Runs(tmp_path, clips)


def declared(*data: str) -> ModelRecord:
    inputs = ModelInputs(video=None, audio=None)
    return ModelRecord(
        name="mine", summary="-", load=dict, inputs=inputs, capabilities=("retrieval",), training_data=data
    )


def declaring(runs: Runs, declaration: str) -> RunResult:
    return runs.result(seeing().replace(DECLARATION, f"{DECLARATION}, {declaration}"))


def values(result: RunResult, prefix: str = "") -> dict[str, float]:
    names = ("a2v.recall@1", "v2a.recall@1", "a2v.medr")
    return {name: score.value for name in names if (score := result.score(prefix + name))}


def test_clean_scores_are_those_of_a_run_without_the_clips_it_has_seen(runs: Runs) -> None:
    ids = runs.folder / "seen.txt"
    ids.write_text("video-00001\nanother-one\n")
    result = declaring(runs, f"training_ids=(__import__('pathlib').Path({str(ids)!r}),)")
    raw = runs.result(seeing())
    (runs.clips / "video-00001_000030.mp4").unlink()
    without = runs.result(seeing())
    assert values(result) == values(raw)
    assert values(result, "clean.") == values(without)
    assert {score.n for score in result.scores if score.id.startswith("clean.")} == {3}
    assert any(note.startswith("1 of 4 clips are of videos that seeing declares") for note in result.notes)
    assert "Clean: without the clips" in result_tables(result)


def test_clean_scores_by_category_are_those_of_a_gallery_without_what_was_seen() -> None:
    clips = [Clip(id=f"{k}", path=Path(f"{k}"), classes=("ab"[k % 2],)) for k in range(8)]
    left = tuple(clip.id for clip in clips[3:])
    galleries = [Gallery(name="standard", clip_ids=tuple(clip.id for clip in clips))]
    video, audio = np.random.default_rng(0).normal(size=(2, 8, 4))
    both = score_categories(
        CategoryProtocol(), [*galleries, Gallery(name="clean", clip_ids=left)], clips, video, audio, 0
    )
    raw = score_categories(CategoryProtocol(), galleries, clips, video, audio, 0)
    without = score_categories(
        CategoryProtocol(), [Gallery(name="standard", clip_ids=left)], clips[3:], video[3:], audio[3:], 0
    )
    found = {each.id: each.value for each in both.measurements}
    assert found == {each.id: each.value for each in raw.measurements} | {
        f"clean.{each.id}": each.value for each in without.measurements
    }


@pytest.fixture
def flashes(tmp_path: Path) -> Runs:
    write_flashes(tmp_path / "flashes", 5)
    for number, path in enumerate(sorted((tmp_path / "flashes").iterdir())):
        path.rename(path.with_name(f"video-{number:05d}_000030.mp4"))
    return Runs(tmp_path, tmp_path / "flashes")


def test_clean_scores_of_sounds_are_those_of_a_run_without_the_clips_it_has_seen(flashes: Runs) -> None:
    ids = flashes.folder / "seen.txt"
    ids.write_text("video-00001\nanother-one\n")
    declaration = f"training_ids=(__import__('pathlib').Path({str(ids)!r}),), load=lambda device: Clicking()"
    source = sounding().replace("load=lambda device: Clicking()", declaration)
    options = {"model": "clicking", "tasks": ("clicks",)}
    result, raw = flashes.result(source, **options), flashes.result(sounding(), **options)
    entries, _ = read_entries(flashes.output)
    (board,) = boards([entry for entry in entries if entry.result.run.id == result.run.id])
    made = page(board, flashes.output)
    (flashes.clips / "video-00001_000030.mp4").unlink()
    without = flashes.result(sounding(), **options)

    for row in (None, "still", "shuffled-truth"):
        found, whole, fewer = (scored(each, row) for each in (result, raw, without))
        assert found == whole | {f"clean.{name}": score for name, score in fewer.items()}
        assert len(fewer) > 3
    assert {n for name, (_, n) in scored(result).items() if name.startswith("clean.onset")} == {4}
    assert "clean FAD bands" in result_tables(result)
    standard, clean = made.split("## Without what they have seen")
    assert "clean FAD bands" in clean
    assert "clean" not in standard


def scored(result: RunResult, row: str | None = None) -> dict[str, tuple[float, int]]:
    scores = next(each.scores for each in result.scale_rows if each.model == row) if row else result.scores
    return {score.id: (score.value, score.n) for score in scores}


def test_a_board_shows_clean_scores_apart(runs: Runs) -> None:
    ids = runs.folder / "seen.txt"
    ids.write_text("video-00001_000030.mp4,label\n")
    declaring(runs, f"training_ids=(__import__('pathlib').Path({str(ids)!r}),)")
    entries, _ = read_entries(runs.output)
    (board,) = boards(entries)
    made = page(board, runs.output)
    assert "## Without what they have seen" in made
    assert "clean A→V R@1" in made
    assert "Scale profile" not in made


def test_clean_scores_do_not_rank(runs: Runs) -> None:
    ids = runs.folder / "seen.txt"
    ids.write_text("video-00001\n")
    declaring(runs, f"training_ids=(__import__('pathlib').Path({str(ids)!r}),)")
    runs.result(seeing())  # the same scores, but no clean ones
    entries, _ = read_entries(runs.output)
    (board,) = boards(entries)
    assert len(board.rows) == 2
    ours = [entry.result.score("clean.a2v.recall@1") is not None for entry in board.rows]
    assert sorted(ours) == [False, True]


def test_ids_that_none_of_the_clips_are_of_change_no_score(runs: Runs) -> None:
    ids = runs.folder / "seen.txt"
    ids.write_text("another-one\n")
    result = declaring(runs, f"training_ids=(__import__('pathlib').Path({str(ids)!r}),)")
    assert not values(result, "clean.")
    assert any(note.startswith("0 of 4 clips are of videos") for note in result.notes)


def test_a_data_set_that_is_declared_without_ids_is_a_note(runs: Runs) -> None:
    result = declaring(runs, 'training_data=("folder",)')
    assert any("declares folder among its training data" in note for note in result.notes)
    assert not any("declares" in note for note in declaring(runs, 'training_data=("other",)').notes)


def test_of_a_split_that_is_declared_the_clips_labelled_so_are_seen(tmp_path: Path) -> None:
    labels = {"a": "train", "b": "test", "c": "test"}
    clips = tuple(
        Clip(id=name, path=tmp_path / name, labels={"split": split}) for name, split in labels.items()
    )
    dataset = ClipList(name="set", revision="1", clips=clips)

    found = examined(dataset, declared("set/train"), "set")

    assert found.notes[-1].startswith("1 of 3 clips are of a split that mine declares")
    assert [gallery.clip_ids for gallery in found.galleries if gallery.name == "clean"] == [("b", "c")]
    for nothing in ("set/val", "other/train"):
        assert examined(dataset, declared(nothing), "set") is dataset


@pytest.mark.parametrize("model", ["gmscavp", "cavp"])
def test_a_bundled_model_has_seen_none_of_what_avsynth_tests(model: str, tmp_path: Path) -> None:
    record = registry.load().models.get(model)
    clips = tuple(Clip(id=str(k), path=tmp_path, labels={"split": "test"}) for k in range(3))
    dataset = ClipList(name="avsynth", revision="1", clips=clips)

    assert examined(dataset, record, "avsynth") is dataset


def test_a_file_of_ids_that_is_not_there_stops_the_run_by_name(runs: Runs) -> None:
    with pytest.raises(DataError, match="gone"):
        declaring(runs, "training_ids=(__import__('pathlib').Path('gone.txt'),)")
