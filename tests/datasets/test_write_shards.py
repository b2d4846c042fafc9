"""Shards that are written can be read: the same bytes, what is known beside them, the same tars each time."""

import json
import tarfile
from pathlib import Path

import pytest

from avbench.cli import main
from avbench.clips import Clip
from avbench.datasets.shards import open_shards
from avbench.datasets.write_shards import write_shards
from avbench.errors import DataError
from avbench.records import DatasetRequest


def silent(what: str, done: int, total: int) -> None:
    """Say nothing."""


@pytest.fixture
def clips(tmp_path: Path) -> list[Clip]:
    (tmp_path / "media").mkdir()
    found = [
        Clip(
            id=f"-a.b_{k}",
            path=tmp_path / "media" / f"-a.b_{k}{'.MKV' if k % 2 else '.mp4'}",
            source=f"tape{k // 2}",
            labels={"class": "Geräusch"},
            classes=("Geräusch", "dog"),
        )
        for k in range(7)
    ]
    for k, clip in enumerate(found):
        if k != 3:
            clip.path.write_bytes(bytes([k]) * (1 + 517 * k))
    return found


def side_cars(path: Path) -> list[dict[str, object]]:
    with tarfile.open(path) as file:
        members = [(member.name, file.extractfile(member)) for member in file]
        return [json.load(content) for name, content in members if content and name.endswith(".json")]


def test_what_is_written_is_read_back(clips: list[Clip], tmp_path: Path):
    out = tmp_path / "out"

    written = write_shards(clips, out, 4, silent)

    assert [path.name for path in written.shards] == ["00000.tar", "00001.tar"]
    assert (written.clips, written.missing) == (6, ["-a.b_3"])
    there = [clip for clip in clips if clip.path.exists()]
    request = DatasetRequest(cache=tmp_path / "cache", root=out, args={"source": "source"}, progress=silent)
    read = open_shards(request)
    assert (read.blocks, read.notes) == ((4, 2), ())
    for clip, back in zip(there, read.clips, strict=True):
        assert back.part is not None and back.source == clip.source
        assert back.path.read_bytes()[back.part[0] : sum(back.part)] == clip.path.read_bytes()
    about = [each for path in written.shards for each in side_cars(path)]
    assert [each["id"] for each in about] == [clip.id for clip in there]
    known = {"start": 0.0, "end": None, "labels": {"class": "Geräusch"}, "classes": ["Geräusch", "dog"]}
    assert all(each.items() >= known.items() for each in about)


def test_the_same_clips_make_the_same_bytes(clips: list[Clip], tmp_path: Path):
    first = write_shards(clips, tmp_path / "one", 3, silent).shards
    clips[0].path.touch()
    second = write_shards(clips, tmp_path / "two", 3, silent).shards

    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_what_shards_cannot_hold_is_refused_before_anything_is_written(clips: list[Clip], tmp_path: Path):
    odd = tmp_path / "media" / "a.dat"
    odd.write_bytes(b"1")
    for clip in (
        Clip(id="a", path=clips[0].path, start=1.0),
        Clip(id="a", path=clips[0].path, end=1.0),
        Clip(id="a", path=odd),
    ):
        with pytest.raises(DataError):
            write_shards([*clips, clip], tmp_path / "out", 3, silent)
    assert not (tmp_path / "out").exists()

    write_shards(clips, tmp_path / "out", 3, silent)
    with pytest.raises(DataError, match="holds tar files"):
        write_shards(clips, tmp_path / "out", 3, silent)


def test_a_write_that_is_interrupted_leaves_whole_tars_alone(clips: list[Clip], tmp_path: Path):
    def interrupt(what: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_shards(clips, tmp_path / "out", 3, interrupt)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["00000.tar"]


def test_the_command_writes_a_folder(clips: list[Clip], tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stopped:
        main(["data", "shards", str(tmp_path / "media"), "--out", str(tmp_path / "out"), "--per-shard", "5"])

    assert not stopped.value.code
    assert "6 clips in 2 tars" in capsys.readouterr().out
