"""The page of forced choices: a chart for every series, that says what the document says."""

import json
import re

import numpy as np
import pytest

from avbench.datasets.avsynth.changes import SHIFTS
from avbench.datasets.avsynth.counterfactuals import NAME
from avbench.metrics.psychometric import monotone
from avbench.pages.choice_page import choice_page, drawings
from tests.pages.test_page import Reading
from tests.running import Runs
from tests.runs.appearing import finder
from tests.runs.choosing import unrendered


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("choices")
    with pytest.MonkeyPatch.context() as patch:
        unrendered(patch)
        (done,) = Runs(folder, folder / "data").finished(
            finder(),
            model="time-shuffled",
            tasks=(NAME,),
            dataset_args={"states": "3"},
            page=folder / "page",
        )
    return done


@pytest.fixture(scope="module")
def drawn(done) -> list[dict]:
    return json.loads((done.page.parent / "choices.json").read_text("utf-8"))


def test_what_is_drawn_is_what_the_document_says(done, drawn: list[dict]) -> None:
    assert [each["series"] for each in drawn] == [f"choice.shift-{scale}" for scale in SHIFTS]
    for each, shifts in zip(drawn, SHIFTS.values(), strict=True):
        assert tuple(each["shift_s"]) == shifts
        points = [done.result.score(f"{each['series']}@{shift:g}") for shift in shifts]
        for name, values in (
            ("right", [point.value for point in points]),
            ("low", [point.low for point in points]),
            ("high", [point.high for point in points]),
        ):
            assert each[name] == values
        assert each["fit"] == monotone(np.array(each["right"])).tolist()
        threshold = done.result.score(f"{each['series']}.threshold")
        assert each["threshold_s"] == (threshold.value if threshold else None)


def test_the_page_is_whole_and_needs_nothing_from_outside(done) -> None:
    text = done.page.read_text("utf-8")
    read = Reading(text)

    assert read.inside == []
    assert len(read.all("svg", class_="plot")) == len(SHIFTS)
    assert "Forced choice" in read.text_of("p")
    assert all((done.page.parent / each["href"]).is_file() for each in read.all("a"))
    assert "://" not in text
    assert not read.all("script")


def heights(path: str) -> list[tuple[float, float]]:
    return [tuple(map(float, point.split())) for point in re.split("L", path.removeprefix("M"))]


def test_a_threshold_stands_where_the_fit_crosses_the_level_and_only_if_it_does(done, drawn) -> None:
    reaching = drawn[0] | {"right": [0.5, 0.6, 0.7, 0.9, 1.0], "fit": [0.5, 0.6, 0.7, 0.9, 1.0]}
    reaching |= {"threshold_s": 0.16 * 2**0.25}
    read = Reading(choice_page(done.result, [reaching]))
    fit, mark = (heights(each["d"]) for each in read.all("path", class_="fit"))

    assert len(fit) == 6 and fit[0][1] == fit[1][1]
    (x, top), (same, bottom) = mark
    assert x == same and bottom > top
    left, right = fit[3], fit[4]
    assert left[0] < x < right[0]
    assert top == pytest.approx(
        left[1] + (x - left[0]) / (right[0] - left[0]) * (right[1] - left[1]), abs=0.2
    )
    assert "75% of choices are right from 190 ms on" in " ".join(read.text_of("figcaption"))

    below = Reading(choice_page(done.result, [reaching | {"threshold_s": 0.02}]))
    assert "less than the smallest shift, 40 ms" in " ".join(below.text_of("figcaption"))
    assert "smallest" not in " ".join(read.text_of("figcaption"))

    never = Reading(choice_page(done.result, [reaching | {"threshold_s": None}]))
    assert len(never.all("path", class_="fit")) == 1
    assert "no shift up to 640 ms" in " ".join(never.text_of("figcaption"))


def test_a_name_cannot_break_the_page(done, drawn) -> None:
    read = Reading(choice_page(done.result, [drawn[0] | {"name": "<b>\"&'"}]))
    assert read.inside == [] and not read.all("b")


def test_a_document_without_series_has_no_drawing(done) -> None:
    bare = done.result.model_copy(update={"scores": done.result.scores[:1]})
    assert [*drawings(bare)] == []
