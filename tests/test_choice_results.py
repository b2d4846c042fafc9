"""What the page of forced choices quotes is what the result documents say."""

import importlib
import re
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

from avbench.results import archive
from avbench.results.document import RunResult

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "leaderboards" / "results"


@pytest.fixture
def quotes(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return importlib.import_module("choice_results")


def kept(model: str) -> RunResult:
    (path,) = archive.find(RESULTS / model / "avsynth-counterfactuals")
    return archive.read(path)


def rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


@pytest.mark.parametrize("model", ["gmscavp", "cavp"])
def test_a_curve_is_told_shift_by_shift(quotes: ModuleType, model: str) -> None:
    heads, _, *lines = rows(quotes.curves_block())
    told = {
        f"choice.shift-{line[0].partition(',')[0]}@{float(head.removesuffix(' ms')) / 1000:g}": float(cell)
        for line in lines
        if line[0].endswith(f"`{model}`")
        for head, cell in zip(heads[1:], line[1:], strict=True)
        if cell
    }

    assert told == pytest.approx(
        {each.id: 100 * each.value for each in kept(model).scores if "@" in each.id}, abs=0.051
    )


def test_thresholds_stand_in_milliseconds_and_where_there_is_none_it_says_so(quotes: ModuleType) -> None:
    heads, _, *lines = rows(quotes.choices_block())
    told = {line[0]: dict(zip(heads[1:], line[1:], strict=True)) for line in lines}
    for scale in ("S2", "S3", "S5"):
        for model in ("gmscavp", "cavp"):
            score = kept(model).score(f"choice.shift-{scale}.threshold")
            cell = told[f"{scale} threshold"][f"`{model}`"]
            assert cell.startswith(f"{1000 * score.value:.3g} ms" if score else "none")


def test_the_picture_is_one_svg_with_a_curve_of_each_model_on_each_scale(quotes: ModuleType) -> None:
    text = quotes.picture()
    drawn = [each.get("class") for each in ElementTree.fromstring(text).iter() if each.tag.endswith("path")]

    assert drawn.count("line") == drawn.count("second") == drawn.count("chance") == 3
    assert drawn.count("band") == 6
    assert set(re.findall(r"var\((--\w+)\)", text)) <= set(re.findall(r"(--\w+):", text))
