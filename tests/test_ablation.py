"""The ablation's page is made from result documents and from nothing else."""

import argparse
import importlib
import math
import re
from pathlib import Path
from types import ModuleType

import pytest

from avbench.results import archive
from avbench.results.document import ScaleRow, to_json
from tests.results.test_document import result, score

SCRIPTS = Path(__file__).parent.parent / "scripts"


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(SCRIPTS)
    return importlib.import_module("ablation_page")


@pytest.fixture
def ablation(page: ModuleType) -> ModuleType:
    return importlib.import_module("ablation")


def keep(ablation: ModuleType, kept: Path, arm: int, seed: int, value: float, **interval: float) -> None:
    document = result(scores=(score("a2v.recall@1", value, **interval),))
    chosen = ablation.ARMS[arm]
    ablation.keep(document, chosen, kept / f"{chosen.name(800, seed)}.json")


def cells(page: ModuleType, kept: Path, arm: int) -> list[list[str]]:
    """Return the cells of the lines of an arm: R@1 both ways, then the ratio."""
    title = f"| {page.ARMS[arm].title} "
    lines = [line for line in page.page(kept).splitlines() if line.startswith(title)]
    return [[cell.strip() for cell in line.split("|")[2:-1]] for line in lines]


def test_an_arm_is_the_mean_over_seeds_with_its_interval_and_one_not_run_is_named(
    ablation: ModuleType, page: ModuleType, tmp_path: Path
) -> None:
    for seed, value in enumerate((0.1, 0.2, 0.3)):
        keep(ablation, tmp_path, 0, seed, value, low=0.0, high=0.9)

    # Student's t with two degrees of freedom: 4.303 · 10 / √3; no share is below 0.
    assert cells(page, tmp_path, 0)[0][:3] == ["A→V", "3", "20.0 (0.0 … 44.8)"]
    assert cells(page, tmp_path, 1) == []
    assert "Not run for as long: contrast at two scales;" in page.page(tmp_path)


def test_of_one_seed_the_interval_is_that_of_its_document(
    ablation: ModuleType, page: ModuleType, tmp_path: Path
) -> None:
    keep(ablation, tmp_path, 0, 0, 0.1, low=0.05, high=0.2)

    assert cells(page, tmp_path, 0)[0][:3] == ["A→V", "1", "10.0 (5.0 … 20.0)"]


def test_a_ratio_over_seeds_is_the_mean_of_its_logarithms_seed_by_seed(
    ablation: ModuleType, page: ModuleType, tmp_path: Path
) -> None:
    # Twice and eight times: four times on average; Student's t with one degree of freedom is 12.706.
    for seed, (cavp, ours) in enumerate(((0.1, 0.2), (0.05, 0.4))):
        keep(ablation, tmp_path, 0, seed, cavp)
        keep(ablation, tmp_path, 2, seed, ours)
    keep(ablation, tmp_path, 2, 7, 0.9)

    arms = [page.results_of(page.ARMS[index], tmp_path) for index in (2, 0)]
    found = page.ratio(*arms, "a2v.recall@1")
    assert found.value == pytest.approx(4.0)
    assert found.high == pytest.approx(4 * math.exp(12.7062 * math.log(2)), rel=1e-3)
    assert found.low == pytest.approx(16 / found.high)


def test_a_ratio_of_one_seed_has_the_interval_that_both_models_make(
    ablation: ModuleType, page: ModuleType, tmp_path: Path
) -> None:
    keep(ablation, tmp_path, 0, 0, 0.1, low=0.05, high=0.2)
    keep(ablation, tmp_path, 2, 0, 0.8, low=0.8, high=0.8)
    # Only CAVP's interval has a width: a half to twice.
    assert cells(page, tmp_path, 2)[2][0] == "8.0 (4.0 … 16.0)"

    keep(ablation, tmp_path, 2, 0, 0.8, low=0.4, high=1.0)
    down, up = (math.hypot(math.log(one), math.log(2)) for one in (2.0, 1.25))
    low, high = 8 * math.exp(-down), 8 * math.exp(up)
    assert cells(page, tmp_path, 2)[2][0] == f"8.0 ({low:.1f} … {high:.1f})"


def test_an_arm_stands_beside_three_scales_without_diffusion_seed_by_seed(
    ablation: ModuleType, page: ModuleType, tmp_path: Path
) -> None:
    for seed, (three, ours) in enumerate(((0.2, 0.3), (0.6, 0.8))):
        keep(ablation, tmp_path, 2, seed, three)
        keep(ablation, tmp_path, 6, seed, ours)

    half = 12.7062 * 5  # points 10 and 20; Student's t with one degree of freedom
    assert cells(page, tmp_path, 6)[2][2] == f"+15.0 ({15 - half:+.1f} … {15 + half:+.1f})"
    assert cells(page, tmp_path, 2)[2][2] == "–"


def test_runs_of_another_number_of_steps_have_a_section_of_their_own(
    ablation: ModuleType, page: ModuleType, tmp_path: Path
) -> None:
    keep(ablation, tmp_path, 0, 0, 0.1)
    for seed in range(2):
        path = tmp_path / f"{page.ARMS[0].name(100, seed)}.json"
        ablation.keep(result(scores=(score("a2v.recall@1", 0.2),)), page.ARMS[0], path)

    assert page.steps_kept(tmp_path) == [800, 100]
    assert re.findall(r"## (\d+) steps", page.page(tmp_path)) == ["800", "100"]


def test_nothing_is_divided_by_a_cavp_that_finds_nothing(
    ablation: ModuleType, page: ModuleType, tmp_path: Path
) -> None:
    keep(ablation, tmp_path, 0, 0, 0.0, low=0.0, high=0.1)
    keep(ablation, tmp_path, 2, 0, 0.8, low=0.4, high=1.0)

    assert cells(page, tmp_path, 2)[2] == ["–"] * 4


def test_what_is_kept_of_a_result_is_a_document_without_reference_rows_and_local_paths(
    ablation: ModuleType, tmp_path: Path
) -> None:
    document = result(scale_rows=(ScaleRow(model="random", unavailable="no such model"),))
    local = document.model.model_copy(update={"args": {"config": "small", "weights": "/home/me/run"}})
    ablation.keep(document.model_copy(update={"model": local}), ablation.ARMS[0], tmp_path / "kept.json")

    found = archive.read(tmp_path / "kept.json")
    assert found.scale_rows == () and found.model.args == {"config": "small"}
    changed = {"scale_rows": document.scale_rows, "model": document.model}
    assert found.model_copy(update=changed) == document


def test_results_of_bundled_weights_are_adopted_as_those_of_seed_0(
    ablation: ModuleType, page: ModuleType, tmp_path: Path
) -> None:
    document = result(scores=(score("a2v.recall@1", 0.1, low=0.05, high=0.2),))
    task, other = document.task.model_copy(update={"name": ablation.TASK}), document
    document = document.model_copy(update={"task": task})
    (tmp_path / "board").mkdir()
    (tmp_path / "board" / "sounds.json").write_text(to_json(other), encoding="utf-8")
    for config in ("small", "published"):
        changed = {"name": "cavp", "identity": {"config": config, "weights": "ab"}}
        named = document.model_copy(update={"model": document.model.model_copy(update=changed)})
        (tmp_path / "board" / f"{config}.json").write_text(to_json(named), encoding="utf-8")

    ablation.adopt(tmp_path / "board", argparse.Namespace(kept=tmp_path / "kept", steps=800))

    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["cavp-small-800-0.json"]
    assert cells(page, tmp_path / "kept", 0)[0][:3] == ["A→V", "1", "10.0 (5.0 … 20.0)"]


def test_a_figure_is_drawn_of_what_there_is(ablation: ModuleType, page: ModuleType, tmp_path: Path) -> None:
    keep(ablation, tmp_path, 0, 0, 0.1, low=0.05, high=0.2)
    keep(ablation, tmp_path, 2, 0, 0.8)

    page.draw(tmp_path, tmp_path)

    assert (tmp_path / page.figure_name(800)).read_bytes().startswith(b"\x89PNG")


def test_every_arm_is_a_config_that_can_be_trained(page: ModuleType) -> None:
    from cavp.plugin import FAMILY as CAVP
    from gmscavp.plugin import FAMILY as GMSCAVP

    families = {family.name: family for family in (CAVP, GMSCAVP)}
    assert all(arm.config in families[arm.model].training for arm in page.ARMS)
