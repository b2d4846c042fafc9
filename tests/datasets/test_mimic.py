"""Mimic trees: lists that read as their authors' do, files that fail as they say, the same bytes again."""

import ast
import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from avbench.datasets.file_names import ClipKey, read_name
from avbench.datasets.mimic.layouts import LAYOUTS
from avbench.datasets.mimic.parts import KINDS, LEFT_OUT, video_id
from avbench.datasets.mimic.tree import Mimic, read_mimic, write_tree
from avbench.errors import DataError, MediaError, UnknownName
from avbench.media.decode import probe, read_clip
from avbench.media.info import DecodedClip
from avbench.records import AudioInput, VideoInput
from tests.running import quiet

VIDEO, AUDIO = VideoInput(fps=10, height=64, width=64), AudioInput(sample_rate=16_000)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mimic") / "vggsound"
    write_tree("vggsound", folder, quiet)
    return folder


@pytest.fixture(scope="module")
def tree(root: Path) -> Mimic:
    return read_mimic(root)


def decoded(root: Path, tree: Mimic, kind: str) -> DecodedClip:
    clip = next(each for each in tree.clips if each.kind == kind)
    return read_clip(root / clip.path, seconds=tree.seconds, video=VIDEO, audio=AUDIO)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_there_and_decodes_or_fails_as_the_side_car_says(
    root: Path, tree: Mimic, kind: str
) -> None:
    reasons: set[str] = set()
    for clip in (each for each in tree.clips if each.kind == kind):
        assert clip.reason == LEFT_OUT.get(kind, "")
        try:
            made = read_clip(root / clip.path, seconds=tree.seconds, video=VIDEO, audio=AUDIO)
        except MediaError as error:
            reasons.add(error.reason)
        else:
            assert made.frames is not None
            assert made.samples is not None
            reasons.add("")
    assert reasons == {LEFT_OUT.get(kind, "")}


def test_what_is_decoded_has_the_defect(root: Path, tree: Mimic) -> None:
    silent, still, clipped = (decoded(root, tree, kind) for kind in ("silent", "still", "clipped"))
    whole = decoded(root, tree, "whole")
    assert silent.samples is not None
    assert still.frames is not None
    assert clipped.samples is not None
    assert whole.samples is not None
    assert whole.frames is not None
    assert not silent.samples.any()
    assert np.abs(np.diff(still.frames.astype(int), axis=0)).max() <= 8  # what the codec leaves
    assert np.abs(np.diff(whole.frames.astype(int), axis=0)).max() > 50
    assert (np.abs(clipped.samples) > 0.95).mean() > 0.01 > (np.abs(whole.samples) > 0.95).mean()


def test_frames_left_out_do_not_shorten_the_clip_and_late_sound_says_how_late_it_is(
    root: Path, tree: Mimic
) -> None:
    by_kind = {clip.kind: probe(root / clip.path) for clip in tree.clips if not clip.reason}
    whole, variable, late = (by_kind[kind] for kind in ("whole", "variable-rate", "stream-offset"))
    assert whole.video is not None
    assert variable.video is not None
    assert late.audio is not None
    assert variable.seconds == pytest.approx(whole.seconds, abs=0.1)
    assert (variable.video.fps or 0) < 0.8 * (whole.video.fps or 0)
    assert late.audio.start == pytest.approx(0.5, abs=0.07)  # a frame of AAC is 64 ms


def test_a_reupload_shows_and_sounds_the_same_in_another_file(root: Path, tree: Mimic) -> None:
    (copy, *_) = (clip for clip in tree.clips if clip.kind == "reupload")
    one, other = (
        read_clip(root / path, seconds=tree.seconds, video=VIDEO, audio=AUDIO)
        for path in (copy.path, copy.same_as)
    )
    assert (root / copy.path).read_bytes() != (root / copy.same_as).read_bytes()
    assert one.frames is not None
    assert other.frames is not None
    assert one.samples is not None
    assert other.samples is not None
    assert np.corrcoef(one.frames.ravel(), other.frames.ravel())[0, 1] > 0.9
    assert np.corrcoef(one.samples.ravel(), other.samples.ravel())[0, 1] > 0.9


def test_the_link_leaves_the_tree(root: Path, tree: Mimic) -> None:
    (clip,) = (each for each in tree.clips if each.kind == "outside")
    assert (root / clip.path).is_symlink()
    assert (root / clip.path).resolve() == (root.parent / "outside.mp4").resolve()


def test_every_name_holds_its_clip(root: Path, tree: Mimic) -> None:
    for clip in tree.clips:
        key = ClipKey(source=clip.source, start=clip.start, end=clip.end)
        assert any(key.agrees(each) for each in read_name(clip.path)), clip.path


def test_ids_are_as_wide_as_a_videos_and_some_begin_as_options_do() -> None:
    ids = [video_id(number) for number in range(60)]
    assert {len(each) for each in ids} == {11}
    assert len(set(ids)) == len(ids)
    assert any(each.startswith("--") for each in ids)


def test_the_lists_of_vggsound(root: Path, tree: Mimic) -> None:
    content = (root / "test.csv").read_bytes()
    rows = list(csv.reader(content.decode().splitlines()))
    assert content.count(b"\r\n") == len(rows) == len(tree.of("test"))
    assert [row[0] for row in rows] == [f"{c.source}_{c.start // 1000:06d}.mp4" for c in tree.of("test")]
    assert [row[1] for row in rows] == [clip.label for clip in tree.of("test")]
    assert b'"female speech, woman speaking"' in content
    older = list(csv.reader((root / "vggsound.csv").read_text().splitlines()))
    assert {len(row) for row in older} == {4}
    assert [row[0] for row in older if row[3] == "test"] == [clip.source for clip in tree.of("test")]
    train = (root / "train.csv").read_text().splitlines()
    assert len(train) == len(tree.of("train")) + 1 == len(set(train)) + 1  # one row is there twice


def test_one_source_is_in_both_splits_and_a_training_clip_shows_a_test_clip(tree: Mimic) -> None:
    test, train = tree.of("test"), tree.of("train")
    assert len({clip.source for clip in test} & {clip.source for clip in train}) == 1
    assert {clip.same_as for clip in train} & {clip.path for clip in test}


@pytest.mark.parametrize("dataset", LAYOUTS)
def test_a_layout_has_every_kind_each_at_a_path_of_its_own(dataset: str) -> None:
    layout = LAYOUTS[dataset]
    parts = layout.parts()
    paths = [layout.path_of(part) for part in parts]
    assert {part.kind for part in parts} == set(KINDS)
    assert len(set(paths)) == len(paths)
    named = {name for name in (layout.test_list, layout.train_list) if name}
    assert named <= set(layout.lists(parts, layout.classes))


def test_the_lists_of_audioset_are_those_a_plain_csv_reader_splits() -> None:
    layout = LAYOUTS["audioset"]
    text = layout.lists(layout.parts(), layout.classes)["eval_segments.csv"]
    lines = text.splitlines()
    assert [line[:2] for line in lines[:3]] == ["# "] * 3
    assert {len(row) for row in csv.reader(lines[3:])} == {4, 5}
    assert {len(row) for row in csv.reader(lines[3:], skipinitialspace=True)} == {4}


def test_the_cells_of_panda70m_are_lists_of_one_length() -> None:
    layout = LAYOUTS["panda70m"]
    text = layout.lists(layout.parts(), layout.classes)["panda70m_testing.csv"]
    rows = list(csv.DictReader(text.splitlines()))
    for row in rows:
        cells = {len(ast.literal_eval(row[name])) for name in list(row)[2:]}
        assert len(cells) == 1
        with pytest.raises(json.JSONDecodeError):
            json.loads(row["timestamp"])
    assert rows[0]["timestamp"] == "[['0:00:30.000', '0:00:40.000'], ['0:01:30.000', '0:01:40.000']]"


def test_audiocaps_has_five_captions_a_test_clip() -> None:
    layout = LAYOUTS["audiocaps"]
    parts = layout.parts()
    rows = list(csv.DictReader(layout.lists(parts, layout.classes)["test.csv"].splitlines()))
    assert len(rows) == 5 * sum(part.split == "test" for part in parts)


def test_the_same_tree_again_is_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avbench.datasets.mimic.parts.WHOLE", 2)

    def digests() -> dict[str, str]:
        write_tree("panda70m", tmp_path / "tree", quiet)
        files = (path for path in (tmp_path / "tree").rglob("*") if path.is_file())
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    assert digests() == digests()


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(DataError, match="no mimic tree"):
        write_tree("vggsound", tmp_path, quiet)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    with pytest.raises(DataError):
        read_mimic(tmp_path)


def test_an_unknown_data_set_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownName) as caught:
        write_tree("vgsound", tmp_path / "new", quiet)
    assert "vggsound" in caught.value.hint
