"""What training is handed: the counts are said, listed and recorded, whichever way clips are read."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from avbench.clips import REASONS
from avbench.errors import DataError
from avbench.training.data import TrainingData
from avbench.training.opening import data_arguments, open_data
from tests.training.clips import INPUTS, folder_of, listed, request, silent_progress, spoil


@pytest.fixture
def folder(tiny_clips: Path, tmp_path: Path) -> Path:
    return folder_of(tiny_clips, tmp_path / "clips")


def opened(folder: Path, output: Path, said: list[str] | None = None, **args: object) -> TrainingData:
    return open_data(request(folder, output, said, **args), INPUTS, silent_progress)


@pytest.mark.parametrize("stream", ["false", "true"])
def test_what_is_left_out_is_counted_listed_and_recorded(folder: Path, tmp_path: Path, stream: str) -> None:
    expected, said = spoil(folder), list[str]()
    before = {"missing", "empty"} if stream == "true" else set(expected.values())

    data = opened(folder, tmp_path / "run", said, stream=stream, val_clips=0)

    left = {name: why for name, why in expected.items() if why in before}
    assert set(expected.values()) < set(REASONS)
    assert listed(tmp_path / "run") == left
    counts = ", ".join(f"1 {why}" for why in sorted(left.values()))
    assert said == [
        f"training on {13 - len(left)} of 13 clips; left out: {counts} ({tmp_path}/run/left-out.jsonl)"
    ]
    assert data.train.clips == 13 - len(left)
    assert data.validation is None
    assert data.about["dataset"] == "folder"
    assert (data.about["clips"], data.about["left_out"]) == (str(13 - len(left)), str(len(left)))
    data.close()


@pytest.mark.parametrize("stream", ["false", "true"])
def test_a_few_clips_are_kept_apart_for_validation(folder: Path, tmp_path: Path, stream: str) -> None:
    said = list[str]()
    data = opened(folder, tmp_path / "run", said, stream=stream, val_clips=3)

    assert data.validation is not None
    assert (data.train.clips, data.validation.clips) == (9, 3)
    assert said == ["training on 9 of 12 clips, 3 kept apart for validation"]
    data.close()


def test_whole_clips_are_the_same_streamed_or_decoded_ahead(folder: Path, tmp_path: Path) -> None:
    ahead, stream = (opened(folder, tmp_path / way, stream=way, val_clips=3) for way in ("false", "true"))

    assert ahead.about == stream.about
    stream.train.expect(range(9))  # type: ignore[attr-defined]
    for clip in range(9):
        assert stream.train.first_usable([clip]) == clip  # type: ignore[attr-defined]
        assert np.array_equal(stream.train.frames_of(clip, 0, 20), ahead.train.frames_of(clip, 0, 20))
    assert stream.validation is not None and ahead.validation is not None
    for clip in range(3):
        one, other = (data.validation.samples_of(clip, 0, 16_000) for data in (ahead, stream))
        assert np.array_equal(one, other)
    stream.close()


def test_the_record_changes_with_what_is_trained_on(folder: Path, tmp_path: Path) -> None:
    records = [opened(folder, tmp_path / "a").about, opened(folder, tmp_path / "b", seconds=3).about]
    (folder / "clip03.mp4").write_bytes(b"no film at all")
    records.append(opened(folder, tmp_path / "c").about)

    assert len({tuple(record.items()) for record in records}) == 3


def test_what_was_replaced_is_said_when_training_ends(folder: Path, tmp_path: Path) -> None:
    spoil(folder)
    said = list[str]()
    data = opened(folder, tmp_path / "run", said, stream="true", val_clips=0)
    for clip in range(3):
        data.train.first_usable([clip, 3])  # type: ignore[attr-defined]
    data.close()

    assert said[1:] == [f"replaced while training: 1 corrupt, 1 silent ({tmp_path}/run/left-out.jsonl)"]


def test_notes_of_the_dataset_are_said(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.mp4").write_bytes(b"media")
    (folder / "link.mp4").symlink_to(tmp_path / "secret.mp4")
    said = list[str]()

    opened(folder, tmp_path / "run", said)

    assert "link.mp4: a link that leaves the data root" in said[0]


def test_nothing_to_train_on_is_an_error_that_counts_why(tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    folder.mkdir()
    for name in "ab":
        (folder / f"{name}.mp4").symlink_to("nowhere.mp4")

    with pytest.raises(DataError, match="None of the 2 clips can be trained on: 2 missing"):
        opened(folder, tmp_path / "run")


def test_without_a_dataset_the_arguments_are_those_of_the_world(tmp_path: Path) -> None:
    own = dataclasses.replace(request(tmp_path, tmp_path), open_datasets=None)

    assert "difficulty" in data_arguments(own)
    assert "stream" in data_arguments(request(tmp_path, tmp_path))
