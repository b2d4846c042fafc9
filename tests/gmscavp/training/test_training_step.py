"""The benchmark of a training step: what it measures, on ``base`` at a size for tests."""

import importlib
import os
import subprocess
import sys
from mmap import PAGESIZE, mmap
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from gmscavp.config import TRAINING
from tests.narrow_base import NARROW_BASE

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The benchmark, for which nothing is compiled: the checks of shapes that tests switch on cannot be."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    module = importlib.import_module("training_step")
    monkeypatch.setattr(module, "compile_in_place", lambda *_: True)
    monkeypatch.setattr("gmscavp.training.run.compile_in_place", lambda *_: True)
    return module


def measure(benchmark: ModuleType, clips: int = 1, **given: Any) -> dict[str, Any]:
    return benchmark.measure_what_fits(
        NARROW_BASE, TRAINING["base"], clips=clips, device="cpu", repeats=1, **given
    )


def test_every_row_has_a_rate_and_a_peak_and_is_kept_as_it_comes(benchmark: ModuleType) -> None:
    kept: list[list[str]] = []

    found = measure(benchmark, keep=lambda figures: kept.append([*figures["rows"]]))

    rows, names = found["rows"], [benchmark.PLAIN, benchmark.EAGER, benchmark.BACKBONES, benchmark.COMPILED]
    assert kept == [names[: count + 1] for count in range(4)]
    assert all(row["clips_per_s"] > 0 and row["peak_gib"] > 0.05 for row in rows.values())
    rates = [rows[name]["clips_per_s"] for name in names]
    assert found["over_backbones"] == rates[3] / rates[2]
    assert found["over_eager_fp32"] == rates[3] / rates[0]
    assert found["tflop_per_clip"] > 0 and found["matrix_tflops"] > 0


def test_the_operations_of_a_step_are_those_of_its_products(benchmark: ModuleType) -> None:
    one, other = torch.rand(3, 5), torch.rand(5, 7)

    assert benchmark.operations(lambda: one @ other) == 2 * 3 * 5 * 7


def test_a_row_that_fails_says_why_and_the_others_are_measured(
    benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(steps: Any) -> Any:
        raise ValueError("no such kernel\nand a long explanation")

    monkeypatch.setattr(benchmark.Steps, "backbones", broken)

    found = measure(benchmark)

    assert found["rows"][benchmark.BACKBONES] == {"failed": "ValueError: no such kernel"}
    assert found["rows"][benchmark.COMPILED]["clips_per_s"] > 0
    assert "over_eager_fp32" in found and "over_backbones" not in found
    assert "no such kernel" in benchmark.as_table(found)


def test_where_nothing_is_compiled_no_row_says_so(
    benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_a_compiler(module: object, device: str, say: Any) -> bool:
        say("torch.compile does not work here")
        return False

    monkeypatch.setattr(benchmark, "compile_in_place", without_a_compiler)
    monkeypatch.setattr("gmscavp.training.run.compile_in_place", without_a_compiler)

    rows = measure(benchmark)["rows"]

    for name in (benchmark.BACKBONES, benchmark.COMPILED):
        assert rows[name] == {"failed": "RuntimeError: torch.compile does not work here"}


def test_a_batch_that_does_not_fit_is_halved_until_it_does(
    benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fits(steps: Any, repeats: int, keep: object) -> dict[str, int]:
        if steps.clips > 2:
            raise torch.OutOfMemoryError
        return {"clips": steps.clips}

    monkeypatch.setattr(benchmark, "measure", fits)
    assert measure(benchmark, clips=8) == {"clips": 2}

    def never_fits(*_: object) -> None:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(benchmark, "measure", never_fits)
    with pytest.raises(torch.OutOfMemoryError):
        measure(benchmark, clips=2)


def test_the_table_states_the_ceiling_and_both_ratios(benchmark: ModuleType) -> None:
    rows = {benchmark.PLAIN: 10.0, benchmark.EAGER: 20.0, benchmark.BACKBONES: 50.0, benchmark.COMPILED: 40.0}
    figures = {
        "config": "base", "clips": 8, "device": "cuda", "gpu": "Imaginary GPU", "torch": "2.11",
        "matrix_tflops": 800.0, "tflop_per_clip": 5.0,
        "rows": {name: {"clips_per_s": rate, "peak_gib": 12.34} for name, rate in rows.items()},
    }  # fmt: skip

    table = benchmark.as_table(figures | benchmark.ratios(figures["rows"]))

    assert f"| {benchmark.COMPILED} | 40.00 | 200 | 25 % | 12.3 |" in table
    assert f"| {benchmark.BACKBONES} | 50.00 | – | – | 12.3 |" in table
    assert "Imaginary GPU" in table and "800 TFLOP/s" in table
    assert "0.80 × the rate of the bare backbones and 4.00 × that of the eager float32 step" in table


def test_a_peak_is_that_since_counting_began(benchmark: ModuleType) -> None:
    memory = importlib.import_module("peak_memory")
    memory.forget_peak("cpu")
    before = memory.peak_gib("cpu")

    with mmap(-1, 2**28) as held:
        for page in range(0, len(held), PAGESIZE):
            held[page] = 1
        grown = memory.peak_gib("cpu")
    memory.forget_peak("cpu")

    assert grown > before + 0.2
    assert memory.peak_gib("cpu") < grown - 0.2


@pytest.mark.slow
def test_base_is_compiled_whole_and_alone(tmp_path: Path) -> None:
    # In a process of its own, without the checks of shapes.
    script = (
        "import sys, training_step as t; from gmscavp.config import TRAINING; "
        "from tests.narrow_base import NARROW_BASE as config; "
        "made = t.measure_what_fits(config, TRAINING['base'], clips=1, device='cpu', repeats=1); "
        "print(t.as_table(made)); sys.exit('failed' in str(made['rows']))"
    )
    root = BENCHMARKS.parent
    places = os.pathsep.join(map(str, (BENCHMARKS, root, root / "models", root / "plugins")))

    done = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | {"PYTHONPATH": places}, check=False
    )

    assert done.returncode == 0
