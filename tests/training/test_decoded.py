"""Clips are decoded once, exactly, whatever interrupts it; bad ones are remembered with their reason."""

import os
from pathlib import Path

import numpy as np
import pytest

from avbench.clips import Clip
from avbench.errors import StorageError
from avbench.media.decode import read_clip
from avbench.training import decoded
from avbench.training.choice import DataChoice
from avbench.training.decoded import Decoded, decode_to_arrays
from tests.training.clips import choice, folder_of, opened, spoil

CHOICE = choice()


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoded, "SHARD", 5)


@pytest.fixture
def clips(tiny_clips: Path, tmp_path: Path) -> list[Clip]:
    return list(opened(folder_of(tiny_clips, tmp_path / "clips")).clips)


def decode(
    clips: list[Clip], folder: Path, told: list[tuple[int, int]] | None = None, how: DataChoice = CHOICE
) -> Decoded:
    def progress(what: str, done: int, total: int) -> None:
        if told is not None:
            told.append((done, total))

    return decode_to_arrays(clips, np.arange(len(clips)), how, folder, progress)


def test_a_clip_is_what_the_decoder_gives(clips: list[Clip], tmp_path: Path) -> None:
    arrays = decode(clips, tmp_path).arrays

    assert (arrays.clips, arrays.siblings) == (12, 1)
    assert (arrays.clip_frames, arrays.clip_samples) == (20, 16_000)
    for number in (0, 7, 11):
        whole = read_clip(clips[number].path, seconds=4.0, video=CHOICE.video, audio=CHOICE.audio)
        assert whole.frames is not None and whole.samples is not None
        seen, heard = arrays.frames_of(number, 3, 9), arrays.samples_of(number, 500, 7000)
        assert np.array_equal(seen, whole.frames.transpose(0, 2, 3, 1)[3:12])
        assert heard.dtype == np.float32
        assert np.abs(heard - whole.samples[:, 500:7500]).max() <= 0.5 / 32768


def test_what_is_there_is_not_decoded_again(clips: list[Clip], tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    decode(clips, tmp_path, told)
    again: list[tuple[int, int]] = []
    decode(clips, tmp_path, again)

    assert told == [(0, 12), (5, 12), (10, 12), (12, 12)]
    assert again == []


def test_decoding_goes_on_where_it_was_interrupted(clips: list[Clip], tmp_path: Path) -> None:
    def interrupt(what: str, done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        decode_to_arrays(clips, np.arange(12), CHOICE, tmp_path / "broken", interrupt)
    told: list[tuple[int, int]] = []
    broken, whole = decode(clips, tmp_path / "broken", told).arrays, decode(clips, tmp_path / "whole").arrays

    assert told[0] == (5, 12)
    for number in range(12):
        assert np.array_equal(broken.frames_of(number, 0, 20), whole.frames_of(number, 0, 20))


def test_only_shards_of_changed_files_are_decoded_anew(clips: list[Clip], tmp_path: Path) -> None:
    decode(clips, tmp_path)
    os.utime(clips[6].path, (1, 1))

    told: list[tuple[int, int]] = []
    decode(clips, tmp_path, told)

    assert told == [(7, 12), (12, 12)]


def test_other_windows_sizes_and_rates_lie_elsewhere(clips: list[Clip], tmp_path: Path) -> None:
    decode(clips[:2], tmp_path)
    told: list[tuple[int, int]] = []
    decode(clips[:2], tmp_path, told, choice(seconds="3"))

    assert told == [(0, 2), (2, 2)]
    assert len([place for place in tmp_path.iterdir() if (place / "about.json").exists()]) == 2


def test_a_clip_of_no_use_is_left_out_under_its_reason_and_the_others_keep_their_numbers(
    tiny_clips: Path, tmp_path: Path
) -> None:
    folder = folder_of(tiny_clips, tmp_path / "clips")
    expected = spoil(folder)
    clips = [clip for clip in opened(folder).clips if expected.get(clip.id) not in ("empty", "missing")]

    for found in (decode(clips, tmp_path), decode(clips, tmp_path)):
        reasons = {clips[number].id: why.reason for number, why in found.left_out.items()}
        assert reasons == {name: why for name, why in expected.items() if why not in ("empty", "missing")}
        assert {clips[int(number)].id for number in found.numbers} == {
            clip.id for clip in clips if clip.id not in reasons
        }
        last = int(found.numbers[-1])
        whole = read_clip(clips[last].path, seconds=4.0, video=CHOICE.video, audio=CHOICE.audio)
        assert whole.frames is not None
        kept = found.of(np.asarray([last]))
        assert kept.clips == 1
        assert np.array_equal(kept.frames_of(0, 0, 20), whole.frames.transpose(0, 2, 3, 1))


def test_a_shard_of_bad_clips_alone_is_remembered_too(tmp_path: Path) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"no film at all")

    for _ in range(2):
        found = decode([Clip(id="bad", path=bad)], tmp_path / "cache")
        assert found.arrays.clips == 0 and found.left_out[0].reason == "corrupt"
        assert str(tmp_path) not in found.left_out[0].message


def test_a_disk_that_is_too_small_is_said_before_anything_is_decoded(
    clips: list[Clip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda place: type("Usage", (), {"free": 10_000}))

    with pytest.raises(
        StorageError, match=r"12 clips take 0.000568 GB decoded, and .* has 1e-05 GB"
    ) as raised:
        decode(clips, tmp_path)

    assert "stream=true" in raised.value.hint
    assert list(tmp_path.rglob("*.npy")) == []


def test_a_folder_that_cannot_be_written_is_a_storage_error(clips: list[Clip], tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StorageError, match="cannot be written"):
        decode(clips, tmp_path / "file")
