"""The page of a run: every clip it shows, once, with its sounds, marks and numbers, whatever its name."""

import importlib
import json
import re
import wave
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from avbench.errors import UsageError
from avbench.media.encode import write_clip
from avbench.pages.spectrograms import COLUMNS
from tests.running import Runs
from tests.runs.sounding import RATE, sounding, write_flashes

HOSTILE = "<img src=x onerror=alert(1)>\"'&amp;\n\u202e.mp4"
EMPTY = {"meta", "img", "line", "rect", "path"}


class Reading(HTMLParser):
    """A page as a browser reads it: elements with their attributes, the words, and whether all are closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[tuple[str, str]] = []
        self.inside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in EMPTY:
            self.inside.append(tag)

    def handle_endtag(self, tag):
        if tag not in EMPTY:
            assert self.inside.pop() == tag

    def handle_data(self, data):
        self.words.append((self.inside[-1] if self.inside else "", data))

    def all(self, tag: str, **wanted: str) -> list[dict[str, str]]:
        """Return the attributes of the elements of a tag, in order."""
        return [
            given
            for name, given in self.elements
            if name == tag and all(given.get(key.rstrip("_")) == value for key, value in wanted.items())
        ]

    def text_of(self, tag: str) -> list[str]:
        """Return what stands in the elements of a tag."""
        return [words for inside, words in self.words if inside == tag]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Runs over twelve clips that flash and click, one of them with a name that means harm."""
    clips = tmp_path_factory.mktemp("flashes")
    write_flashes(clips, 12)
    (clips / "clip3.mp4").rename(clips / HOSTILE)
    return Runs(tmp_path_factory.mktemp("runs"), clips)


@pytest.fixture(scope="module")
def page(runs: Runs) -> Path:
    """The page of a run, seven clips of twelve."""
    (done,) = runs.finished(
        sounding(), model="clicking", tasks=("clicks",), page=runs.folder / "page", page_clips=7
    )
    assert done.page == runs.folder / "page" / "index.html"
    return done.page


@pytest.fixture(scope="module")
def read(page: Path) -> Reading:
    return Reading(page.read_text("utf-8"))


@pytest.fixture(scope="module")
def data(page: Path) -> dict:
    return json.loads((page.parent / "clips.json").read_text("utf-8"))


def test_every_clip_that_is_shown_is_there_once_with_its_name_and_its_place(
    read: Reading, data: dict
) -> None:
    assert len(read.all("article", class_="clip")) == len(data["clips"]) == 7
    assert read.text_of("h3")[-7:] == [clip["clip"] for clip in data["clips"]]
    assert len({clip["clip"] for clip in data["clips"]}) == 7
    places = [clip["place"] for clip in data["clips"]]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (1, 12)
    assert [clip["name"] for clip in data["clips"] if clip["name"]] == [
        "best", "upper quartile", "median", "lower quartile", "worst",
    ]  # fmt: skip
    assert "7 of 12 clips, from the best to the worst by onset F1@0.1" in "".join(read.text_of("p"))


def test_everything_a_page_names_is_there_and_nothing_is_fetched(page: Path, read: Reading) -> None:
    named = [given[key] for _, given in read.elements for key in ("src", "href", "poster") if key in given]
    assert len(named) == 7 * (2 + 2 + 3) + 1
    assert all((page.parent / name).is_file() for name in named)
    assert not re.search(r"https?:|url\(|@import|//", page.read_text("utf-8").replace("// A play-head", ""))
    assert not read.all("link")


def test_a_page_can_be_read_by_others_than_its_owner(page: Path) -> None:
    assert all(each.stat().st_mode & 0o044 == 0o044 for each in page.parent.rglob("*.*"))


def test_a_smaller_page_leaves_nothing_of_a_larger_one_and_what_is_not_its_own(runs: Runs) -> None:
    folder = runs.folder / "shrinking"
    for clips in (3, 2):
        runs.finished(sounding(), model="clicking", tasks=("clicks",), page=folder, page_clips=clips)
        (folder / "clips" / "mine.wav").write_bytes(b"a user's own")
    assert {path.name[:2] for path in (folder / "clips").iterdir()} == {"01", "02", "mi"}


def test_the_sounds_are_those_that_were_scored(page: Path) -> None:
    for path in page.parent.glob("clips/*.wav"):
        with wave.open(str(path), "r") as file:
            assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (16_000, 1, 64_000)


def test_a_true_onset_is_marked_where_it_happens(
    runs: Runs, tmp_path: Path, read: Reading, data: dict
) -> None:
    instants = write_flashes(tmp_path, 12)  # the same clips again
    instants[" ".join(HOSTILE.replace("\u202e", " ").split())] = instants["clip3.mp4"]
    drawings = _lines(read, "marks")
    assert len(drawings) == 14
    for number, clip in enumerate(data["clips"]):
        for drawn in drawings[2 * number : 2 * number + 2]:
            assert drawn == pytest.approx(clip["onsets"], abs=1e-3)
            assert all(np.abs(np.array(drawn) - each).min() < 0.06 for each in instants[clip["clip"]])


def test_what_is_detected_in_each_sound_is_marked_below_it(read: Reading, data: dict) -> None:
    sounds = [sound for clip in data["clips"] for sound in (clip["truth"], *clip["made"])]
    for drawn, sound in zip(_lines(read, "track"), sounds, strict=True):
        assert drawn == pytest.approx(sound["onsets"], abs=1e-3)


def _lines(read: Reading, drawing: str) -> list[list[float]]:
    """Return the x of the lines of each drawing of a class, whose whole width is the window of 4 s."""
    found: list[list[float]] = []
    wanted = False
    for tag, given in read.elements:
        if tag == "svg":
            wanted = given["class"] == drawing
            assert given["viewbox"] == "0 0 4 1"
            assert given["preserveaspectratio"] == "none"
            found += [[]] if wanted else []
        elif tag == "line" and wanted:
            assert given["x1"] == given["x2"]
            found[-1].append(float(given["x1"]))
    return found


def test_a_click_is_seen_in_the_spectrogram_at_the_place_of_its_mark(page: Path, data: dict) -> None:
    from matplotlib.image import imread

    for clip in data["clips"]:
        picture = imread(page.parent / clip["truth"]["spectrogram"])
        assert picture.shape[1] == COLUMNS
        light = picture[..., :3].mean((0, 2))
        for onset in clip["onsets"]:
            after = int((onset + 0.05) / 4 * COLUMNS)
            assert light[after : after + 9].max() > 2 * np.median(light)


def test_the_numbers_of_each_sound_are_those_of_its_record(runs: Runs, read: Reading, data: dict) -> None:
    (done,) = runs.finished(sounding(), model="clicking", tasks=("clicks",))
    lines = map(json.loads, done.path.with_suffix(".records.jsonl").read_text().splitlines())
    records = {" ".join(line["clip"].replace("\u202e", " ").split()): line for line in lines}
    assert [clip["made"][0]["values"] for clip in data["clips"]] == [
        records[clip["clip"]]["values"] for clip in data["clips"]
    ]
    found = [words for words in read.text_of("small") if "found" in words]
    counts = [records[clip["clip"]]["onsets"]["0.1"] for clip in data["clips"]]
    assert found == [
        f"{each['hits']} of {each['true']} found, {each['detected']} detected" for each in counts
    ]


def test_a_name_that_means_harm_is_only_a_name(page: Path, read: Reading, runs: Runs, tmp_path: Path) -> None:
    (done,) = runs.finished(sounding(), model="clicking", tasks=("clicks",), page=tmp_path, page_clips=12)
    assert done.page is not None
    all_read = Reading(done.page.read_text("utf-8"))
    assert not all_read.inside
    assert {tag for tag, _ in all_read.elements} == {tag for tag, _ in read.elements}
    assert not any(name.startswith("on") for _, given in all_read.elements for name in given)
    assert "<img src=x onerror=alert(1)>\"'&amp; .mp4" in all_read.text_of("h3")
    assert len(all_read.all("script")) == 1
    assert str(runs.folder) not in done.page.read_text("utf-8")


def test_pictures_and_players_have_names_and_headings_are_in_order(read: Reading) -> None:
    described = [given["alt"].partition(" ")[0] for given in read.all("img")]
    assert described == 7 * ["A", "Mel", "Mel"]
    players = read.all("audio") + read.all("video")
    assert len({given["aria-label"] for given in players}) == len(players) == 21
    levels = [int(tag[1]) for tag, _ in read.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = [given["id"] for _, given in read.elements if "id" in given]
    assert len(set(ids)) == len(ids)


def test_the_page_says_what_the_document_says(read: Reading, runs: Runs) -> None:
    (done,) = runs.finished(sounding(), model="clicking", tasks=("clicks",))
    words = "".join(words for _, words in read.words)
    for note in done.result.notes:
        assert note in words
    assert "12 of 12 clips evaluated." in words
    for score in done.result.scores:
        assert f"{score.value:.3g}" in words or f"{100 * score.value:.1f}" in words
    assert {"still", "shuffled-truth", "truth-halves"} < set(read.text_of("th"))
    assert done.result.records_sha256[:12] in words


def test_the_same_result_gives_the_same_bytes(runs: Runs, page: Path, tmp_path: Path) -> None:
    plugin = runs.plugin(sounding())
    for name in ("first", "second"):
        runs.finished(plugin, model="clicking", tasks=("clicks",), page=tmp_path / name, page_clips=3)
    first, second = (
        {each.relative_to(tmp_path / name): each.read_bytes() for each in (tmp_path / name).rglob("*.*")}
        for name in ("first", "second")
    )
    assert len(first) == 2 + 3 * 6
    assert first == second


def test_every_sample_is_shown_and_the_first_is_muxed(runs: Runs, tmp_path: Path) -> None:
    (done,) = runs.finished(
        sounding(), model="clicking", tasks=("clicks-thrice",), page=tmp_path, page_clips=1
    )
    assert done.page is not None
    read = Reading(done.page.read_text("utf-8"))
    assert read.text_of("h4") == ["Truth", *(f"Generated, sample {number}" for number in (1, 2, 3))]
    assert len(read.all("audio")) == 4
    assert len(read.all("video")) == 1
    sounds = [(tmp_path / given["src"]).read_bytes() for given in read.all("audio")]
    assert len(set(sounds)) == 4


def test_silence_is_shown_as_such(runs: Runs, tmp_path: Path) -> None:
    (done,) = runs.finished(sounding(), model="still", tasks=("clicks-stereo",), page=tmp_path, page_clips=2)
    assert done.page is not None
    read = Reading(done.page.read_text("utf-8"))
    assert sum("0 onsets detected" in given["alt"] for given in read.all("img")) == 2
    assert len(read.all("path", class_="loudness")) == 2  # of the truth alone
    with wave.open(str(tmp_path / "clips" / "01-made-1.wav"), "r") as file:
        assert file.getnchannels() == 2
        assert not any(file.readframes(file.getnframes()))


def test_a_clip_without_a_picture_is_shown_without_and_says_why(tmp_path: Path) -> None:
    clips = tmp_path / "clips"
    write_flashes(clips, 2)
    samples = 0.1 * np.random.default_rng(0).normal(size=(1, 5 * RATE)).astype(np.float32)
    write_clip(clips / "heard.mp4", frames=None, fps=25, samples=samples, sample_rate=RATE)
    runs = Runs(tmp_path, clips)
    (done,) = runs.finished(sounding(), model="still", tasks=("clicks",), page=tmp_path / "page")
    assert done.page is not None
    read = Reading(done.page.read_text("utf-8"))
    assert [words for words in read.text_of("p") if "No picture" in words] == [
        "No picture. The file has no video stream."
    ]
    assert (len(read.all("video")), len(read.all("article"))) == (2, 3)


def test_a_page_of_what_makes_no_sound_or_of_several_tasks_is_refused_before_the_run(runs: Runs) -> None:
    for tasks, model in ((("folder-retrieval",), "random"), (("clicks", "clicks-thrice"), "clicking")):
        with pytest.raises(UsageError, match="page"):
            runs.finished(sounding(), model=model, tasks=tasks, page=runs.folder / "none")
    assert not (runs.folder / "none").exists()


def test_a_folder_that_is_a_file_is_refused_before_the_run(runs: Runs, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError) as refused:
        runs.finished(sounding(), model="clicking", tasks=("clicks",), page=tmp_path / "file")
    assert "--page" in refused.value.hint


def test_three_clips_of_a_page_become_one_picture(page: Path, tmp_path: Path) -> None:
    from matplotlib.image import imread

    pictures = importlib.import_module("scripts.generated_pictures")
    assert pictures.middle_and_ends(page.parent) == [1, 4, 7]
    pictures.draw(page.parent, [1, 4, 7], tmp_path / "three.png")
    height, width, _ = imread(tmp_path / "three.png").shape
    assert width > 2 * height
