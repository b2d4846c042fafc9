"""The lists as their authors distribute them: every count that is known of them, and their digests."""

import os
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from avbench.datasets.file_names import read_name
from avbench.lists.audioset import read_audioset, read_audioset_classes
from avbench.lists.known import KNOWN
from avbench.lists.origins import list_asked_for
from avbench.lists.synchformer import read_shifts, read_sparse
from avbench.lists.vggsound import read_cavmae, read_cavmae_classes, read_classes, read_mmaudio, read_vggsound
from avbench.lists.vggsounder import av_clean, read_vggsounder

pytestmark = pytest.mark.skipif(
    "AVBENCH_REAL_LISTS" not in os.environ, reason="AVBENCH_REAL_LISTS names no real lists"
)
LISTS = Path(os.environ.get("AVBENCH_REAL_LISTS", "."))
TEST = LISTS / "vggsound/test.csv"
GALLERY = LISTS / "cavmae-sync/vgg_test_5_per_class_for_retrieval_template.json"
SOUNDER = LISTS / "vggsounder/vggsounder.csv"
SEGMENTS = LISTS / "audioset/balanced_train_segments.csv"
SPARSE, OFFSETS = (LISTS / f"synchformer/vggsound_sparse_clean{end}.csv" for end in ("", "_fixed_offsets"))


read_vggsound, read_vggsounder, read_audioset = map(cache, (read_vggsound, read_vggsounder, read_audioset))


def ids(read):
    return {clip.id for clip in read.clips}


def test_vggsound_test():
    clips = read_vggsound(TEST).clips
    by_source = Counter(clip.key.source for clip in clips)
    starts = Counter(clip.key.start for clip in clips)

    assert (len(clips), len(by_source), len({clip.classes for clip in clips})) == (15_446, 14_851, 309)
    assert Counter(by_source.values()) == {1: 14_851 - 595, 2: 595}
    assert set(Counter(clip.classes for clip in clips).values()) == {49, 50}
    assert round(100 * starts[30_000] / len(clips), 1) == 19.4
    assert round(100 * starts[0] / len(clips), 1) == 5.4


def test_siblings_of_vggsound_test_do_not_overlap():
    by_source: dict[str, list[int]] = {}
    for clip in read_vggsound(TEST).clips:
        by_source.setdefault(clip.key.source, []).append(clip.key.start or 0)

    assert all(abs(a - b) >= 10_000 for a, b in (each for each in by_source.values() if len(each) == 2))


def test_vggsound_classes():
    classes = read_classes(LISTS / "vggsound/stat.csv")
    counts = [count for count, _ in classes.values()]

    assert (len(classes), sum(counts), min(counts), max(counts)) == (309, 199_176, 197, 1_050)
    assert sum("," in name for name in classes) == 23
    assert Counter(group for _, group in classes.values()) == {
        "animals": 74, "music": 63, "people": 49, "others": 33, "vehicle": 30,
        "sports": 26, "tools": 12, "home": 11, "nature": 11,
    }  # fmt: skip
    assert {clip.classes[0] for clip in read_vggsound(TEST).clips} == set(classes)


def test_lists_taken_from_vggsound_test():
    test, mmaudio = ids(read_vggsound(TEST)), ids(read_mmaudio(LISTS / "mmaudio/vgg-test.tsv"))
    gallery, sounder = read_cavmae(GALLERY), ids(read_vggsounder(SOUNDER))

    assert len(mmaudio) == 15_221
    assert set(Counter(clip.classes for clip in gallery.clips).values()) == {5}
    assert len(gallery.clips) == 309 * 5 == 1_545
    assert all(each <= test for each in (mmaudio, ids(gallery), sounder))
    assert (len(ids(gallery) & mmaudio), len(ids(gallery) & sounder)) == (1_516, 1_239)


def test_classes_of_the_gallery_are_those_of_vggsound():
    labels = {clip.id: clip.classes for clip in read_vggsound(TEST).clips}
    clips = read_cavmae(GALLERY).clips
    raw = Path(GALLERY.with_name("class_labels_indices_vgg.csv")).read_text(encoding="utf-8")

    assert all(clip.classes == labels[clip.id] for clip in clips)
    assert sum("_ " in line for line in raw.splitlines()) == 23
    assert sum("," in clip.classes[0] for clip in clips) == 115
    assert len(read_cavmae_classes(GALLERY.with_name("class_labels_indices_vgg.csv"))) == 309


def test_vggsounder():
    read, test = read_vggsounder(SOUNDER), read_vggsound(TEST)
    original = {clip.id: clip.classes[0] for clip in test.clips}
    tags = Counter({each: 0 for each in ("A", "V", "AV")})
    for clip in read.clips:
        tags.update({each: len(clip.labels[each].split("\n")) for each in tags if each in clip.labels})
    kept = [clip for clip in read.clips if original[clip.id] in clip.classes]

    assert (len(read.clips), sum(len(clip.classes) for clip in read.clips)) == (12_014, 29_509)
    assert tags == {"A": 10_149, "V": 983, "AV": 18_377}
    assert sum("AV" not in clip.labels for clip in read.clips) == 2_125
    flagged = Counter(flag for clip in read.clips for flag, value in clip.labels.items() if value == "true")
    assert (flagged["static_image"], flagged["voice_over"]) == (980, 2_405)
    assert len(kept) == 9_523
    assert sum(original[clip.id] in clip.labels.get("AV", "").split("\n") for clip in kept) == 7_109
    plain = [clip for clip in read.clips if "true" not in clip.labels.values()]
    assert len(plain) == 8_762


def test_av_clean():
    sounder, test = read_vggsounder(SOUNDER), read_vggsound(TEST)
    clean, original = ids(av_clean(sounder)), ids(av_clean(sounder, test))
    mmaudio, gallery = ids(read_mmaudio(LISTS / "mmaudio/vgg-test.tsv")), ids(read_cavmae(GALLERY))

    assert (len(clean), len(original)) == (7_735, 5_648)
    assert (len(clean & mmaudio), len(original & mmaudio)) == (7_611, 5_566)
    assert (len(clean & gallery), len(original & gallery)) == (840, 660)


def test_audioset_balanced():
    clips = read_audioset(SEGMENTS).clips
    lengths = Counter((clip.key.end or 0) - (clip.key.start or 0) for clip in clips)

    assert len({clip.key.source for clip in clips}) == len(clips) == 22_160
    assert len({name for clip in clips for name in clip.classes}) == 527
    assert sum(len(clip.classes) for clip in clips) == 52_882
    # As floating-point numbers two of these differ by a hair from 10 s.
    assert lengths[10_000] == 21_813 + 2
    assert sum(n for length, n in lengths.items() if length < 10_000) == 345
    assert max(lengths) == 10_000
    assert sum((clip.key.start or 0) % 1000 != 0 for clip in clips) == 7
    assert len(read_audioset_classes(SEGMENTS.with_name("class_labels_indices.csv"))) == 527


def test_vggsound_in_audioset_balanced():
    balanced = {clip.key.source for clip in read_audioset(SEGMENTS).clips}
    shared = [clip.key.source for clip in read_vggsound(TEST).clips if clip.key.source in balanced]

    assert (len(set(shared)), len(shared)) == (18, 19)


def test_vggsound_sparse():
    clips, shifts = read_sparse(SPARSE).clips, read_shifts(OFFSETS)

    assert (len(clips), sum(clip.labels["in_sync"] == "1" for clip in clips)) == (560, 457)
    assert (len(shifts), sum(shift.in_sync for shift in shifts)) == (646, 444)


FILES = {
    "vggsound-test-15446": {"list": TEST},
    "vggsound-mmaudio-15221": {"list": LISTS / "mmaudio/vgg-test.tsv"},
    "vggsound-cavmae-1545": {"list": GALLERY},
    "vggsounder-1.0": {"list": SOUNDER},
    "av-clean": {"list": SOUNDER},
    "av-clean-original": {"list": TEST, "vggsounder": SOUNDER},
    "vggsound-sparse-clean-560": {"list": SPARSE},
    "vggsound-sparse-clean-444": {"list": OFFSETS},
    "audioset-balanced-22160": {"list": SEGMENTS},
    "greatesthits-condfoley-97": {"list": LISTS / "condfoley/greatesthit_video_test.json"},
}


@pytest.mark.parametrize("name", KNOWN)
def test_a_known_list_is_what_its_files_say(name):
    known = KNOWN[name]
    if lacking := [path.name for path in FILES[name].values() if not path.is_file()]:
        pytest.skip(f"{lacking[0]} is not among the real lists")
    args = {key: str(path) for key, path in FILES[name].items()} | {"subset": name}
    read = list_asked_for(known.dataset, args)

    assert (read.name, len(read.clips), read.digest) == (name, known.count, known.digest)
    if not name.startswith("av-clean"):
        del args["subset"]
        assert list_asked_for(known.dataset, args).name == name


@pytest.mark.skipif("AVBENCH_REAL_CLIPS" not in os.environ, reason="AVBENCH_REAL_CLIPS names no real clips")
def test_every_real_clip_of_vggsound_is_read_as_a_clip():
    files = sorted(Path(os.environ["AVBENCH_REAL_CLIPS"], "vggsound").glob("*.mp4"))

    assert len(files) == 14
    assert all(len(read_name(file.name)[0].source) == 11 for file in files)
