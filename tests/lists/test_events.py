"""Lists that say more than which clips: when a class is heard, what is hit, which classes count."""

from pathlib import Path

import pytest

from avbench.datasets.file_names import ClipKey
from avbench.datasets.mimic.layouts import LAYOUTS
from avbench.errors import DataError
from avbench.lists.audioset_strong import read_audioset_strong
from avbench.lists.greatest_hits import read_greatest_hits
from avbench.lists.kinetics import CLASSES, kept_classes, read_kinetics
from avbench.lists.origins import BEGINNINGS, list_asked_for
from avbench.lists.small_sets import read_llp

ID = "-_EpEJ7sPv_"
SECONDS_30 = ClipKey(source=ID, start=30_000, end=40_000)
STRONG = "segment_id\tstart_time_seconds\tend_time_seconds\tlabel\n"
FRAMED = STRONG.replace("label", "label\tpresent")
STAMP = "2015-10-02-11-46-40-1490"


def written(folder: Path, text: str, name: str = "list.csv") -> Path:
    (folder / name).write_bytes(text.encode())
    return folder / name


@pytest.mark.parametrize(
    ("reader", "text", "said"),
    [
        (read_greatest_hits, "../2015-02-16-16-49-06\n", "Entry 1 .* no recording"),
        (read_greatest_hits, f'["{STAMP}_1", "../{STAMP}_1"]', "Entry 2 .* no recording"),
        (read_greatest_hits, f'["{STAMP}_x"]', "Entry 1 .* no recording"),
        (read_greatest_hits, f'{{"{STAMP}_1": "wood"}}', "Entry 1 .* no material and action"),
        (read_greatest_hits, "[", "cannot be read"),
        (read_greatest_hits, "[]", "names no clip"),
        (read_audioset_strong, f"{STRONG}{ID}\t0.0\t1.0\t/m/a\n", "Line 2 .* no segment"),
        (read_audioset_strong, f"{STRONG}../../secrets_0\t0.0\t1.0\t/m/a\n", "Line 2 .* no id of a YouTube"),
        (read_audioset_strong, f"{STRONG}{ID}_0\t2.0\t1.0\t/m/a\n", "Line 2 .* before the start"),
        (read_audioset_strong, f"{STRONG}{ID}_0\tnan\t1.0\t/m/a\n", "Line 2 .* no number of seconds"),
        (read_audioset_strong, f"{FRAMED}{ID}_0\t0.0\t1.0\t/m/a\tYES\n", "Line 2 .* neither PRESENT"),
    ],
)
def test_what_breaks_the_format_is_named_by_its_place(tmp_path, reader, text, said):
    with pytest.raises(DataError, match=said):
        reader(written(tmp_path, text))


def kinetics(*labels):
    rows = "".join(f"{label},{n:011d},30,40,val\n" for n, label in enumerate(labels))
    return f"label,youtube_id,time_start,time_end,split\n{rows}"


def test_kinetics_sounds_keeps_the_classes_named_and_tells_them(tmp_path):
    path = written(tmp_path, kinetics("singing", "yoga"))
    read = read_kinetics(path, kept_classes(str(written(tmp_path, "singing\n", "classes.txt"))))

    assert [(clip.key.source, clip.classes) for clip in read.clips] == [("0" * 11, ("singing",))]
    assert read.notes == ("1 classes: singing.",)
    with pytest.raises(DataError, match="no clip of 1 of 1 classes: humming"):
        read_kinetics(path, ("humming",))


def test_a_list_of_another_data_set_is_known_by_its_beginning(tmp_path):
    path = written(tmp_path, STRONG)
    with pytest.raises(DataError, match="is one of audioset, not of vggsound"):
        list_asked_for("vggsound", {"list": str(path)})
    with pytest.raises(DataError, match="Line 2"):
        list_asked_for("audioset", {"list": str(written(tmp_path, f"{STRONG}x\t0\t1\t/m/a\n"))})


@pytest.mark.parametrize("dataset", LAYOUTS)
def test_no_list_is_taken_for_another_data_sets(tmp_path, dataset):
    layout = LAYOUTS[dataset]
    parts = [part for part in layout.parts() if part.kind != "unlisted"]
    written(tmp_path, layout.lists(parts, layout.classes)[layout.test_list], "list")
    first = (tmp_path / "list").read_text().splitlines()[0]

    assert {owner for begin, owner in BEGINNINGS.items() if first.startswith(begin)} <= {dataset}


def test_the_two_lists_of_classes_differ_in_one(tmp_path):
    path = written(tmp_path, kinetics(*CLASSES["32"], "yoga"))
    names = [read_kinetics(path, kept_classes(asked)).name for asked in ("31", "32", "")]

    assert names == [f"kinetics-sounds-{count}-list" for count in (31, 32, 33)]
    assert set(CLASSES["32"]) - set(CLASSES["31"]) == {"strumming guitar"}
    with pytest.raises(DataError, match="classes 34 cannot be read"):
        kept_classes("34")


def test_strong_labels_say_when_each_class_is_heard(tmp_path):
    rows = f"{ID}_30000\t0.0\t2.5\t/m/a\n{ID}_30000\t1.25\t10.0\t/m/b\n" + f"{ID}_30000\t4\t5\t/m/a\n" * 2
    path = written(tmp_path, STRONG + rows, "audioset_eval_strong.tsv")
    bare = read_audioset_strong(path)
    written(tmp_path, "/m/a\tBark\n/m/b\tWind noise (microphone)\n", "mid_to_display_name.tsv")
    (clip,) = read_audioset_strong(path).clips

    assert bare.name == "audioset-eval-strong"
    assert bare.notes == ("Rows that repeat another one of the list, and count once with it: 1.",)
    assert bare.clips[0].classes == ("/m/a", "/m/b")
    assert (clip.key, clip.classes) == (SECONDS_30, ("Bark", "Wind noise (microphone)"))
    assert clip.labels["events"].split("\n") == [
        "0.000 2.500 Bark", "1.250 10.000 Wind noise (microphone)", "4.000 5.000 Bark"
    ]  # fmt: skip


def test_what_is_not_heard_in_a_frame_is_no_class_of_the_clip(tmp_path):
    rows = f"{ID}_30000\t0.96\t1.92\t/m/a\tPRESENT\n{ID}_30000\t0.96\t1.92\t/m/b\tNOT_PRESENT\n"
    (clip,) = read_audioset_strong(written(tmp_path, FRAMED + rows)).clips

    assert clip.classes == ("/m/a",)
    assert clip.labels == {"events": "0.960 1.920 /m/a", "absent": "0.960 1.920 /m/b"}


def test_names_of_strong_labels_are_those_of_the_table_or_none(tmp_path):
    path = written(tmp_path, f"{STRONG}{ID}_30000\t0\t1\t/m/a\n")
    weak = "index,mid,display_name\n0,/m/a,Bark\n"

    assert read_audioset_strong(path, written(tmp_path, weak, "labels.csv")).clips[0].classes == ("Bark",)
    written(tmp_path, "/m/b\tWind\n", "mid_to_display_name.tsv")
    with pytest.raises(DataError, match=r"Line 2 .* '/m/a' is not in mid_to_display_name\.tsv"):
        read_audioset_strong(path)
    written(tmp_path, "/m/a\tWind\n/m/b\tWind\n", "mid_to_display_name.tsv")
    with pytest.raises(DataError, match=r"Two classes .* 'Wind'"):
        read_audioset_strong(path)


def test_llp_says_who_is_heard_and_who_is_seen_where_its_tables_lie_beside(tmp_path):
    path = written(tmp_path, f"filename\tevent_labels\n{ID}_30_40\tDog,Speech,Car\n")
    (bare,) = read_llp(path).clips
    heading = "filename\tonset\toffset\tevent_labels\n"
    heard = f"{ID}_30_40\t0\t4\tDog\n{ID}_30_40\t6\t10\tDog\n{ID}_30_40\t0\t10\tSpeech\nx\t0\t1\tCat\n"
    written(tmp_path, heading + heard, "AVVP_eval_audio.csv")
    written(tmp_path, f"{heading}{ID}_30_40\t0\t10\tDog\n{ID}_30_40\t2\t3\tCar\n", "AVVP_eval_visual.csv")
    (clip,) = read_llp(path).clips

    assert bare.labels == {}
    assert (clip.key, clip.classes) == (SECONDS_30, ("Dog", "Speech", "Car"))
    assert clip.labels == {
        "heard": "0 4 Dog\n6 10 Dog\n0 10 Speech",
        "seen": "0 10 Dog\n2 3 Car",
        "A": "Speech",
        "V": "Car",
        "AV": "Dog",
    }
    written(tmp_path, f"{heading}{ID}_30_40\t0.5\t1\tDog\n", "AVVP_eval_visual.csv")
    with pytest.raises(DataError, match=r"Line 2 .*AVVP_eval_visual\.csv: '0.5' to '1' are no whole seconds"):
        read_llp(path)


def test_recordings_and_cuts_of_greatest_hits(tmp_path):
    whole = [written(tmp_path, text) and read_greatest_hits(tmp_path / "list.csv")
             for text in (f"{STAMP}\n", f'["{STAMP}", "{STAMP}"]')]  # fmt: skip
    cut = read_greatest_hits(
        written(tmp_path, f'{{"{STAMP}_30135": "wood hit", "{STAMP}_0": "glass scratch"}}')
    )

    assert [clip.key for read in whole for clip in read.clips] == [ClipKey(source=STAMP)] * 2
    assert whole[1].notes
    assert [(clip.key.start, clip.key.end) for clip in cut.clips] == [(1_367, 3_367), (0, 2_000)]
    assert [(clip.classes, clip.labels["action"]) for clip in cut.clips] == [
        (("wood",), "hit"), (("glass",), "scratch")
    ]  # fmt: skip
