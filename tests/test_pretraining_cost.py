"""The cost of the recipes: by hand from a figures file, and nothing about hours without one from a GPU."""

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from avbench.training.recipes import read_recipe
from gmscavp.plugin import RECIPES

ROOT = Path(__file__).parent.parent
FIGURES: dict[str, Any] = {
    "config": "base",
    "clips": 8,
    "device": "cuda",
    "gpu": "Imaginary GPU",
    "rows": {"step, compiled, bf16": {"clips_per_s": 100.0}, "step, eager, bf16": {"clips_per_s": 50.0}},
}


@pytest.fixture
def cost(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    sys.modules.pop("pretraining_cost", None)
    return importlib.import_module("pretraining_cost")


@pytest.fixture
def decoding(cost: ModuleType) -> Any:
    return cost.Decoding(where="a core", seconds=0.25, clips=14)


def row(block: str, recipe: str) -> list[str]:
    (line,) = [line for line in block.splitlines() if line.startswith(f"| `{recipe}`")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_hours_and_storage_follow_from_what_was_measured(cost: ModuleType, decoding: Any) -> None:
    rate = cost.rate_of(FIGURES)
    recipe = read_recipe(str(RECIPES / "vggsound.toml"), {})

    found = row(cost.cost_block([rate], decoding), "vggsound")

    drawn = 50_525 * 240
    assert (rate.device, rate.gpu, rate.clips_per_s) == ("Imaginary GPU", True, 100.0)
    assert cost.hours(recipe, rate) == pytest.approx(drawn / 100 / 3600)
    assert found == [
        "`vggsound`",
        "183,730",
        f"{drawn:,}",
        "66.0",
        "304 GB",
        "1.1 TB",
        f"{183_730 * 0.25 / 3600:,.0f}",
        f"{drawn * 0.25 / 3600:,.0f}",
        f"{drawn / 100 / 3600:,.0f}",
        f"{8 * 100 * 0.25:.0f}",
    ]


def test_where_compiling_failed_the_eager_step_counts(cost: ModuleType) -> None:
    rows = {**FIGURES["rows"], "step, compiled, bf16": {"failed": "RuntimeError: no compiler"}}

    rate = cost.rate_of({**FIGURES, "rows": rows})

    assert (rate.clips_per_s, rate.how) == (50.0, "eager, bf16, 8 clips")


def test_a_kept_clip_of_base_is_as_long_as_its_window_says(cost: ModuleType) -> None:
    choice = cost.choice_of(read_recipe(str(RECIPES / "vggsound.toml"), {}))

    assert choice.clip_bytes == 38 * 224 * 224 * 3 + 152_000 * 2


def test_without_a_gpu_no_hours_are_given_but_how_to_get_them(cost: ModuleType, decoding: Any) -> None:
    on_cpu = {**FIGURES, "device": "cpu", "gpu": ""}

    block = cost.cost_block([cost.rate_of(on_cpu)], decoding)

    assert "No GPU has been measured" in block
    assert "hours of one" not in block
    assert "100 clips a second of processor time" in block
    assert len(row(block, "panda70m")) == 8


@pytest.mark.parametrize("broken", [{"config": "small"}, {"rows": {}}])
def test_figures_of_something_else_are_refused(cost: ModuleType, broken: dict[str, object]) -> None:
    with pytest.raises(LookupError, match="no training step of base"):
        cost.rate_of({**FIGURES, **broken})


def test_the_page_has_a_row_for_every_recipe(cost: ModuleType, decoding: Any, tmp_path: Path) -> None:
    (tmp_path / "figures.json").write_text(json.dumps(FIGURES))

    block = cost.cost_block(cost.rates_in([tmp_path / "figures.json"]), decoding)

    for recipe in RECIPES.glob("*.toml"):
        assert row(block, recipe.stem)
