"""Which clips a file names, whichever list it is, and which two files share."""

from pathlib import Path

import pytest

from avbench.clips import Clip
from avbench.datasets.file_names import ClipKey
from avbench.datasets.mimic.layouts import LAYOUTS
from avbench.errors import DataError
from avbench.leakage.ids import agreeing, clip_keys, read_ids


def key(source: str, start: int | None = None, end: int | None = None) -> ClipKey:
    return ClipKey(source=source, start=start, end=end)


# Their names are no ids of videos; a list of AVSync15 has them after the class.
OTHERS = ("greatesthits", "avsync15", "foleybench", "moviegen")


@pytest.mark.parametrize("dataset", [name for name in LAYOUTS if name not in OTHERS])
@pytest.mark.parametrize("split", ["test", "train"])
def test_every_list_of_a_tree_names_its_clips(tmp_path: Path, dataset: str, split: str) -> None:
    layout = LAYOUTS[dataset]
    parts = [part for part in layout.parts() if part.kind != "unlisted"]
    for name, text in layout.lists(parts, layout.classes).items():
        (tmp_path / name).write_bytes(text.encode())
    file = layout.test_list if split == "test" else layout.train_list
    assert read_ids(tmp_path / file).sources == {part.source for part in parts if part.split == split}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("-mimic_A0-__000030.mp4,dog barking", key("-mimic_A0-_", 30_000)),
        ('--mimic-B1x, 30.000, 40.000, "/m/09x0r,/t/dd00088"', key("--mimic-B1x", 30_000)),
        ("abcdefghijk,7,label,test", key("abcdefghijk", 7_000)),
        ("abcdefghijk_30000_40000", key("abcdefghijk", 30_000, 40_000)),
        ("abcdefghijk_30_40", key("abcdefghijk", 30_000, 40_000)),
        ("abcdefghijk_30000\t2.627\t7.237\t/m/053hz1", key("abcdefghijk", 30_000)),
        ("Church bell&abcdefghijk&good&0&10", key("abcdefghijk")),
        ("abcdefghijk", key("abcdefghijk")),
    ],
)
def test_a_line_names_a_clip(tmp_path: Path, line: str, expected: ClipKey) -> None:
    (tmp_path / "list").write_text(f"# a remark\n{line}\n\n{line}\n")
    assert read_ids(tmp_path / "list").keys == (expected,)


def test_a_heading_says_where_the_id_is(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("label,youtube_id,time_start\nbookbinding,abcdefghijk,7\n")
    assert read_ids(tmp_path / "list").sources == {"abcdefghijk"}


@pytest.mark.parametrize("content", [b"", b"no id here\n", b"\xff\xfe\x00"])
def test_a_file_without_ids_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "list.csv").write_bytes(content)
    with pytest.raises(DataError, match=r"list\.csv"):
        read_ids(tmp_path / "list.csv")


def test_clips_agree_if_nothing_that_both_say_differs() -> None:
    keys = [key("a" * 11, 0), key("a" * 11, 10_000), key("b" * 11, 0)]
    assert agreeing(keys, [key("a" * 11, 10_000, 20_000)]) == (keys[1],)
    assert agreeing(keys, [key("b" * 11)]) == (keys[2],)
    assert agreeing(keys, []) == ()


def test_a_clip_that_is_of_no_video_is_known_by_its_recording() -> None:
    assert clip_keys(Clip(id="x", path=Path("x"), source="family")) == (key("family"),)
    assert key("abcdefghijk", 30_000) in clip_keys(Clip(id="test/abcdefghijk_000030", path=Path("x")))
