"""Tar files of videos: what is a clip, where it lies, what is left out."""

import json
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest

from avbench.datasets import tar_index
from avbench.datasets.shards import ShardSet, open_shards
from avbench.errors import DataError, UsageError
from avbench.media.decode import read_clip
from avbench.records import AudioInput, DatasetRequest, VideoInput
from tests.datasets.tars import write_tar


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    return (tmp_path / "root").resolve()


def opened(root: Path | None, told: list[int] | None = None, **args: str) -> ShardSet:
    def progress(what: str, done: int, total: int) -> None:
        if told is not None:
            told.append(done)

    cache = (root or Path("unused")).parent / "cache"
    return open_shards(DatasetRequest(cache=cache, root=root, args=args, progress=progress))


def ids(dataset: ShardSet) -> list[str]:
    return [clip.id for clip in dataset.clips]


def bytes_of(dataset: ShardSet, number: int) -> bytes:
    clip = dataset.clips[number]
    assert clip.part is not None
    return clip.path.read_bytes()[clip.part[0] : sum(clip.part)]


def test_a_sample_is_a_video_with_its_side_cars(root: Path) -> None:
    write_tar(root / "b.tar", {"0.mp4": b"b0", "0.json": b"{}"})
    write_tar(
        root / "a" / "00.tar",
        {"./7.txt": b"a dog", "./7.MP4": b"a7", "./7.json": b"{}", "x/8.1.webm": b"a8", "x/9.mkv": b"a9"},
    )

    dataset = opened(root)

    assert ids(dataset) == ["a/00.tar/7", "a/00.tar/x/8", "a/00.tar/x/9", "b.tar/0"]
    assert [bytes_of(dataset, k) for k in range(4)] == [b"a7", b"a8", b"a9", b"b0"]
    assert dataset.blocks == (3, 1)
    assert dataset.notes == ()
    (gallery,) = dataset.galleries
    assert (gallery.name, list(gallery.clip_ids)) == ("standard", ids(dataset))


def test_a_clip_in_a_tar_is_decoded_as_the_clip_alone(root: Path, tiny_clips: Path) -> None:
    files = {path.name: path.read_bytes() for path in sorted(tiny_clips.glob("*.mp4"))[:3]}
    write_tar(root / "a.tar", files)
    asked = {
        "seconds": 2.0,
        "video": VideoInput(fps=5, height=16, width=16),
        "audio": AudioInput(sample_rate=4000),
    }

    clip = opened(root).clips[1]

    found = read_clip(clip.path, part=clip.part, **asked)
    np.testing.assert_array_equal(found.frames, read_clip(tiny_clips / "clip01.mp4", **asked).frames)


def test_a_pattern_chooses_shards(root: Path) -> None:
    for name in ("train-0.tar", "train-1.tar", "test-0.tar", "more/train-2.tar"):
        write_tar(root / name, {"0.mp4": b"media"})

    assert ids(opened(root, shards="train-*.tar")) == ["train-0.tar/0", "train-1.tar/0"]
    assert ids(opened(root, shards="more/*")) == ["more/train-2.tar/0"]


def test_a_field_of_the_json_names_the_recording(root: Path) -> None:
    write_tar(
        root / "a.tar",
        {
            "0.mp4": b"a", "0.json": json.dumps({"url": "tape1", "caption": "x"}).encode(),
            "1.json": json.dumps({"url": "tape1"}).encode(), "1.mp4": b"b",
            "2.mp4": b"c", "2.json": b"{not json",
            "3.mp4": b"d",
        },
    )  # fmt: skip

    dataset = opened(root, source="url")

    assert [clip.group for clip in dataset.clips] == ["tape1", "tape1", "a.tar/2", "a.tar/3"]
    assert dataset.notes == (
        "Not all in the shards is used: samples that name no recording, each taken for one: 2.",
    )
    assert [clip.group for clip in opened(root).clips] == ids(dataset)


def test_a_folder_that_cannot_be_read_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tar(root / "a.tar", {"0.mp4": b"media"})
    (root / "closed").mkdir()
    scandir = os.scandir

    def refused(folder: Path):
        if Path(folder).name == "closed":
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refused)

    assert opened(root).notes == (
        "Not all in the shards is used: closed cannot be read (Permission denied).",
    )


def test_what_cannot_be_used_is_counted(root: Path, tmp_path: Path) -> None:
    write_tar(
        root / "a.tar", {"0.mp4": b"a", "0.left.mp4": b"b", "1.json": b"{}", "2.txt": b"", "._3.mp4": b"c"}
    )
    write_tar(root / "b.tar.gz", {"0.mp4": b"media"})
    write_tar(root / ".hidden.tar", {"0.mp4": b"media"})
    (root / "c.tar").write_bytes(b"no tar" * 200)
    write_tar(tmp_path / "outside.tar", {"0.mp4": b"media"})
    (root / "d.tar").symlink_to(tmp_path / "outside.tar")

    dataset = opened(root)

    assert ids(dataset) == ["a.tar/0"]
    (note,) = dataset.notes
    assert "b.tar.gz is compressed" in note
    assert "c.tar is no tar that can be read" in note
    assert "d.tar is a link that leaves the data root" in note
    assert "samples without a video: 2" in note
    assert "videos beside the first of their sample: 1" in note


@pytest.mark.parametrize(
    ("kept", "clips", "said"),
    [
        (512 + 2000, 0, "ends within 0.mp4"),
        (2 * (512 + 3072) + 100, 2, "is damaged at byte 7168"),
        (2 * (512 + 3072) + 512 + 50, 2, "ends within 2.mp4"),
    ],
)
def test_a_tar_that_was_cut_off_gives_what_is_whole(root: Path, kept: int, clips: int, said: str) -> None:
    write_tar(root / "whole.tar", {"0.mp4": b"media"})
    path = write_tar(root / "cut.tar", {f"{k}.mp4": b"m" * 3000 for k in range(4)})
    path.write_bytes(path.read_bytes()[:kept])

    dataset = opened(root)

    assert ids(dataset) == [*(f"cut.tar/{k}" for k in range(clips)), "whole.tar/0"]
    assert f"cut.tar {said}" in dataset.notes[0]


def test_a_header_that_makes_no_sense_is_no_end(root: Path) -> None:
    path = write_tar(root / "a.tar", {f"{k}.mp4": b"m" * 3000 for k in range(4)})
    content = bytearray(path.read_bytes())
    content[2 * (512 + 3072)] ^= 255
    path.write_bytes(content)

    dataset = opened(root)

    assert ids(dataset) == ["a.tar/0", "a.tar/1"]
    assert f"a.tar is damaged at byte {2 * (512 + 3072)}" in dataset.notes[0]


def test_headers_are_read_once_for_as_long_as_a_tar_stays_the_same(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "ab":
        write_tar(root / f"{name}.tar", {"0.mp4": b"media"})
    before, told = ids(opened(root)), list[int]()
    read: list[str] = []
    reading = tar_index.read_index
    monkeypatch.setattr(
        tar_index, "read_index", lambda path, field: read.append(path.name) or reading(path, field)
    )

    assert ids(opened(root, told)) == before and read == []
    write_tar(root / "b.tar", {"0.mp4": b"media", "1.mp4": b"media"})
    assert ids(opened(root)) == [*before, "b.tar/1"] and read == ["b.tar"]
    assert told == [1, 2]


def test_a_damaged_index_is_read_anew(root: Path) -> None:
    write_tar(root / "a.tar", {"0.mp4": b"media"})
    before = ids(opened(root))
    (kept,) = (root.parent / "cache").rglob("*.json")
    kept.write_bytes(b"{")

    assert ids(opened(root)) == before


def test_the_revision_changes_with_names_and_sizes(root: Path) -> None:
    path = write_tar(root / "a.tar", {"0.mp4": b"media"})
    revisions = [opened(root).revision, opened(root).revision]
    write_tar(path, {"0.mp4": b"m" * 30_000})
    revisions.append(opened(root).revision)

    assert revisions[0] == revisions[1] != revisions[2]


def test_the_clips_are_a_sequence(root: Path) -> None:
    for k in range(3):
        write_tar(root / f"{k}.tar", {f"{j}.mp4": b"media" for j in range(k + 1)})
    clips = opened(root).clips

    assert len(clips) == 6
    assert [clips[k] for k in range(6)] == list(clips)
    assert clips[-1] == clips[5] and list(clips[2:5]) == list(clips)[2:5]
    with pytest.raises(IndexError):
        clips[6]


def test_no_tar_with_a_video_is_an_error_that_says_what_there_was(root: Path) -> None:
    with pytest.raises(DataError, match="no tar with a video"):
        opened(root)
    write_tar(root / "a.tar", {"0.txt": b"a dog"})

    with pytest.raises(DataError, match="left out: samples without a video: 1"):
        opened(root)


def test_an_unknown_argument_and_no_root_are_errors(root: Path) -> None:
    with pytest.raises(UsageError, match="no argument 'pattern'"):
        opened(root, pattern="*")
    with pytest.raises(UsageError, match="none was given"):
        opened(None)


def test_a_long_name_and_a_pax_header_are_understood(root: Path) -> None:
    with tarfile.open(root / "a.tar", "w", format=tarfile.PAX_FORMAT) as file:
        for name in ("é" * 60 + ".mp4", "folder/" * 30 + "1.mp4"):
            info = tarfile.TarInfo(name)
            file.addfile(info)

    assert ids(opened(root)) == ["a.tar/" + "é" * 60, "a.tar/" + "folder/" * 30 + "1"]
