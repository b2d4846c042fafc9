"""Lists written here, well and badly: what is read, and which file and line is named when it is not."""

import random
import string
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbench.datasets.file_names import ClipKey
from avbench.errors import DataError
from avbench.lists.audioset import read_audiocaps, read_audioset
from avbench.lists.id_list import IdList, ListedClip
from avbench.lists.known import KNOWN, check, named
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
        (read_vggsound, f"{ID}_000030.mp4;x\n", "Line 1 .* 1 field between commas"),
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
        (read_avsync15, f"../dog/{ID}_000030.mp4\n", "Line 1 .* no path"),
        (prompts, '{"id": "../up"}\n', "Line 1 .* the id '../up'"),
        (prompts, "{\n", "Line 1 .* no json"),
    ],
)
def test_what_breaks_a_format_is_named_by_its_place(tmp_path, reader, text, said):
    with pytest.raises(DataError, match=f"(?s){said}"):
        reader(written(tmp_path, text))


def test_a_list_that_is_not_there_or_no_text_says_so_in_words(tmp_path):
    for reader in (read_vggsound, read_cavmae, read_ave, read_audioset):
        with pytest.raises(DataError, match=r"cannot be read.*: no such file or directory\.") as raised:
            reader(tmp_path / "none.csv")
        assert raised.value.hint == "Check the path."
    (tmp_path / "utf-16.csv").write_text(f"{ID}_000030.mp4,x\n", encoding="utf-16")
    with pytest.raises(DataError, match=r"no text in UTF-8\."):
        read_vggsound(tmp_path / "utf-16.csv")


def test_a_byte_order_mark_is_passed_over(tmp_path):
    item = f'{{"video_id": "{ID}_000030", "labels": "vgg_1"}}'
    assert len(read_cavmae(written(tmp_path, f'\ufeff{{"data": [{item}]}}')).clips) == 1
    assert len(read_vggsound(written(tmp_path, f"\ufeff{ID}_000030.mp4,x\r\n")).clips) == 1


def test_lines_of_blanks_are_passed_over(tmp_path):
    assert len(read_vggsound(written(tmp_path, f"\n  \n{ID}_000030.mp4,x\n\n \n")).clips) == 1


def test_a_split_that_there_is_not_is_named(tmp_path):
    with pytest.raises(DataError, match=r"VGGSound has no split 'tset'\."):
        read_vggsound(written(tmp_path, f"{ID},30,x,test\n"), split="tset")


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
