"""Near-duplicates: copies in another form are found, different clips are not."""

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from avbench.datasets.mimic.media import Take, scene_numbered, take
from avbench.errors import MediaError
from avbench.leakage.copies import ALIKE, Pair, alike
from avbench.leakage.prints import FPS, RATE, Print, picture_track, print_of, sound_track
from avbench.media.encode import write_clip

COUNT = 6
SECONDS, REACH = 4.0, 2.0
RATE_OF_FILES = 16_000


@pytest.fixture(scope="module")
def takes() -> list[Take]:
    return [take(scene_numbered(number, SECONDS + REACH)) for number in range(COUNT)]


def written(path: Path, made: Take, *, size: int = 64, gain: float = 1.0, crf: int = 23) -> Path:
    rows = np.arange(size) * made.frames.shape[1] // size
    write_clip(
        path,
        frames=np.ascontiguousarray(made.frames[:, rows][:, :, rows]),
        fps=10,
        samples=made.samples * np.float32(gain),
        sample_rate=RATE_OF_FILES,
        crf=crf,
        preset="superfast",
    )
    return path


def printed(path: Path, made: Take, *, size: int = 64, gain: float = 1.0, crf: int = 23) -> Print:
    return print_of(written(path, made, size=size, gain=gain, crf=crf), SECONDS, REACH)


def found(prints: list[Print]) -> list[Pair]:
    return list(alike(prints, seconds=SECONDS))


@pytest.fixture(scope="module")
def originals(takes: list[Take], tmp_path_factory: pytest.TempPathFactory) -> list[Print]:
    folder = tmp_path_factory.mktemp("originals")
    return [printed(folder / f"{k}.mp4", made) for k, made in enumerate(takes)]


def later(made: Take, seconds: float) -> Take:
    return Take(
        frames=made.frames[round(seconds * 10) :], samples=made.samples[:, round(seconds * RATE_OF_FILES) :]
    )


def mirrored(made: Take) -> Take:
    return Take(frames=made.frames[:, :, ::-1], samples=made.samples)


def cropped(made: Take, edge: int) -> Take:
    return Take(frames=made.frames[:, edge:-edge, edge:-edge], samples=made.samples)


def test_different_clips_are_not_alike(originals: list[Print]) -> None:
    assert found(originals) == []


def test_copies_of_another_size_volume_quality_and_container_are_all_found(
    takes: list[Take], originals: list[Print], tmp_path: Path
) -> None:
    copies = [printed(tmp_path / f"{k}.mkv", made, size=48, gain=0.1, crf=36) for k, made in enumerate(takes)]
    pairs = found([*originals, *copies])
    assert {(pair.first.stem, pair.second.stem) for pair in pairs} == {(str(k),) * 2 for k in range(COUNT)}
    assert not any(pair.mirrored or pair.late > 0.1 for pair in pairs)


def test_copies_that_begin_later_are_found_with_how_much_later(
    takes: list[Take], originals: list[Print], tmp_path: Path
) -> None:
    copies = [printed(tmp_path / f"{k}.mp4", later(made, 1.3)) for k, made in enumerate(takes)]
    pairs = found([*copies, *originals])
    assert {(pair.first.parent, pair.second.stem) for pair in pairs} == {
        (originals[0].path.parent, str(k)) for k in range(COUNT)
    }
    assert all(pair.late == pytest.approx(1.3, abs=0.1) for pair in pairs)


def test_one_that_begins_after_what_is_looked_through_is_not_found(
    takes: list[Take], originals: list[Print], tmp_path: Path
) -> None:
    copy = print_of(written(tmp_path / "late.mp4", later(takes[0], REACH)), 3.0, 0.5)
    near = replace(originals[0], sound=originals[0].sound[:55], picture=originals[0].picture[:26])  # type: ignore[index]
    assert list(alike([near, copy], seconds=3.0)) == []


@pytest.mark.parametrize(
    ("change", "is_mirrored", "is_cropped"),
    [
        (mirrored, True, False),
        (lambda made: cropped(made, 6), False, True),
        (lambda made: mirrored(cropped(later(made, 0.9), 5)), True, True),
    ],
    ids=["mirrored", "cropped", "all at once"],
)
def test_copies_whose_picture_is_changed_are_found_and_say_how(
    takes: list[Take],
    originals: list[Print],
    tmp_path: Path,
    change: Callable[[Take], Take],
    is_mirrored: bool,
    is_cropped: bool,
) -> None:
    copies = [printed(tmp_path / f"{k}.mp4", change(made)) for k, made in enumerate(takes)]
    pairs = found([*originals, *copies])
    assert {(pair.first.stem, pair.second.stem) for pair in pairs} == {(str(k),) * 2 for k in range(COUNT)}
    assert {(pair.mirrored, pair.cropped) for pair in pairs} == {(is_mirrored, is_cropped)}


def test_correlations_are_those_of_a_loop_over_pairs_and_lags(originals: list[Print]) -> None:
    length, stride = round(SECONDS * 8), 2

    def slow(one: Print, other: Print) -> float:
        assert one.sound is not None
        assert other.sound is not None
        start = other.sound[: stride * length : stride]
        best = -1.0
        for lag in range(len(one.sound) - stride * (length - 1)):
            window = one.sound[lag : lag + stride * length : stride]
            vectors = [(each - each.mean(0)).ravel() for each in (window, start)]
            best = max(best, float(np.corrcoef(*vectors)[0, 1]))
        return best

    sounds = {
        frozenset((pair.first, pair.second)): pair.sound
        for pair in alike(originals, -1.0, -1.0, seconds=SECONDS)
    }
    for one, other in combinations(originals, 2):
        both = [slow(one, other), slow(other, one)]
        assert any(
            sounds[frozenset((one.path, other.path))] == pytest.approx(each, abs=1e-4) for each in both
        )


def test_another_sound_under_the_same_picture_is_no_copy(takes: list[Take], tmp_path: Path) -> None:
    dubbed = Take(frames=takes[0].frames, samples=takes[1].samples)
    prints = [printed(tmp_path / f"{k}.mp4", each) for k, each in enumerate([takes[0], dubbed])]
    assert found(prints) == []
    (pair,) = alike([replace(each, sound=None) for each in prints], seconds=SECONDS)
    assert (pair.picture or 0) > ALIKE


def test_another_picture_over_the_same_sound_is_no_copy(takes: list[Take], tmp_path: Path) -> None:
    covered = Take(frames=takes[1].frames, samples=takes[0].samples)
    prints = [printed(tmp_path / f"{k}.mp4", each) for k, each in enumerate([takes[0], covered])]
    assert found(prints) == []
    (pair,) = alike([replace(each, picture=None) for each in prints], seconds=SECONDS)
    assert (pair.sound or 0) > ALIKE


def test_a_stream_of_which_one_has_no_print_is_not_compared(takes: list[Take], tmp_path: Path) -> None:
    whole = printed(tmp_path / "whole.mp4", takes[0])
    silent = mirrored(Take(frames=takes[0].frames, samples=np.zeros_like(takes[0].samples)))
    still = Take(frames=np.repeat(takes[0].frames[:1], len(takes[0].frames), 0), samples=takes[0].samples)
    (heard,) = found([whole, printed(tmp_path / "still.mp4", still)])
    (seen,) = found([whole, printed(tmp_path / "mute.mp4", later(silent, 0.5))])
    assert heard.picture is None
    assert (heard.sound or 0) > ALIKE
    assert seen.sound is None
    assert (seen.mirrored, seen.late) == (True, 0.5)


def test_what_neither_moves_nor_sounds_has_no_print() -> None:
    assert picture_track(np.full((20, 3, 64, 64), 128, np.uint8)) is None
    assert sound_track(np.zeros(40_000, np.float32)) is None


def test_brightness_and_volume_do_not_change_what_is_compared() -> None:
    random = np.random.default_rng(0)
    frames = random.integers(0, 100, (round(6 * FPS), 3, 8, 8), np.uint8).repeat(8, 2).repeat(8, 3)
    samples = (random.normal(0, 0.1, 6 * RATE) * np.sin(np.arange(6 * RATE) / 3_000)).astype(np.float32)
    one, other = (
        Print(path=Path(name), picture=picture_track(frames + np.uint8(light)), sound=sound_track(sound))
        for name, light, sound in (("a", 0, samples), ("b", 50, samples / np.float32(4)))
    )
    (pair,) = found([one, other])
    assert pair.picture == pytest.approx(1, abs=1e-4)
    assert pair.sound == pytest.approx(1, abs=1e-4)


def test_the_cells_of_a_crop_are_means_of_its_pixels_over_three_frames() -> None:
    random = np.random.default_rng(0)
    frames = np.repeat(random.integers(0, 255, (4, 1, 64, 64), np.uint8), 3, axis=1)
    track = picture_track(frames)
    assert track is not None
    whole, narrow = (track[:, crop].reshape(2, 8, 8) for crop in (0, 3))
    np.testing.assert_allclose(whole[0, 2, 5], frames[:3, 0, 16:24, 40:48].mean(), rtol=1e-3)
    np.testing.assert_allclose(narrow[0, 2, 5], frames[:3, 0, 16:24, 38:44].mean(), rtol=1e-3)  # 8 + 5 · 6


def test_a_file_that_holds_nothing_is_an_error_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").write_bytes(b"")
    with pytest.raises(MediaError) as caught:
        print_of(tmp_path / "empty.mp4")
    assert caught.value.reason == "empty"
