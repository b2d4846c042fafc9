"""A table of clips: rows become clips, bad rows are named by their line, paths never leave the root."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbench.datasets.manifest import open_manifest
from avbench.errors import DataError, StorageError, UsageError
from avbench.records import DatasetRequest
from avbench.resolve import check_dataset


def opened(root, **args):
    cache = root.parent / f"{root.name}-cache"
    return open_manifest(
        DatasetRequest(cache=cache, root=root, args=args, progress=lambda what, done, total: None)
    )


def written(root, text):
    (root / "manifest.csv").write_text(text, encoding="utf-8")
    return root


def test_a_row_becomes_a_clip_and_other_columns_become_labels(tmp_path):
    written(tmp_path, "id,path,start,end,source,label,split\na,x/a.mp4,1.5,9.5,tape1,dog,test\n")

    (clip,) = opened(tmp_path).clips

    assert (clip.id, clip.path, clip.start, clip.end) == ("a", tmp_path / "x/a.mp4", 1.5, 9.5)
    assert clip.group == "tape1"
    assert clip.labels == {"label": "dog", "split": "test"}


def test_empty_cells_mean_the_default(tmp_path):
    (clip,) = opened(written(tmp_path, "id,path,start,end,source,label\na,a.mp4,,,,\n")).clips

    assert (clip.start, clip.end, clip.group, dict(clip.labels)) == (0.0, None, "a", {})


def test_the_order_is_that_of_the_table(tmp_path):
    dataset = opened(written(tmp_path, "path,id\nb.mp4,b\na.mp4,a\n"))

    assert [clip.id for clip in dataset.clips] == ["b", "a"]
    assert dataset.galleries[0].clip_ids == ("b", "a")


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path):
    assert opened(written(tmp_path, "\ufeffid,path\na,a.mp4\n")).clips[0].id == "a"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("b,b.mp4,soon,", "line 3: start: Input should be a valid number"),
        ("b,b.mp4,-1,", "line 3: start: Input should be greater than or equal to 0"),
        ("b,b.mp4,nan,", "line 3: start: Input should be a finite number"),
        ("b,b.mp4,5,5", "line 3: end 5 is not after start 5"),
        (",b.mp4,,", "line 3: id: Field required"),
        ("b,,,", "line 3: path: Field required"),
        ("a,b.mp4,,", "line 3: the id 'a' is used above"),
        ("b,b.mp4,,,,", "line 3: there are more cells than columns"),
        ("b,../b.mp4,,", "line 3: the path '../b.mp4' leaves the data root"),
        ("b,/etc/passwd,,", "line 3: the path '/etc/passwd' leaves the data root"),
        ("b,link/b.mp4,,", "line 3: the path 'link/b.mp4' leaves the data root"),
    ],
)
def test_a_bad_row_is_named_by_its_line_and_the_others_stay(tmp_path, row, said):
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path, target_is_directory=True)

    dataset = opened(written(root, f"id,path,start,end\na,a.mp4,,\n{row}\nc,c.mp4,,\n"))

    assert [clip.id for clip in dataset.clips] == ["a", "c"]
    (note,) = dataset.notes
    assert note.startswith("1 row of the manifest left out: ")
    assert said in note


def test_many_bad_rows_are_counted_and_the_first_are_named(tmp_path):
    rows = "".join(f"b{k},../{k}.mp4\n" for k in range(9))

    (note,) = opened(written(tmp_path, f"id,path\na,a.mp4\n{rows}")).notes

    assert note.startswith("9 rows of the manifest left out: line 3: ")
    assert note.endswith("; and 4 more.")


@given(path=st.text(min_size=1).filter(lambda text: not set(text) & set('",\r\n')))
def test_no_path_ever_leaves_the_root(tmp_path_factory, path):
    root = tmp_path_factory.mktemp("root").resolve()
    try:
        dataset = opened(written(root, f"id,path\na,{path}\nb,b.mp4\n".encode("utf-8", "replace").decode()))
    except DataError:
        return
    assert all(clip.path.resolve().is_relative_to(root) for clip in dataset.clips)


def test_parquet_reads_as_csv_does(tmp_path):
    table = pd.DataFrame(
        {
            "id": ["a", "b", "c"],
            "path": ["a.mp4", "../b.mp4", "c.mp4"],
            "start": [1.0, 2.0, None],
            "label": [1, 2, 3],
        }
    )
    table.to_parquet(tmp_path / "clips.parquet")
    table.to_csv(tmp_path / "clips.csv", index=False)

    by_parquet, by_csv = opened(tmp_path, manifest="clips.parquet"), opened(tmp_path, manifest="clips.csv")

    assert list(by_parquet.clips) == list(by_csv.clips)
    assert by_parquet.notes == by_csv.notes


def test_the_revision_is_that_of_the_tables_bytes(tmp_path):
    first = opened(written(tmp_path, "id,path\na,a.mp4\n")).revision

    assert opened(written(tmp_path, "id,path\na,b.mp4\n")).revision != first


def test_the_table_may_lie_outside_the_root(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    written(tmp_path, "id,path\na,a.mp4\n")

    assert opened(root, manifest=str(tmp_path / "manifest.csv")).clips[0].path == root / "a.mp4"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"name,file\na,b\n", "has no column id and no column path; it has: name, file"),
        (b"", "has no column id and no column path; it has: none"),
        (b"id,path,id\na,b,c\n", "several columns named 'id'"),
        (b"id,path\n", "no row that can be used"),
        (b"id,path\na,../b\n", "no row that can be used: line 2: the path '../b' leaves the data root"),
        (b"id,path\n\xff\xfe,b\n", "cannot be read"),
        (b'id,path\n"a"b,c\n', "cannot be read"),
    ],
)
def test_a_table_without_a_usable_row_is_an_error(tmp_path, content, said):
    (tmp_path / "manifest.csv").write_bytes(content)

    with pytest.raises(DataError) as raised:
        opened(tmp_path)

    assert said in raised.value.message


def test_a_damaged_parquet_file_is_an_error(tmp_path):
    (tmp_path / "manifest.parquet").write_bytes(b"PAR1 no")

    with pytest.raises(DataError, match="cannot be read"):
        opened(tmp_path)


def test_no_table_says_which_was_looked_for(tmp_path):
    with pytest.raises(DataError, match=r"manifest\.csv or .*manifest\.parquet"):
        opened(tmp_path)


def test_an_unknown_argument_is_an_error(tmp_path):
    with pytest.raises(UsageError, match="no argument 'file'"):
        opened(written(tmp_path, "id,path\na,a.mp4\n"), file="x")


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_rows_are_found_again_whatever_their_cells_hold(tmp_path, ending):
    lines = [
        "\ufeffid,path,note",
        "ä,a.mp4,über",
        "",
        'b,b.mp4,"two',
        'lines, ""quoted"""',
        "c,../c.mp4,",
        "d,d.mp4,4",
    ]
    (tmp_path / "manifest.csv").write_bytes(ending.join(lines).encode())

    clips = opened(tmp_path).clips

    assert [clip.id for clip in clips] == ["ä", "b", "d"]
    assert [clips[k] for k in (2, 0, -2)] == [list(clips)[k] for k in (2, 0, 1)]
    assert clips[1].labels == {"note": f'two{ending}lines, "quoted"'}
    assert list(clips[1:]) == list(clips)[1:]
    with pytest.raises(IndexError):
        clips[3]


def test_repeated_ids_are_left_out_in_the_order_of_their_lines(tmp_path):
    rows = "".join(f"{name},{name}.mp4\n" for name in ("a", "b", "b", "a", "c", "b"))

    dataset = opened(written(tmp_path, f"id,path\n{rows}"))

    assert [clip.id for clip in dataset.clips] == ["a", "b", "c"]
    used = [f"line {line}: the id '{name}' is used above" for line, name in ((4, "b"), (5, "a"), (7, "b"))]
    assert dataset.notes == (f"3 rows of the manifest left out: {'; '.join(used)}.",)


def test_what_is_noted_of_the_rows_leaves_nothing_in_the_cache(tmp_path):
    root = tmp_path / "root"
    root.mkdir()

    dataset = opened(written(root, "id,path\na,a.mp4\na,b.mp4\n"))

    assert list((tmp_path / "root-cache").iterdir()) == []
    assert len(dataset.clips) == 1


def test_a_cache_that_cannot_be_written_is_an_error(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "root-cache").write_text("a file")

    with pytest.raises(StorageError, match="root-cache cannot be written"):
        opened(written(root, "id,path\na,a.mp4\n"))


CELLS = {
    "id": ["a", " a", "b\u00a0", "\x1cc", "", "é"],
    "path": [
        "a.mp4",
        "x//a.mp4",
        "./a.mp4",
        "x/",
        "..",
        "x/../a.mp4",
        "/a.mp4",
        "link/a.mp4",
        "out",
        " a",
        "a\0",
    ],
    "start": ["", "0", "1.5", "007", "5.", ".5", "1e1", "-1", "-0", "nan", "inf", "1_0", "٣", "9" * 400],
    "end": ["", "1", "1.50", "5.5", "inf", "soon", "9" * 400],
}


@given(rows=st.lists(st.tuples(*map(st.sampled_from, CELLS.values())), min_size=1, max_size=20))
def test_rows_that_are_plainly_clips_are_those_that_validation_takes(tmp_path_factory, rows):
    root = tmp_path_factory.mktemp("root")
    (root / "link").symlink_to(root.parent, target_is_directory=True)
    (root / "out").symlink_to("/etc/passwd")
    table = pd.DataFrame(rows, columns=list(CELLS)).assign(row=range(len(rows)))
    table.loc[len(rows)] = ["last", "last.mp4", "", "", len(rows)]
    table.to_csv(root / "manifest.csv", index=False)

    quick = opened(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("avbench.datasets.manifest._plain", lambda root, cells: False)
        thorough = opened(root)

    assert list(quick.clips) == list(thorough.clips)
    assert quick.notes == thorough.notes


def test_a_manifest_is_not_held_to_be_checked_before_a_run(tmp_path, monkeypatch):
    dataset = opened(written(tmp_path, "id,path\na,a.mp4\nb,b.mp4\n"))
    monkeypatch.setattr("avbench.datasets.manifest.ManifestClips.__iter__", None)

    with pytest.raises(TypeError):
        iter(dataset.clips)
    check_dataset(dataset)


def test_parquet_rows_are_found_in_every_row_group(tmp_path):
    table = pd.DataFrame({"id": [f"c{k}" for k in range(10)], "path": [f"{k}.mp4" for k in range(10)]})
    table.to_parquet(tmp_path / "manifest.parquet", row_group_size=3)

    clips = opened(tmp_path).clips

    assert [clips[k].id for k in (9, 0, 4, 3, 2)] == ["c9", "c0", "c4", "c3", "c2"]
    assert [clip.id for clip in clips] == list(table["id"])
