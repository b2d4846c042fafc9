"""The index of a tree: what it says of real files, what is probed again, what is told."""

import os
import time
from pathlib import Path

import numpy as np
import pytest

from avbench.errors import DataError
from avbench.index import scan as module
from avbench.index.scan import scan
from avbench.index.table import read_index
from avbench.media.encode import write_clip

ODD = ("-begins_with_a_dash.mp4", "a 'quoted' \"name\".mp4", "two\nlines.mp4", "deep/er/_x.mp4")


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("media") / "clip.mp4"
    frames = np.full((10, 32, 48, 3), 90, np.uint8)
    write_clip(path, frames=frames, fps=10, samples=np.zeros((2, 16_000), np.float32), sample_rate=16_000)
    return path


@pytest.fixture
def root(tmp_path: Path, media: Path) -> Path:
    folder = tmp_path / "root"
    for name in ODD:
        put(folder / name, media.read_bytes())
    put(folder / "empty.mp4", b"")
    put(folder / "broken.mp4", b"no media" * 50)
    return folder


def put(path: Path, content: bytes, age: float = 60.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (time.time() - age,) * 2)


def indexed(root: Path, **given: bool):
    path = root.parent / "index.parquet"
    return scan(root, path, lambda what, done, total: None, processes=1, **given)


def test_an_entry_says_what_the_file_holds_whatever_its_name(root: Path):
    found = {entry.path: entry for entry in indexed(root).entries}

    assert set(found) == {*ODD, "empty.mp4", "broken.mp4"}
    for name in ODD:
        entry = found[name]
        assert (entry.video, entry.audio, entry.reason) == ("h264", "aac", None)
        assert (entry.width, entry.height, entry.fps) == (48, 32, 10)
        assert (entry.sample_rate, entry.channels) == (16_000, 2)
        assert entry.seconds == pytest.approx(1.0, abs=0.1)
    assert len({found[name].digest for name in ODD}) == 1
    assert (found["empty.mp4"].reason, found["broken.mp4"].reason) == ("empty", "corrupt")
    assert read_index(root.parent / "index.parquet", root) == found


def test_only_what_changed_is_probed_again_and_what_went_leaves(root: Path, media: Path):
    assert indexed(root).probed == 6
    assert (indexed(root).probed, indexed(root, retry=True).probed) == (0, 2)

    put(root / ODD[0], media.read_bytes(), age=30.0)
    (root / ODD[1]).unlink()
    again = indexed(root)

    assert (again.probed, again.removed, len(again.entries)) == (1, 1, 5)


def test_a_file_too_young_to_trust_its_date_is_probed_again(root: Path, media: Path):
    put(root / "young.mp4", media.read_bytes(), age=0.0)
    assert [indexed(root).probed for _ in range(2)] == [7, 1]


def test_an_interrupted_scan_goes_on(root: Path, monkeypatch: pytest.MonkeyPatch):
    def interrupt(what: str, done: int, total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    path = root.parent / "index.parquet"
    with pytest.raises(KeyboardInterrupt):
        scan(root, path, interrupt, processes=1)
    assert not path.exists()

    found = indexed(root)

    assert (found.probed, len(found.entries)) == (2, 6)
    assert not list(root.parent.glob(".*journal"))


def test_a_tree_that_changes_meanwhile_is_told(root: Path, media: Path, monkeypatch: pytest.MonkeyPatch):
    def meddle(what: str, done: int, total: int) -> None:
        if done == total == 6:
            put(root / "late.mp4", media.read_bytes())
            (root / ODD[0]).unlink()

    found = scan(root, root.parent / "index.parquet", meddle, processes=1)

    assert {entry.path for entry in found.entries} == {*ODD[1:], "empty.mp4", "broken.mp4", "late.mp4"}
    assert any("files that were probed again or came late: 1" in note for note in found.notes)


def test_links_out_of_the_root_and_unreadable_folders_are_told(
    root: Path, media: Path, monkeypatch: pytest.MonkeyPatch
):
    (root / "out.mp4").symlink_to(media)
    (root / "gone.mp4").symlink_to(root / "nothing.mp4")
    (root / "in.mp4").symlink_to(root / ODD[0])
    (root / "closed").mkdir()
    scandir = os.scandir

    def refused(folder: Path):
        if Path(folder).name == "closed":
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refused)
    found = indexed(root)

    assert "in.mp4" in {entry.path for entry in found.entries} and len(found.entries) == 7
    assert set(found.notes) == {
        "left out: closed: permission denied",
        "left out: gone.mp4: a link to nothing",
        "left out: out.mp4: a link that leaves the data root",
    }


def test_an_index_of_another_root_is_refused(root: Path, tmp_path: Path):
    indexed(root)
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(DataError, match="it is of"):
        indexed(other)
    assert module.default_path(root) != module.default_path(other)
