"""Lists written here, well and badly: what is read, and which file and line is named when it is not."""

import random
import string
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbench.datasets.file_names import ClipKey
from avbench.datasets.mimic.layouts import LAYOUTS
from avbench.errors import DataError
from avbench.lists.audioset import read_audiocaps, read_audioset
from avbench.lists.audioset_strong import read_audioset_strong
from avbench.lists.greatest_hits import read_greatest_hits
from avbench.lists.id_list import IdList, ListedClip
from avbench.lists.kinetics import CLASSES, kept_classes, read_kinetics
from avbench.lists.known import KNOWN, check, named
from avbench.lists.origins import BEGINNINGS, list_asked_for
from avbench.lists.panda70m import panda70m_clips, read_panda70m
from avbench.lists.small_sets import read_ave, read_avsync15, read_json_lines, read_llp
from avbench.lists.synchformer import read_shifts
from avbench.lists.vggsound import read_cavmae, read_mmaudio, read_vggsound
from avbench.lists.vggsounder import read_vggsounder

ID = "-_EpEJ7sPv_"
SECONDS_30 = ClipKey(source=ID, start=30_000, end=40_000)
SOUNDER = "video_id,label,modality,background_music,static_image,voice_over\n"
SEGMENTS = "# Segments csv created\n# num_ytids=1, num_segs={}, num_positive_labels={}\n# YTID, start\n"
PANDA = "videoID,url,timestamp,caption,matching_score\n"
STRONG = "segment_id\tstart_time_seconds\tend_time_seconds\tlabel\n"
FRAMED = STRONG.replace("label", "label\tpresent")
STAMP = "2015-10-02-11-46-40-1490"
SPANS = "[['0:00:16.300', '0:00:32.566']]"


def prompts(path: Path) -> IdList:
    return read_json_lines(path, "moviegen")


def written(folder: Path, text: str, name: str = "list.csv") -> Path:
    (folder / name).write_bytes(text.encode())
    return folder / name


def test_both_generations_of_vggsound_are_the_same_clips(tmp_path):
    two = read_vggsound(written(tmp_path, f'{ID}_000030.mp4,"bird chirping, tweeting"\r\n'))
    four = read_vggsound(written(tmp_path, f'{ID},30,"bird chirping, tweeting",test\n'))

    assert [clip.key for clip in two.clips] == [clip.key for clip in four.clips] == [SECONDS_30]
    assert two.clips[0].classes == four.clips[0].classes == ("bird chirping, tweeting",)
    assert two.clips[0].id == f"{ID}_30000_40000"


def test_a_split_of_the_large_table(tmp_path):
    path = written(tmp_path, f"{ID},30,x,test\n{ID},60,x,train\n")

    assert [clip.key.start for clip in read_vggsound(path, split="train").clips] == [60_000]


def test_a_repeated_row_counts_once_and_is_told(tmp_path):
    read = read_vggsound(written(tmp_path, f"{ID}_000030.mp4,x\n" * 2))

    assert len(read.clips) == 1
    assert read.notes == ("Rows that repeat another one of the list, and count once with it: 1.",)


@pytest.mark.parametrize(
    ("reader", "text", "said"),
    [
        (read_vggsound, f"{ID}_000030.mp4,x\n{ID},60,x,test\n", "Line 2 .* 4 fields after lines of 2"),
        (read_vggsound, f"{ID},30,x,validation\n", "Line 1 .* neither train nor test"),
        (read_vggsound, "a,b,c\n", "Line 1 .* 3 fields"),
        (read_vggsound, f"{ID}_000030.mp4,x\n{ID}_000030.mp4,y\n", "Line 2 .* stands above as 'x'"),
        (read_vggsound, "../../etc_pw_000030.mp4,x\n", "Line 1 .* no name"),
        (read_vggsound, "../../../xy,30,x,test\n", "Line 1 .* no id of a YouTube video"),
        (read_vggsound, "", "names no clip"),
        (read_vggsound, f'{ID}_000030.mp4,"x\n', "cannot be read"),
        (read_mmaudio, f"id\tlabel\n{ID}_000030\tx\n{ID}_000030\tx\n", "Line 3 .* stands above"),
        (read_mmaudio, "name\tlabel\n", "Line 1 .* no column 'id'"),
        (read_cavmae, "[1]", "has no data"),
        (read_cavmae, '{"data": [{"video_id": "x"}]}', "Entry 0"),
        (read_vggsounder, f"{SOUNDER}{ID}_000030,x,B,False,False,False\n", "Line 2 .* none of A, V, AV"),
        (read_vggsounder, f"{SOUNDER}{ID}_000030,x,A,False,False,no\n", "Line 2 .* neither True nor False"),
        (
            read_vggsounder,
            f"{SOUNDER}{ID}_000030,x,A,False,False,True\n{ID}_000030,y,A,False,False,False\n",
            "Line 3 .* other flags",
        ),
        (read_audioset, f'{SEGMENTS.format(2, 2)}{ID}, 0.000, 10.000, "/m/1"\n', "promises 2 and 2"),
        (read_audioset, f'{SEGMENTS.format(1, 1)}{ID}, 10.000, 10.000, "/m/1"\n', "Line 4 .* not after"),
        (read_audioset, f'{ID}, nan, 10.000, "/m/1"\n', "Line 1 .* no number of seconds"),
        (read_panda70m, f"{PANDA}{ID},u,\"__import__('os')\",[],[]\n", "Line 2 .* no Python literal"),
        (read_panda70m, f'{PANDA}{ID},u,"{SPANS}","[]","[0.5]"\n', "Line 2 .* 1 timestamps, 0 captions"),
        (read_panda70m, f'{PANDA}{ID},u,"{"[" * 9_000}",[],[]\n', "Line 2 .* no Python literal"),
        (read_panda70m, f"{PANDA}{ID},u,\"[['0:70:00', '1:00:00']]\",\"['a']\",[1]\n", "no instant"),
        (read_ave, f"Church bell&{ID}&good&0\n", "Line 1 .* 4 fields"),
        (read_llp, f"filename\tevent_labels\n{ID}_30\tDog\n", "Line 2"),
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
        (read_avsync15, f"../dog/{ID}_000030.mp4\n", "Line 1 .* no path"),
        (prompts, '{"id": "../up"}\n', "Line 1 .* the id '../up'"),
        (prompts, "{\n", "Line 1 .* no json"),
    ],
)
def test_what_breaks_a_format_is_named_by_its_place(tmp_path, reader, text, said):
    with pytest.raises(DataError, match=f"(?s){said}"):
        reader(written(tmp_path, text))


def test_segments_are_read_after_comma_and_space(tmp_path):
    (clip,) = read_audioset(
        written(tmp_path, f'{SEGMENTS.format(1, 2)}{ID}, 30.125, 40.125, "/m/09x0r,/t/dd00088"\n')
    ).clips

    assert clip.key == ClipKey(source=ID, start=30_125, end=40_125)
    assert clip.classes == ("/m/09x0r", "/t/dd00088")


def test_five_captions_are_one_clip(tmp_path):
    rows = "".join(f'{k},{ID},30,"caption {k}, said"\n' for k in range(5))
    (clip,) = read_audiocaps(written(tmp_path, f"audiocap_id,youtube_id,start_time,caption\n{rows}")).clips

    assert clip.key == SECONDS_30
    assert clip.labels["captions"].split("\n") == [f"caption {k}, said" for k in range(5)]


def test_panda70m_columns_are_literals(tmp_path):
    text = f'{PANDA}{ID},u,"{SPANS}","[\'it\\\'s\']",[0.5]\n'
    (clip,) = read_panda70m(written(tmp_path, text)).clips

    assert clip.key == ClipKey(source=ID, start=16_300, end=32_566, index=0)
    assert clip.labels == {"caption": "it's", "matching_score": "0.5"}


def test_a_long_table_is_read_in_flat_memory(tmp_path):
    draw = random.Random(0)
    with (tmp_path / "list.csv").open("w") as file:
        file.write(PANDA)
        for _ in range(6_000):
            source = "".join(draw.choices(string.ascii_letters, k=11))
            file.write(f'{source},u,"{SPANS}","[\'{source * 20}\']",[0.5]\n')
    tracemalloc.start()
    clips = sum(1 for _ in panda70m_clips(tmp_path / "list.csv"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert clips == 6_000
    assert peak < (tmp_path / "list.csv").stat().st_size / 4


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


def test_an_offset_of_the_picture_is_the_opposite_one_of_the_sound(tmp_path):
    rows = f"dataset_name,video_id,vstart_sec,offset_sec,is_sync\nv,{ID}_30000_40000,1.5,-0.4,1\n"
    (shift,) = read_shifts(written(tmp_path, rows))

    assert (shift.clip.key, shift.start, shift.offset, shift.in_sync) == (SECONDS_30, 1.5, 0.4, True)


@given(st.lists(st.integers(0, 999), min_size=1, unique=True), st.randoms())
def test_a_digest_knows_the_ids_and_not_their_order(starts, draw):
    clips = [ListedClip(key=ClipKey(source=ID, start=start, end=start + 1)) for start in starts]
    shuffled = draw.sample(clips, len(clips))

    assert IdList(name="a", clips=clips).digest == IdList(name="b", clips=shuffled).digest
    assert IdList(name="a", clips=clips).digest != IdList(name="a", clips=clips[1:]).digest


def test_a_list_that_claims_a_name_it_is_not_is_told():
    mine = IdList(name="mine", clips=[ListedClip(key=SECONDS_30)])

    with pytest.raises(DataError, match="mine is not vggsound-cavmae-1545: it has 1 clips"):
        check(mine, "vggsound-cavmae-1545")
    assert named(mine).name == f"mine~{mine.digest[:8]}"
    assert all(len(known.digest) == 64 for known in KNOWN.values())
