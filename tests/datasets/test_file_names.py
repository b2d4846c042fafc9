"""Names of clips, read and written; files found by the clip they are named for."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbench.datasets.file_names import (
    CONVENTIONS,
    ClipKey,
    read_name,
    samples_named,
    without_ending,
    write_name,
)
from avbench.datasets.named_files import NamedFiles, media_files
from avbench.errors import DataError

ID = "-_EpEJ7sPv_"
CHARACTERS = "abcXYZ0129-_"
sources = st.text(CHARACTERS, min_size=11, max_size=11)
keys = st.builds(
    lambda source, start, length: ClipKey(source=source, start=start, end=start + length),
    sources,
    st.integers(0, 7200).map(lambda seconds: seconds * 1000),
    st.integers(1, 60).map(lambda seconds: seconds * 1000),
)


@given(keys, st.sampled_from(sorted(CONVENTIONS)))
def test_what_is_written_in_any_convention_is_read_as_the_same_clip(key, convention):
    assert any(read.agrees(key) for read in read_name(write_name(key, convention)))


@given(sources, st.integers(0, 10**7), st.integers(1, 10**5))
def test_milliseconds_are_kept(source, start, length):
    key = ClipKey(source=source, start=start, end=start + length)
    assert key in read_name(write_name(key, "ms"))
    assert key in read_name(write_name(key, "seconds"))


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        (f"{ID}_000030", 30_000, None),
        (f"{ID}_30", 30_000, None),
        (f"{ID}_30000", 30_000, None),
        (f"{ID}_30_40", 30_000, 40_000),
        (f"{ID}_30000_40000", 30_000, 40_000),
        (f"{ID}_30.5_40.25.flac", 30_500, 40_250),
        (f"dog_barking/{ID}_000030.mp4", 30_000, None),
        (f"000000012_{ID}_000030", 30_000, None),
        (f"Y{ID}_000030.wav", 30_000, None),
        (f"Y{ID}", None, None),
        (ID, None, None),
    ],
)
def test_every_convention_is_read(name, start, end):
    assert ClipKey(source=ID, start=start, end=end) in read_name(name)


@pytest.mark.parametrize(
    "name", ["clip01", f"{ID}x", f"{ID}_", f"{ID}_mel", f"{ID}_40_30", f"{ID}_000030_40_50", "", "_1_2_3_4_5"]
)
def test_a_name_of_no_convention_is_of_no_video(name):
    assert [key for key in read_name(name) if key.source == ID] == []


@pytest.mark.parametrize(
    ("number", "start"), [("30", 30_000), ("1260", 1_260_000), ("30000", 30_000), ("0", 0)]
)
def test_a_large_start_alone_is_milliseconds_at_the_likeliest(number, start):
    assert read_name(f"{ID}_{number}")[0] == ClipKey(source=ID, start=start)


def test_a_padded_start_is_never_the_start_of_a_range():
    assert read_name(f"{ID}_000005_12") == ()


@pytest.mark.parametrize(
    ("convention", "key"),
    [
        ("padded", ClipKey(source=ID, start=1500)),
        ("padded", ClipKey(source=ID)),
        ("ms", ClipKey(source=ID, start=1)),
    ],
)
def test_a_name_that_would_say_something_else_is_not_written(convention, key):
    with pytest.raises(ValueError, match="the convention names"):
        write_name(key, convention)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/b.mp4.wav", "a/b"),
        ("a.2.WAV", "a.2"),
        ("a.2", "a.2"),
        ("v1.5", "v1.5"),
        (".wav", ".wav"),
        ("a/.mp4", "a/.mp4"),
    ],
)
def test_endings_of_media_are_left_out_and_nothing_else(path, name):
    assert without_ending(path) == name


@pytest.mark.parametrize(
    "path",
    ["x_3.wav", "x-3.wav", "x.3.wav", "x.sample3.wav", "x_sample_3.flac", "x-sample-3.mp4", "x/3.wav",
     "x/sample3.wav", "x/sample_3.wav", "x_003.wav"],
)  # fmt: skip
def test_the_number_of_a_sample_is_read(path):
    assert [named.sample for named in samples_named(path) if named.name == "x"] == [3]


@pytest.mark.parametrize("path", ["x.wav", "x_0030.wav", "x3.wav", "sample.wav", "3.wav", "x/y.wav"])
def test_other_numbers_are_part_of_the_name(path):
    assert [named.sample for named in samples_named(path)] == [None]


def folder(root: Path, *names: str) -> NamedFiles:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return NamedFiles(root, media_files(root, (".wav", ".flac", ".mp4")))


def found(root: Path, clip_id: str, *names: str) -> dict[int | None, str]:
    samples = folder(root, *names).of(clip_id)
    return {sample: path.relative_to(root).as_posix() for sample, path in samples.items()}


@pytest.mark.parametrize(
    ("clip_id", "name"),
    [
        ("clip-7", "clip-7.wav"),
        ("clip-7.mp4", "clip-7.wav"),
        ("clip-7.mp4", "clip-7.mp4.wav"),
        ("dogs/clip-7.mp4", "dogs/clip-7.flac"),
        ("dogs/clip-7.mp4", "clip-7.wav"),
        ("clip-7", "dogs/deep/clip-7.mp4"),
        ("ein Straße", "ein Straße.wav"),
        (f"{ID}_000030", f"{ID}_30000_40000.wav"),
        (f"{ID}_30000_40000", f"{ID}_000030.wav"),
        (f"{ID}_30_40.mp4", f"dog barking/{ID}_30000_40000.wav"),
        (f"{ID}_000030", f"000000007_{ID}_000030.wav"),
        (f"{ID}_000030", f"Y{ID}.wav"),
    ],
)
def test_a_clip_is_found_under_any_name_it_has(tmp_path, clip_id, name):
    assert found(tmp_path, clip_id, name, "other.wav", "AAAAAAAAAAA_000030.wav", f"{ID}_000099.wav") == {
        None: name
    }


@pytest.mark.parametrize(
    ("clip_id", "names"),
    [
        ("x.mp4", {0: "x_0.wav", 1: "x_1.wav", 12: "x_12.wav"}),
        ("a/x", {0: "a/x/0.wav", 1: "a/x/1.wav"}),
        (f"{ID}_000030", {0: f"{ID}_000030-0.wav", 2: f"{ID}_000030-2.wav"}),
        (f"{ID}_000030", {0: f"Y{ID}_000030_0.wav", 40: f"Y{ID}_000030_40.wav"}),
        (f"{ID}_30000_40000", {3: f"{ID}_30000_40000_sample_3.wav"}),
        (f"{ID}_30_40", {31: f"{ID}_30_31.wav"}),
    ],
)
def test_samples_are_found_by_their_number(tmp_path, clip_id, names):
    assert found(tmp_path, clip_id, *names.values()) == names


def test_a_clip_without_a_file_has_none(tmp_path):
    assert found(tmp_path, f"{ID}_000031", f"{ID}_000030.wav", "x.wav") == {}


@pytest.mark.parametrize(
    ("clip_id", "names"),
    [
        ("x", ["x.wav", "x.flac"]),
        ("x", ["a/x.wav", "b/x.wav"]),
        ("x", ["x_0.wav", "x/0.wav"]),
        ("x", ["x_1.wav", "x_01.wav"]),
        (f"{ID}_000030", [f"{ID}_30_40.wav", f"{ID}_30000_40000.wav"]),
        (f"{ID}_000030", [f"{ID}_30_0.wav", f"{ID}_30_31.wav"]),
    ],
)
def test_two_files_for_one_clip_are_an_error_that_names_both(tmp_path, clip_id, names):
    with pytest.raises(DataError) as caught:
        found(tmp_path, clip_id, *names)
    assert all(name in caught.value.message for name in names)


def test_the_whole_name_wins_over_parts_of_it(tmp_path):
    names = ["x.wav", "x_1.wav", "a/x.wav", "a/x_1.wav"]
    assert found(tmp_path, "x", *names) == {None: "x.wav"}
    assert found(tmp_path, "x_1", *names) == {None: "x_1.wav"}
    assert found(tmp_path, "a/x.mp4", *names) == {None: "a/x.wav"}


def test_a_video_beside_a_sound_of_its_name_is_that_sound_muxed(tmp_path):
    assert found(tmp_path, "x", "x.wav", "x.mp4", "y.mp4") == {None: "x.wav"}
    assert found(tmp_path, "y") == {None: "y.mp4"}


def test_hidden_files_other_endings_and_linked_folders_are_passed_over(tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "y.wav").touch()
    root = tmp_path / "root"
    assert found(root, "x", "x.wav", ".x.flac", ".hidden/x.wav", "x.txt") == {None: "x.wav"}
    (root / "linked").symlink_to(tmp_path / "outside")
    assert found(root, "y") == {}


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        media_files(tmp_path / "none", (".wav",))
