"""The page of an offset run: three drawings that say what the records say, and words that cannot break it."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbench.metrics import offsets
from avbench.metrics.offsets import Trials
from avbench.pages.charts import curves, matrix, symmetric
from avbench.results import archive
from avbench.specs import OffsetProtocol
from avbench.tasks.synchrony import OffsetRecord
from tests.pages.test_page import Reading
from tests.running import Runs
from tests.runs.appearing import finder, write_folder

WRONG_ONCE = """
    exact = offset_scores
    def offset_scores(self, video, audio):
        scores = self.exact(video, audio)
        for row, clip in enumerate(audio.clips):
            if clip.id == "clip01.mp4":
                scores[row] = scores[row].flip(0)
        return scores
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("page")
    runs = Runs(folder, write_folder(folder / "clips", (2.3, 2.5, 2.7, 2.8)))
    (done,) = runs.finished(finder(WRONG_ONCE), tasks=("folder-sync",), page=folder / "page")
    return done


@pytest.fixture(scope="module")
def drawn(done) -> dict:
    return json.loads((done.page.parent / "offsets.json").read_text("utf-8"))


def test_what_is_drawn_is_what_the_records_say(done, drawn: dict) -> None:
    records = archive.read_records(done.path, done.result.records_sha256, OffsetRecord)
    grid = OffsetProtocol(window=3.0, reach=1.0).offsets
    trials = Trials.of(grid, [each.offset for each in records], [each.scores for each in records])

    assert drawn["grid_s"] == list(grid)
    assert np.array_equal(drawn["confusion"], offsets.confusion(trials))
    assert drawn["within"][0] == done.result.score("offset.top1").value
    assert drawn["within_by_chance"][0] == pytest.approx(1 / 11)
    assert len(drawn["tolerance_s"]) == len(drawn["within"]) == 6
    assert drawn["distance_s"] == pytest.approx(list(offsets.forced_choice(trials))[: len(drawn["chosen"])])


def test_the_page_is_whole_and_needs_nothing_from_outside(done) -> None:
    text = done.page.read_text("utf-8")
    read = Reading(text)

    assert read.inside == []
    assert len(read.all("svg", class_="plot")) == 3
    assert "Synchrony" in read.text_of("p")
    assert all((done.page.parent / each["href"]).is_file() for each in read.all("a"))
    assert "://" not in text
    assert not read.all("script")


def test_a_curve_rises_with_its_values_and_stays_inside() -> None:
    drawing = Reading(curves([("line", [0.0, 1.0, 2.0], [0.0, 0.5, 1.0])], x="x", y="y", ticks=[(2.0, "2")]))
    (path,) = drawing.all("path", class_="line")
    points = [tuple(map(float, each.split())) for each in path["d"].removeprefix("M").split("L")]

    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert [y for _, y in points] == sorted((y for _, y in points), reverse=True)
    assert points[1] == pytest.approx(((points[0][0] + points[2][0]) / 2, (points[0][1] + points[2][1]) / 2))


@given(st.floats(1e-6, 1e6))
def test_ticks_about_0_end_at_a_short_number_not_far_beyond_what_they_hold(reach: float) -> None:
    ticks = symmetric(reach)
    places, names = zip(*ticks, strict=True)

    assert reach <= places[-1] <= 1.51 * reach
    assert places == pytest.approx([places[-1] * each for each in (-1, -0.5, 0, 0.5, 1)])
    assert [float(each) for each in names] == pytest.approx(places)
    assert all(len(each.lstrip("-").replace(".", "").strip("0")) <= 2 for each in names if "e" not in each)


def test_a_matrix_has_a_cell_for_every_pair_and_the_fullest_is_palest() -> None:
    drawing = Reading(matrix(np.array([[1.0, 0.0], [0.5, 0.5]]), labels=["<b>", "2"], x="x", y="y"))
    cells = drawing.all("rect")
    light = [sum(int(each["fill"][k : k + 2], 16) for k in (1, 3, 5)) for each in cells]

    assert len(cells) == 4
    assert light[0] > light[2] == light[3] > light[1]
    assert "<b>" in drawing.text_of("text")
