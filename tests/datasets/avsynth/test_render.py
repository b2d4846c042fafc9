import json
from collections.abc import Callable
from pathlib import Path

import pytest

from avbench.datasets.avsynth.counterfactuals import open_counterfactuals
from avbench.datasets.avsynth.dataset import Avsynth, choice_from, open_avsynth
from avbench.datasets.avsynth.presets import MEDIA
from avbench.datasets.avsynth.render import render_missing
from avbench.datasets.avsynth.truth import read_truth, truth_of
from avbench.datasets.avsynth.windows import open_windows
from avbench.errors import DataError, StorageError, UnknownName, UsageError
from avbench.media.decode import probe
from avbench.records import DatasetRequest

CHOICE = choice_from({"preset": "5s", "clips": "3"})


def silent(what: str, done: int, total: int) -> None:
    pass


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("avsynth")
    render_missing(folder, CHOICE.places, CHOICE.recipe, silent, workers=1)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_clip_is_a_file_of_the_presets_length_size_and_rates(rendered: Path) -> None:
    info = probe(rendered / "test-standard-000-00.mp4")
    assert info.video is not None and info.audio is not None
    assert (info.video.height, info.video.width, info.video.fps) == (112, 112, 25.0)
    assert (info.audio.sample_rate, info.audio.channels) == (16_000, 2)
    assert info.seconds == pytest.approx(MEDIA["5s"].seconds, abs=0.08)


def test_the_side_car_is_the_truth_of_the_scene(rendered: Path) -> None:
    for place in CHOICE.places:
        assert read_truth(rendered / f"{place.id}.json") == truth_of(CHOICE.recipe.scene(place))


def test_a_second_rendering_renders_nothing(rendered: Path) -> None:
    before = contents(rendered)
    assert render_missing(rendered, CHOICE.places, CHOICE.recipe, silent, workers=1) == 0
    assert contents(rendered) == before


@pytest.mark.parametrize("damage", ["missing", "cut short", "without manifest", "without side-car"])
def test_an_interrupted_rendering_is_completed_to_the_same_bytes(
    rendered: Path, tmp_path: Path, damage: str
) -> None:
    whole = contents(rendered)
    for name, content in whole.items():
        (tmp_path / name).write_bytes(content)
    victim = tmp_path / "test-standard-000-01.mp4"
    if damage == "missing":
        victim.unlink()
        (tmp_path / "manifest.json").unlink()
    elif damage == "cut short":
        victim.write_bytes(victim.read_bytes()[:1000])
    elif damage == "without side-car":
        victim.with_suffix(".json").unlink()
    else:
        (tmp_path / "manifest.json").unlink()
    made = render_missing(tmp_path, CHOICE.places, CHOICE.recipe, silent, workers=1)
    assert made == (0 if damage == "without manifest" else 1)
    assert contents(tmp_path) == whole


def test_worker_processes_give_the_same_bytes(rendered: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    four = choice_from({"preset": "5s", "clips": "4"})
    render_missing(tmp_path, four.places, four.recipe, lambda _, done, total: told.append((done, total)), 2)
    made, expected = contents(tmp_path), contents(rendered)
    assert {name: made[name] for name in expected if name != "manifest.json"} == {
        name: content for name, content in expected.items() if name != "manifest.json"
    }
    assert (told[0], told[-1]) == ((0, 4), (4, 4))


def test_a_folder_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError):
        render_missing(tmp_path / "file" / "below", CHOICE.places, CHOICE.recipe, silent, workers=1)


def test_an_error_in_a_worker_process_arrives_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    four = choice_from({"preset": "5s", "clips": "4"})
    with pytest.raises(StorageError, match="below"):
        render_missing(tmp_path / "file" / "below", four.places, four.recipe, silent, workers=2)


def test_opening_renders_into_the_cache_and_lists_clips_with_truth_and_source(
    rendered: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "avsynth" / CHOICE.folder
    folder.mkdir(parents=True)
    for name, content in contents(rendered).items():
        (folder / name).write_bytes(content)
    request = DatasetRequest(cache=tmp_path, root=None, args={"preset": "5s", "clips": "3"}, progress=silent)
    data = open_avsynth(request)
    assert [clip.path.parent for clip in data.clips] == [folder] * 3
    assert {clip.source for clip in data.clips} == {"test-standard-000"}
    assert [(gallery.name, len(gallery.clip_ids)) for gallery in data.galleries] == [("standard", 3)]
    assert all(clip.truth is not None and read_truth(clip.truth).id == clip.id for clip in data.clips)


def test_the_test_split_has_one_standard_and_eight_matched_galleries_of_each_scale() -> None:
    from avbench.datasets.avsynth.dataset import galleries

    listed = galleries(choice_from({}).places)
    sizes = [(gallery.name, len(gallery.clip_ids)) for gallery in listed]
    assert sizes[0] == ("standard", 400)
    for scale in ("S0", "S1", "S2", "S3", "S5"):
        assert sizes.count((scale, 8)) == 8
    assert sizes.count(("S4", 6)) == 8


def test_every_knob_changes_the_folder() -> None:
    requests = [{}, {"difficulty": "hard"}, {"preset": "5s"}, {"world": "1"}, {"S2": "off"}, {"split": "val"}]
    assert len({choice_from(args).folder for args in requests}) == len(requests)


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"preset": "8"}, UnknownName),
        ({"difficulty": "standart"}, UnknownName),
        ({"split": "dev"}, UnknownName),
        ({"S2": "maybe"}, UsageError),
        ({"clips": "many"}, UsageError),
        ({"world": "-1"}, UsageError),
        ({"colour": "red"}, UsageError),
    ],
)
def test_wrong_arguments_are_usage_errors(args: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error):
        choice_from(args)


@pytest.mark.parametrize("content", ["", "{}", json.dumps({"generator": "other"})])
def test_a_damaged_side_car_is_a_data_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "truth.json"
    path.write_text(content)
    with pytest.raises(DataError):
        read_truth(path)


@pytest.mark.parametrize(
    ("open_dataset", "args"),
    [
        (open_avsynth, {"preset": "5s"}),
        (open_windows, {"preset": "5s", "clips": "8", "window": "2"}),
        (open_counterfactuals, {"preset": "5s", "states": "2"}),
    ],
)
def test_of_a_limited_run_what_it_looks_at_is_rendered_and_nothing_else(
    tmp_path: Path, open_dataset: Callable[[DatasetRequest], Avsynth], args: dict[str, str]
) -> None:
    def rendered_of(limit: int | None) -> tuple[Avsynth, set[Path], set[Path]]:
        opened = open_dataset(
            DatasetRequest(cache=tmp_path, root=None, args=args, progress=silent, limit=limit)
        )
        asked = {clip.path for clip in opened.clips[:limit]}
        return opened, asked, set(tmp_path.rglob("*.mp4"))

    few, asked, there = rendered_of(3)
    assert there == asked
    assert all(clip.truth is not None and clip.truth.exists() for clip in few.clips[:3])
    before = {path: path.read_bytes() for path in there}
    more, asked, there = rendered_of(5)
    assert there == asked
    assert all(path.read_bytes() == content for path, content in before.items())
    assert (more.clips, more.galleries, more.revision) == (few.clips, few.galleries, few.revision)


def test_the_clips_of_a_limited_run_are_those_of_a_whole_one(rendered: Path, tmp_path: Path) -> None:
    args = {"preset": "5s", "clips": "3"}
    request = DatasetRequest(cache=tmp_path, root=None, args=args, progress=silent, limit=2)
    for clip in open_avsynth(request).clips[:2]:
        assert clip.path.read_bytes() == (rendered / clip.path.name).read_bytes()
