"""The page of a run of alignment: what it draws is what the records say, and its pairs are those judged."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from avbench.clips import Clip
from avbench.errors import UsageError
from avbench.media.decode import probe, read_clip
from avbench.pages.alignment_page import alignment_page, drawings
from avbench.pages.judged_pairs import judged_pairs
from avbench.records import AudioInput, VideoInput
from avbench.results import archive
from avbench.tasks.alignment import AlignmentRecord
from tests.pages.test_page import Reading
from tests.running import Runs
from tests.runs.test_alignment import INSTANTS, WINDOW, judge, write


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("page")
    (folder / "clips").mkdir()
    for number, instant in enumerate(INSTANTS):
        write(folder / "clips" / f"clip{number}.mp4", instant)
    runs = Runs(folder, folder / "clips")
    (done,) = runs.finished(judge(), tasks=("appearing",), page=folder / "page", page_clips=6)
    return done


@pytest.fixture(scope="module")
def records(done) -> tuple[AlignmentRecord, ...]:
    return archive.read_records(done.path, done.result.records_sha256, AlignmentRecord)


def record(logit: float, kind="true", shift: float = 0.0, clip: str = "a") -> AlignmentRecord:
    return AlignmentRecord(
        clip=clip, recording=clip, kind=kind, sound=clip, shift=shift, logit=logit, values={}
    )


def test_what_is_drawn_is_what_the_records_say(done, records) -> None:
    drawn = json.loads((done.page.parent / "alignment.json").read_text("utf-8"))

    for kind, of in drawn["kinds"].items():
        logits = sorted(each.logit for each in records if each.kind == kind)
        assert of == {"pairs": len(logits), "accepted": sum(z > 0 for z in logits), "logits": logits}
    assert sum(of["pairs"] for of in drawn["kinds"].values()) == len(records)
    area = np.trapezoid(drawn["roc"]["true_accepted"], drawn["roc"]["others_accepted"])
    assert area == pytest.approx(done.result.score("align.auroc").value)


def test_acceptance_is_counted_by_sign_and_size_of_the_shift() -> None:
    random = np.random.default_rng(0)
    shifts = random.choice([-1, 1], 400) * random.uniform(0.2, 2.0, 400)
    given = [
        record(1.0 if abs(shift) < 0.56 else -1.0, "shifted", float(shift), f"clip{k}")
        for k, shift in enumerate(shifts)
    ]
    given += [record(1.0, clip=f"true{k}") for k in range(20)] + [record(1.0, "other", clip="b")]

    found = drawings(given, seed=0)["by_shift"]

    assert sum(each["pairs"] for each in found) == 420
    assert [each["shift_s"] for each in found] == sorted(each["shift_s"] for each in found)
    assert len(found) == 11
    assert [each["accepted"] > 0.9 for each in found] == [4 <= place <= 6 for place in range(11)]
    assert all(each["low"] <= each["accepted"] <= each["high"] for each in found)
    assert found[5] == pytest.approx(
        {"shift_s": 0, "pairs": 20, "accepted": 1, "low": found[5]["low"], "high": 1}
    )


def test_as_many_pairs_of_each_kind_are_shown_and_the_ends_of_each() -> None:
    given = [record(float(z), kind, clip=f"{kind}{z}") for kind in ("true", "other") for z in range(10)] + [
        record(0.5, "shifted", 0.3, "one")
    ]
    chosen = judged_pairs(given, lambda _: (Clip(id="a", path=Path("a")),) * 2, shown=9, seconds=1.0).shown

    by_kind = {kind: [z.record.logit for z in chosen if z.record.kind == kind] for kind in ("true", "other")}
    assert [each.record.clip for each in chosen if each.record.kind == "shifted"] == ["one"]
    assert len(chosen) == 9
    for logits in by_kind.values():
        assert logits == sorted(logits, reverse=True)
        assert (logits[0], logits[-1]) == (9.0, 0.0)


@pytest.mark.parametrize("shown", [1, 2, 3, 50])
def test_no_more_pairs_are_shown_than_were_asked_for(shown: int) -> None:
    given = [record(float(z), kind, clip=f"{kind}{z}") for kind in ("true", "shifted") for z in range(4)]
    found = judged_pairs(given, lambda _: (Clip(id="a", path=Path("a")),) * 2, shown=shown, seconds=1.0)

    assert len(found.shown) == min(shown, 8)


def test_the_page_is_whole_and_needs_nothing_from_outside(done) -> None:
    text = done.page.read_text("utf-8")
    read = Reading(text)

    assert read.inside == []
    assert len(read.all("svg", class_="plot")) == 3
    assert "Alignment" in read.text_of("p")
    assert all((done.page.parent / each["href"]).is_file() for each in read.all("a"))
    videos = read.all("video")
    assert len(videos) == 6
    assert all((done.page.parent / each["src"]).is_file() for each in videos)
    assert all((done.page.parent / each["poster"]).is_file() for each in videos)
    assert "://" not in text
    assert not read.all("script")


def test_a_pair_is_shown_as_it_was_judged(done, records) -> None:
    page = Reading(done.page.read_text("utf-8"))
    instants = {f"clip{k}.mp4": round(each * 25) / 25 for k, each in enumerate(INSTANTS)}
    by_clip = {each.clip: each for each in records}

    for video in page.all("video"):
        told = by_clip[video["aria-label"].partition(", ")[2]]
        clip = read_clip(
            done.page.parent / video["src"],
            seconds=WINDOW - 0.1,
            video=VideoInput(fps=25, height=16, width=16),
            audio=AudioInput(sample_rate=16_000),
        )
        assert probe(done.page.parent / video["src"]).video is not None
        seen = (clip.frames.mean((1, 2, 3)) > 127).argmax() / 25
        heard = (np.abs(clip.samples[0]) > 0.05).argmax() / 16_000
        late = instants[told.sound] - instants[told.clip] + told.shift
        assert heard - seen == pytest.approx(late, abs=0.05), told


def test_a_name_cannot_break_the_page_and_a_pair_that_is_gone_says_so(done, records) -> None:
    given = [replace(records[0], clip="<b>x</b>", sound="<i>", kind="other"), *records[1:]]
    pairs = judged_pairs(given, lambda _: (Clip(id="a", path=Path("a")),) * 2, shown=50, seconds=WINDOW)
    read = Reading(alignment_page(done.result, pairs, drawings(given, seed=0), {"<b>x</b>": "It is <gone>."}))

    assert read.inside == []
    assert "<b>x</b>" in read.text_of("h3")
    assert "No video. It is <gone>." in read.text_of("p")
    assert len(read.all("video")) == len(given) - 1


def test_a_judge_asked_of_one_kind_alone_has_a_page_without_a_curve_between() -> None:
    drawn = drawings([record(1.0), record(-1.0, clip="b")], seed=0)

    assert drawn["roc"] == {"others_accepted": [], "true_accepted": []}
    assert drawn["by_shift"] == []


def test_several_tasks_have_no_page(done, tmp_path: Path) -> None:
    runs = Runs(tmp_path, tmp_path)
    with pytest.raises(UsageError, match="A page shows one task, not 2"):
        runs.finished(judge(), tasks=("appearing", "folder-alignment"), page=tmp_path / "page")
