"""Near-duplicates: copies in another form are found, different clips are not."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from avbench.datasets.mimic.media import Take, scene_numbered, take
from avbench.errors import MediaError
from avbench.leakage.prints import ALIKE, Print, alike, picture_print, print_of, sound_print
from avbench.media.encode import write_clip

COUNT = 8


@pytest.fixture(scope="module")
def takes() -> list[Take]:
    return [take(scene_numbered(number, 6)) for number in range(COUNT)]


def written(path: Path, made: Take, *, size: int = 64, gain: float = 1.0, crf: int = 23) -> Path:
    rows = np.arange(size) * 64 // size
    write_clip(
        path,
        frames=made.frames[:, rows][:, :, rows],
        fps=10,
        samples=made.samples * np.float32(gain),
        sample_rate=16_000,
        crf=crf,
    )
    return path


@pytest.fixture(scope="module")
def originals(takes: list[Take], tmp_path_factory: pytest.TempPathFactory) -> list[Print]:
    folder = tmp_path_factory.mktemp("originals")
    return [print_of(written(folder / f"{k}.mp4", made)) for k, made in enumerate(takes)]


def test_different_clips_are_not_alike(originals: list[Print]) -> None:
    assert list(alike(originals)) == []


def test_copies_of_another_size_volume_quality_and_container_are_all_found(
    takes: list[Take], originals: list[Print], tmp_path: Path
) -> None:
    copies = [
        print_of(written(tmp_path / f"{k}.mkv", made, size=48, gain=0.1, crf=36))
        for k, made in enumerate(takes)
    ]
    found = {(pair.first.stem, pair.second.stem) for pair in alike([*originals, *copies])}
    assert found == {(str(k), str(k)) for k in range(COUNT)}


def test_pairs_are_those_of_a_loop_over_all(originals: list[Print]) -> None:
    expected = {
        (one.path, other.path)
        for one, other in combinations(originals, 2)
        if one.picture is not None
        and other.picture is not None
        and one.sound is not None
        and other.sound is not None
        and min(one.picture @ other.picture, one.sound @ other.sound) >= 0.05
    }
    assert {(pair.first, pair.second) for pair in alike(originals, 0.05)} == expected
    assert expected


def test_another_sound_under_the_same_picture_is_no_copy(takes: list[Take], tmp_path: Path) -> None:
    dubbed = Take(frames=takes[0].frames, samples=takes[1].samples)
    one, other = (print_of(written(tmp_path / f"{k}.mp4", each)) for k, each in enumerate([takes[0], dubbed]))
    assert list(alike([one, other])) == []
    assert one.picture is not None
    assert other.picture is not None
    assert one.picture @ other.picture > ALIKE


def test_a_stream_of_which_one_has_no_print_is_not_compared(takes: list[Take], tmp_path: Path) -> None:
    whole = print_of(written(tmp_path / "whole.mp4", takes[0]))
    silent = Take(frames=takes[0].frames, samples=np.zeros_like(takes[0].samples))
    mute = print_of(written(tmp_path / "mute.mp4", silent))
    (pair,) = alike([whole, mute])
    assert pair.sound is None
    assert (pair.picture or 0) > ALIKE


def test_what_neither_moves_nor_sounds_has_no_print() -> None:
    assert picture_print(np.full((20, 3, 64, 64), 128, np.uint8)) is None
    assert sound_print(np.zeros(40_000, np.float32)) is None


def test_brightness_and_volume_do_not_change_a_print() -> None:
    random = np.random.default_rng(0)
    frames = random.integers(0, 100, (20, 3, 8, 8), np.uint8).repeat(8, 2).repeat(8, 3)
    samples = (random.normal(0, 0.1, 40_000) * np.sin(np.arange(40_000) / 3_000)).astype(np.float32)
    for first, second in [
        (picture_print(frames), picture_print(frames + np.uint8(50))),
        (sound_print(samples), sound_print(samples / np.float32(4))),
    ]:
        assert first is not None
        assert second is not None
        np.testing.assert_allclose(first, second, atol=1e-4)


def test_a_file_that_holds_nothing_is_an_error_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").write_bytes(b"")
    with pytest.raises(MediaError) as caught:
        print_of(tmp_path / "empty.mp4")
    assert caught.value.reason == "empty"
