"""Clips decoded while training goes on: the same as decoded ahead, few at a time, the bad ones listed."""

from pathlib import Path

import numpy as np
import pytest

from avbench.errors import DataError
from avbench.training import streamed
from avbench.training.decoded import decode_to_arrays
from avbench.training.left_out import LeftOutList
from avbench.training.streamed import StreamedClips
from tests.training.clips import choice, folder_of, listed, opened, silent_progress, spoil


def streaming(folder: Path, output: Path) -> StreamedClips:
    output.mkdir(exist_ok=True)
    clips = opened(folder).clips
    left_out = LeftOutList(output / "left-out.jsonl", clips)
    left_out.recall()
    return StreamedClips(np.arange(len(clips)), choice(), blocks=[len(clips)], left_out=left_out)


def test_a_streamed_clip_is_the_decoded_one(tiny_clips: Path, tmp_path: Path) -> None:
    clips = opened(tiny_clips).clips
    arrays = decode_to_arrays(clips, np.arange(12), choice(), tmp_path / "cache", silent_progress).arrays
    stream = streaming(tiny_clips, tmp_path / "run")

    assert (stream.clips, stream.siblings) == (12, 1)
    assert (stream.clip_frames, stream.clip_samples) == (arrays.clip_frames, arrays.clip_samples)
    stream.expect([4, 9])
    for clip in (9, 4):
        assert stream.first_usable([clip]) == clip
        assert np.array_equal(stream.frames_of(clip, 2, 11), arrays.frames_of(clip, 2, 11))
        assert np.array_equal(stream.samples_of(clip, 100, 900), arrays.samples_of(clip, 100, 900))
    stream.close()


def test_nothing_is_held_but_what_is_expected(tiny_clips: Path, tmp_path: Path) -> None:
    stream = streaming(tiny_clips, tmp_path / "run")

    for first in range(0, 10, 2):
        stream.expect(range(first, first + 4))
        stream.first_usable([first])
        assert len(stream._held) + len(stream._ahead) <= 4
    stream.close()


def test_a_clip_of_no_use_is_passed_over_and_listed_once(tiny_clips: Path, tmp_path: Path) -> None:
    folder = folder_of(tiny_clips, tmp_path / "clips")
    expected = spoil(folder)
    stream = streaming(folder, tmp_path / "run")

    everything = range(stream.clips)
    for _ in range(2):
        stream.expect(everything)
        usable = {stream.first_usable([clip, *everything]) for clip in everything}

    stream.close()
    names = [clip.id for clip in opened(folder).clips]
    assert {names[clip] for clip in usable} == set(names) - expected.keys()
    assert listed(tmp_path / "run") == expected
    assert len((tmp_path / "run" / "left-out.jsonl").read_text().splitlines()) == len(expected)


def test_what_was_found_before_is_not_tried_again(tiny_clips: Path, tmp_path: Path) -> None:
    folder = folder_of(tiny_clips, tmp_path / "clips", 3)
    whole = (folder / "clip01.mp4").read_bytes()
    (folder / "clip01.mp4").write_bytes(b"no film at all")
    stream = streaming(folder, tmp_path / "run")
    assert stream.first_usable([1, 2]) == 2
    stream.close()

    (folder / "clip01.mp4").write_bytes(whole)
    again = streaming(folder, tmp_path / "run")

    assert again.first_usable([1, 2]) == 2
    again.close()


def test_too_many_bad_clips_in_a_row_are_an_error_that_counts_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "clips"
    folder.mkdir()
    for name in "abcd":
        (folder / f"{name}.mp4").write_bytes(b"no film at all")
    stream = streaming(folder, tmp_path / "run")

    with pytest.raises(DataError, match="Of 4 clips in a row, none can be trained on: 4 corrupt"):
        stream.first_usable(range(4))
    monkeypatch.setattr(streamed, "MOST_IN_A_ROW", 2)
    with pytest.raises(DataError, match="Of 2 clips") as raised:
        stream.first_usable(range(4))

    assert "left-out.jsonl" in raised.value.hint
    stream.close()


def test_lines_that_say_nothing_of_these_clips_are_passed_over(tiny_clips: Path, tmp_path: Path) -> None:
    clips = opened(tiny_clips).clips
    path = tmp_path / "left-out.jsonl"
    path.write_text(
        '{"number": 1, "id": "other.mp4", "reason": "corrupt", "message": "", "training": true}\n'
        '{"number": 2, "id": "clip02.mp4", "reason": "missing", "message": "", "training": false}\n'
        '{"number": 99, "id": "clip03.mp4", "reason": "corrupt", "message": "", "training": true}\n'
        '{"number": 4, "id": "clip04.mp4", "reason": "corrupt", "message": "", "training": true}\n'
        '{"numb\n'
    )
    left_out = LeftOutList(path, clips)

    left_out.recall()

    assert {number: why.reason for number, why in left_out.found.items()} == {4: "corrupt"}
