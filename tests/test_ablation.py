"""The ablation's page is made from result documents and from nothing else."""

import argparse
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from avbench import archive
from tests.test_results import result, score

SCRIPT = Path(__file__).parent.parent / "scripts" / "ablation.py"


@pytest.fixture
def ablation() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ablation", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_arm_is_the_mean_over_seeds_with_its_interval_and_one_not_run_is_a_dash(
    ablation: ModuleType, tmp_path: Path
) -> None:
    for seed, value in enumerate((0.1, 0.2, 0.3)):
        document = result(scores=(score("a2v.recall@1", value),))
        archive.put(tmp_path / "results" / f"cavp-small-800-{seed}", document, b"", b"")
    given = argparse.Namespace(runs=tmp_path, seeds=3, steps=800)

    lines = ablation.page(given).splitlines()
    starts = (f"| {arm.title}" for arm in ablation.ARMS[:2])
    cavp, other = (next(line for line in lines if line.startswith(start)) for start in starts)
    # Student's t with two degrees of freedom: 4.303 · 10 / √3.
    assert [cell.strip() for cell in cavp.split("|")[2:5]] == ["A→V", "3", "20.0 ± 24.8"]
    assert [cell.strip() for cell in other.split("|")[2:5]] == ["A→V", "0", "–"]


def test_every_arm_is_a_config_that_can_be_trained(ablation: ModuleType) -> None:
    from cavp.plugin import FAMILY as CAVP
    from gmscavp.plugin import FAMILY as GMSCAVP

    families = {family.name: family for family in (CAVP, GMSCAVP)}
    assert all(arm.config in families[arm.model].training for arm in ablation.ARMS)
