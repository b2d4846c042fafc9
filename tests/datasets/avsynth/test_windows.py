"""Windows of clips: where they begin, which are left out, and that the moment alone tells them apart."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from avbench.clips import Clip
from avbench.datasets.avsynth.galleries import places, scene_at
from avbench.datasets.avsynth.presets import COUPLED, difficulty_preset, media_preset
from avbench.datasets.avsynth.truth import truth_of
from avbench.datasets.avsynth.windows import open_windows, windows_of
from avbench.datasets.onset_truth import onsets_of
from avbench.errors import UsageError
from avbench.records import DatasetRequest
from tests.running import Runs, quiet
from tests.runs.appearing import finder

DIFFICULTY, MEDIA = difficulty_preset("standard"), media_preset("8s")


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Clip]:
    """Clips of four families with their side-cars, and nothing to see or hear."""
    folder = tmp_path_factory.mktemp("truth")
    found: list[Clip] = []
    for place in places("test", DIFFICULTY, 32):
        scene = scene_at(place, difficulty=DIFFICULTY, media=MEDIA, switches=COUPLED)
        truth = folder / f"{place.id}.json"
        truth.write_text(truth_of(scene).model_dump_json(), encoding="utf-8")
        found.append(Clip(id=place.id, path=folder / "unread.mp4", truth=truth, source=place.source))
    return found


def test_windows_are_whole_and_follow_each_other(clips: list[Clip]) -> None:
    for seconds, most in ((2.0, 4), (1.0, 8), (3.0, 2)):
        for clip in clips:
            found = windows_of(clip, seconds, 8.0)
            assert len(found) <= most
            starts = [each.start for each in found]
            assert starts == sorted(starts) and all(start % seconds == 0 for start in starts)
            assert all(each.end == each.start + seconds <= 8.0 for each in found)
            assert {each.group for each in found} == {clip.group}


def test_a_window_is_there_if_something_lands_in_it(clips: list[Clip]) -> None:
    missing = 0
    for clip in clips:
        times = onsets_of(clip, 8.0)
        landed = {int(2 * each) for each in times}  # half seconds
        found = windows_of(clip, 0.5, 8.0)
        assert [each.start for each in found] == [k / 2 for k in sorted(landed)]
        missing += 16 - len(found)
    assert missing > 0


def test_a_clip_without_landings_has_no_window(clips: list[Clip], tmp_path: Path) -> None:
    truth = json.loads(clips[0].truth.read_text())
    for toy in truth["audio"]["objects"]:
        toy["events"] = []
    quiet_truth = tmp_path / "quiet.json"
    quiet_truth.write_text(json.dumps(truth))

    assert windows_of(replace(clips[0], truth=quiet_truth), 2.0, 8.0) == []


def test_ids_say_where_a_window_lies(clips: list[Clip]) -> None:
    ids = [each.id for each in windows_of(clips[0], 2.0, 8.0)]
    assert ids[0] == f"{clips[0].id}_0_2000"
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("window", ["0", "-1", "5", "nan", "two"])
def test_a_length_that_a_clip_has_not_two_of_is_refused(window: str, tmp_path: Path) -> None:
    request = DatasetRequest(root=tmp_path, args={"window": window}, cache=tmp_path, progress=quiet)
    with pytest.raises(UsageError, match="a clip of 8 s has two of"):
        open_windows(request)
    assert not list(tmp_path.iterdir())


def test_the_oracle_knows_the_moment_and_a_tagger_is_at_chance(tmp_path: Path) -> None:
    result = Runs(tmp_path, tmp_path / "data").result(
        finder(),
        model="oracle",
        tasks=("avsynth-within-clip",),
        dataset_args={"preset": "5s", "clips": "3"},
    )
    (tagger,) = [row for row in result.scale_rows if row.model == "semantics-only"]
    blind = {each.id: each.value for each in tagger.scores}

    assert result.dataset.galleries["standard"] == (2, 2, 2)
    for name in ("a2v.recall@1", "v2a.recall@1"):
        assert result.score(name).value == 1.0
        assert result.score(name).chance == blind[name] == 0.5
    assert any("6 clips: too few" in note for note in result.notes)
