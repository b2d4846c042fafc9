"""Lists joined with folders: every clip asked for, its file if there is one, and what is found without."""

import json
import os
from pathlib import Path

import pytest

from avbench.cli import main
from avbench.datasets.listed import open_listed
from avbench.datasets.mimic.layouts import LAYOUTS
from avbench.datasets.onset_truth import onsets_of
from avbench.errors import DataError, UsageError
from avbench.records import DatasetRequest

ID = "-_EpEJ7sPv_"
FILES = (
    f"{ID}_000030.mp4",
    f"{ID}_30000_40000.mkv",
    f"dog_barking/{ID}_000030.mp4",
    f"000000012_{ID}_000030.mp4",
    f"Y{ID}_000030.mp4",
    f"Y{ID}.mp4",
    f"{ID}.MP4",
    f"{ID}_30.000_40.000.mp4",
)


def opened(root: Path, dataset: str = "vggsound", **args: object):
    given = {name: str(value) for name, value in args.items()}
    request = DatasetRequest(cache=Path("unused"), root=root, args=given, progress=lambda what, done, n: None)
    return open_listed(dataset, request)


def touched(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    return root


def listing(root: Path, *names: str) -> Path:
    (root / "list.csv").write_text("".join(f"{name}.mp4,dog barking\n" for name in names))
    return root / "list.csv"


@pytest.mark.parametrize("name", FILES)
def test_a_clip_is_found_under_every_name(tmp_path, name):
    found = opened(touched(tmp_path, name), list=listing(tmp_path, f"{ID}_000030"))

    assert [(clip.id, clip.path) for clip in found.clips] == [(f"{ID}_30000_40000", tmp_path / name)]
    assert (found.clips[0].group, found.clips[0].classes) == (ID, ("dog barking",))


def test_what_is_not_there_stays_asked_for(tmp_path):
    path = listing(tmp_path, f"{ID}_000030", f"{ID}_000060")
    found = opened(touched(tmp_path, f"{ID}_000060.mp4"), list=path)

    assert [clip.path.exists() for clip in found.clips] == [False, True]
    assert len({clip.group for clip in found.clips}) == 1
    assert not found.found_only


def test_a_name_without_a_place_is_no_sibling_s(tmp_path):
    path = listing(tmp_path, f"{ID}_000030", f"{ID}_000060", "abcdefghijk_000000")
    found = opened(touched(tmp_path, f"{ID}.mp4", "abcdefghijk.mp4"), list=path)

    assert [clip.path.exists() for clip in found.clips] == [False, False, True]


def test_of_several_files_the_name_that_says_most_is_taken(tmp_path):
    touched(tmp_path, f"{ID}.mp4", f"a/{ID}_30000_40000.mp4", f"b/{ID}_30000_40000.mp4")
    found = opened(tmp_path, list=listing(tmp_path, f"{ID}_000030"))

    assert found.clips[0].path == tmp_path / f"a/{ID}_30000_40000.mp4"
    assert any("several files" in note for note in found.notes)


def test_cuts_of_a_recording_are_stretches_of_its_file(tmp_path):
    stamp = "2015-09-29-15-17-35-60"
    touched(tmp_path, f"{stamp}_denoised.mp4", f"{stamp}_denoised.wav", f"{stamp}_mic.mp4")
    (tmp_path / f"{stamp}_times.txt").write_text("1.5 wood hit static\n")
    path = tmp_path / "greatesthit_test_2.00.json"
    path.write_text(f'["{stamp}_22050", "{stamp}_33075"]')
    found = opened(tmp_path, "greatesthits", list=str(path))

    assert [(clip.id, clip.start, clip.end) for clip in found.clips] == [
        (f"{stamp}_1000_3000", 1.0, 3.0), (f"{stamp}_1500_3500", 1.5, 3.5)
    ]  # fmt: skip
    assert {clip.path.name for clip in found.clips} == {f"{stamp}_denoised.mp4"}
    assert {clip.source for clip in found.clips} == {stamp}
    assert [onsets_of(clip, 2.0).tolist() for clip in found.clips] == [[0.5], [0.0]]


def test_a_link_that_leaves_the_root_is_not_followed(tmp_path):
    outside = touched(tmp_path / "outside", "secret.mp4") / "secret.mp4"
    root = touched(tmp_path / "root", "abcdefghijk_000000.mp4")
    (root / f"{ID}_000030.mp4").symlink_to(outside)
    found = opened(root, list=listing(tmp_path, f"{ID}_000030", "abcdefghijk_000000"))

    assert [clip.path.exists() for clip in found.clips] == [False, True]


def test_links_that_leave_the_root_are_told_with_what_to_do(tmp_path):
    elsewhere = touched(tmp_path / "elsewhere", f"{ID}_000030.mp4")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "video").symlink_to(elsewhere)
    (tmp_path / "root" / f"{ID}_000060.mp4").symlink_to(elsewhere / f"{ID}_000030.mp4")

    for asked in ("", listing(tmp_path, f"{ID}_000030")):
        with pytest.raises(DataError, match="video: a link that leaves the data root") as raised:
            opened(tmp_path / "root", list=asked)
        assert "the one that holds what they lead to" in str(raised.value.hint)

    touched(tmp_path / "root", f"{ID}_000090.mp4")
    (note,) = [each for each in opened(tmp_path / "root").notes if "left out" in each]
    assert note.startswith("2 entries of the folder are left out")


@pytest.mark.parametrize("given", [False, True])
def test_a_folder_that_cannot_be_read_costs_itself_alone(tmp_path, monkeypatch, given):
    root = touched(tmp_path, f"{ID}_000030.mp4", "lost+found/x.mp4")
    scandir = os.scandir

    def forbidden(path: Path):
        if Path(path).name == "lost+found":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", forbidden)
    found = opened(root, list=listing(tmp_path, f"{ID}_000030")) if given else opened(root)

    assert [clip.path.name for clip in found.clips] == [f"{ID}_000030.mp4"]
    assert "1 entry of the folder is left out: lost+found: permission denied." in found.notes


@pytest.mark.parametrize(("dataset", "choice"), [("vggsound", "split"), ("audioset", "classes")])
def test_what_chooses_from_a_list_is_refused_where_there_is_none(tmp_path, dataset, choice):
    with pytest.raises(UsageError, match=f"{choice}=test says something of a list, and none was given"):
        opened(touched(tmp_path, f"{ID}_000030.mp4"), dataset, **{choice: "test"})
    with pytest.raises(UsageError, match=f"takes no argument '{choice}'"):
        opened(tmp_path, "ave", **{choice: "test"})


def test_a_split_of_a_list_that_names_none_is_refused(tmp_path):
    (tmp_path / "vgg-test.tsv").write_text(f"id\tlabel\n{ID}_000030\tx\n")
    with pytest.raises(DataError, match="names no split"):
        opened(touched(tmp_path, f"{ID}_000030.mp4"), list=tmp_path / "vgg-test.tsv", split="test")


def test_without_a_list_the_folder_is_asked_for(tmp_path):
    found = opened(touched(tmp_path, f"{ID}_000030.mp4", "abcdefghijk_10000_20000.mp4", "holiday.mp4"))

    assert found.list_name == found.name == "vggsound@found-2"
    assert found.found_only
    assert [clip.id for clip in found.clips] == [f"{ID}_30000_40000", "abcdefghijk_10000_20000"]
    assert found.notes[1].startswith("Files of the folder that are named for no clip of ")
    assert found.notes[1].endswith(": 1.")


def test_a_folder_without_any_clip_of_the_list_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"No file .* is named for any of the 1 clips"):
        opened(touched(tmp_path, "abcdefghijk_000000.mp4"), list=listing(tmp_path, f"{ID}_000030"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="named for a clip of vggsound"):
        opened(tmp_path / "empty")


def test_arguments_that_are_none(tmp_path):
    touched(tmp_path, f"{ID}_000030.mp4")
    with pytest.raises(UsageError, match="takes no argument 'lists'"):
        opened(tmp_path, lists="x")
    with pytest.raises(DataError, match="There is no list 'cavmea'"):
        opened(tmp_path, subset="cavmea")
    with pytest.raises(DataError, match="is not vggsound-cavmae-1545"):
        opened(tmp_path, list=listing(tmp_path, f"{ID}_000030"), subset="cavmae-1545")
    with pytest.raises(DataError, match="not part of avbench"):
        opened(tmp_path, list="mmaudio-15221")


@pytest.mark.parametrize(
    ("dataset", "split"),
    [
        (name, split)
        for name, layout in LAYOUTS.items()
        for split in ("test", "train")[: 1 + bool(layout.train_list)]
    ],
)
def test_every_layout_is_joined_with_its_list(tmp_path, dataset, split):
    layout = LAYOUTS[dataset]
    parts = [part for part in layout.parts() if part.kind != "unlisted"]
    for name, text in layout.lists(parts, layout.classes).items():
        (tmp_path / name).write_bytes(text.encode())
    there = [part for part in parts if part.kind not in ("missing", "outside")]
    for part in there:
        path = tmp_path / layout.path_of(part)
        touched(path.parent, path.name)
        for name, text in layout.beside(part, layout.classes[part.label], path.stem).items():
            path.with_name(name).write_text(text)
    found = opened(
        tmp_path, dataset, list=tmp_path / (layout.test_list if split == "test" else layout.train_list)
    )

    assert len(found.clips) == sum(part.split == split for part in parts)
    assert {clip.path for clip in found.clips if clip.path.exists()} == {
        tmp_path / layout.path_of(part) for part in there if part.split == split
    }
    if dataset == "greatesthits":
        assert all((clip.truth is not None) == clip.path.exists() for clip in found.clips)


def test_lists_on_the_command_line(tmp_path, capsys):
    path = listing(tmp_path, f"{ID}_000030")
    for args in (
        [str(path), "--out", str(tmp_path / "new" / "ids"), "--json"],
        ["--json"],
        ["--dataset", "vggsound", "--json"],
    ):
        with pytest.raises(SystemExit) as stopped:
            main(["data", "lists", *args])
        assert not stopped.value.code
        told = json.loads(capsys.readouterr().out)
        if args[0] == str(path):
            assert told["clips"] == 1
        else:
            names = {each["name"] for each in told}
            assert "av-clean" in names
            assert ("audioset-balanced-22160" in names) == ("--dataset" not in args)

    assert (tmp_path / "new" / "ids").read_text() == f"{ID}_30000_40000\n"


@pytest.mark.skipif("AVBENCH_REAL_CLIPS" not in os.environ, reason="AVBENCH_REAL_CLIPS names no real clips")
@pytest.mark.parametrize(("dataset", "count"), [("vggsound", 14), ("panda70m", 66)])
def test_every_real_clip_is_found(dataset, count):
    found = opened(Path(os.environ["AVBENCH_REAL_CLIPS"], dataset), dataset)

    assert found.list_name == f"{dataset}@found-{count}"
    assert len({clip.path for clip in found.clips}) == count
