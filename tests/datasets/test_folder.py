"""Any folder of videos: what is listed, in which order, under which ids, and what is left out."""

import os
from pathlib import Path

import pytest

from avbench.datasets.folder import open_folder
from avbench.errors import DataError, UsageError
from avbench.records import DatasetRequest


def opened(root, **args):
    return open_folder(
        DatasetRequest(cache=Path("unused"), root=root, args=args, progress=lambda what, done, total: None)
    )


def ids(dataset):
    return [clip.id for clip in dataset.clips]


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    for name in (
        "b.mp4",
        "a.MKV",
        "deep/er/c.webm",
        "notes.txt",
        ".hidden.mp4",
        ".trash/d.mp4",
        "deep/._c.webm",
    ):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"media")
    return folder


def test_videos_are_found_to_any_depth_in_the_order_of_their_ids(root):
    assert ids(opened(root)) == ["a.MKV", "b.mp4", "deep/er/c.webm"]


def test_all_clips_are_candidates_for_each_other(root):
    (gallery,) = opened(root).galleries

    assert gallery.name == "standard"
    assert gallery.clip_ids == ("a.MKV", "b.mp4", "deep/er/c.webm")


def test_the_list_of_endings_can_be_replaced(root):
    assert ids(opened(root, extensions="txt, .WEBM")) == ["deep/er/c.webm", "notes.txt"]


def test_the_revision_changes_with_the_list_and_with_a_size(root):
    before = opened(root).revision
    assert opened(root).revision == before

    (root / "b.mp4").write_bytes(b"longer media")
    resized = opened(root).revision
    (root / "b.mp4").unlink()

    assert len({before, resized, opened(root).revision}) == 3


def test_a_link_inside_the_root_is_taken(root):
    (root / "link.mp4").symlink_to(root / "b.mp4")

    assert "link.mp4" in ids(opened(root))


def test_a_link_that_leaves_the_root_is_left_out_and_counted(root, tmp_path):
    (tmp_path / "secret.mp4").write_bytes(b"media")
    (root / "file.mp4").symlink_to(tmp_path / "secret.mp4")
    (root / "folder").symlink_to(tmp_path, target_is_directory=True)

    dataset = opened(root)

    assert ids(dataset) == ["a.MKV", "b.mp4", "deep/er/c.webm"]
    (note,) = dataset.notes
    assert "2 entries of the folder are left out" in note
    assert "file.mp4: a link that leaves the data root" in note


def test_a_link_in_a_circle_is_left_out(root):
    (root / "round.mp4").symlink_to(root / "round.mp4")
    (root / "up").symlink_to(root, target_is_directory=True)

    assert ids(opened(root)) == ["a.MKV", "b.mp4", "deep/er/c.webm"]


def test_a_link_whose_target_is_gone_stays_in_the_list_for_the_run_to_count(root):
    (root / "gone.mp4").symlink_to(root / "was-here.mp4")

    (clip,) = [clip for clip in opened(root).clips if clip.id == "gone.mp4"]
    assert not clip.path.exists()


def test_a_pipe_is_never_opened(root):
    os.mkfifo(root / "pipe.mp4")

    dataset = opened(root)

    assert "pipe.mp4" not in ids(dataset)
    assert "pipe.mp4: not a regular file" in dataset.notes[0]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_counted(root):
    (root / "deep").chmod(0)
    dataset = opened(root)
    (root / "deep").chmod(0o755)

    assert ids(dataset) == ["a.MKV", "b.mp4"]
    assert "deep: permission denied" in dataset.notes[0]


def test_a_folder_that_fails_to_list_is_counted(root, monkeypatch):
    listing = os.scandir

    def failing(path):
        if Path(path).name == "deep":
            raise PermissionError(13, "Permission denied", str(path))
        return listing(path)

    monkeypatch.setattr(os, "scandir", failing)

    assert opened(root).notes == ("1 entry of the folder is left out: deep: permission denied.",)


def test_a_name_that_is_not_utf8_gets_an_id_that_json_can_hold(root):
    Path(os.fsdecode(os.fsencode(root) + b"/caf\xe9.mp4")).write_bytes(b"media")

    assert r"caf\xe9.mp4" in ids(opened(root))
    "".join(ids(opened(root))).encode("utf-8")


def test_an_empty_folder_is_an_error_that_says_what_is_looked_for(tmp_path):
    with pytest.raises(DataError) as raised:
        opened(tmp_path)

    assert "There is no video" in raised.value.message
    assert ".mp4" in raised.value.hint


@pytest.mark.parametrize("name", ["absent", "file"])
def test_a_root_that_is_no_folder_is_an_error(tmp_path, name):
    (tmp_path / "file").touch()

    with pytest.raises(DataError, match="not a folder"):
        opened(tmp_path / name)


def test_no_root_asks_for_one():
    with pytest.raises(UsageError) as raised:
        opened(None)

    assert "--data-root" in raised.value.hint


def test_an_unknown_argument_is_an_error(root):
    with pytest.raises(UsageError, match="no argument 'extension'"):
        opened(root, extension=".mp4")
