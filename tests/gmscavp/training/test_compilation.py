import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from gmscavp.checkpoint import read_state
from gmscavp.training.loop import train
from tests.gmscavp.runs import TINY, plan


def test_a_machine_without_a_compiler_trains_on_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(function: Any) -> Any:
        raise RuntimeError("no compiler\nand a long explanation")

    monkeypatch.setattr(torch, "compile", missing)
    said: list[str] = []
    made = dataclasses.replace(plan(TINY, tmp_path / "compiled", compile=True), say=said.append)
    train(made)
    train(plan(TINY, tmp_path / "eager"))

    assert said == ["torch.compile does not work here (no compiler): training goes on without it."]
    kept = [(tmp_path / name / "weights.safetensors").read_bytes() for name in ("compiled", "eager")]
    assert kept[0] == kept[1]


@pytest.mark.slow
def test_compiling_changes_the_weights_by_no_more_than_rounding(tmp_path: Path) -> None:
    # In a process of its own: the checks of shapes that tests switch on cannot be compiled.
    script = [sys.executable, "-m", "tests.gmscavp.rank"]
    subprocess.run([*script, "tiny", str(tmp_path / "compiled"), '{"compile": true}'], check=True)
    train(plan(TINY, tmp_path / "eager", precision="fp64"))

    eager, compiled = (read_state(tmp_path / name / "state.pt") for name in ("eager", "compiled"))
    assert compiled["step"] == eager["step"]
    for name, tensor in eager["network"].items():
        torch.testing.assert_close(compiled["network"][name], tensor, rtol=1e-8, atol=1e-9, msg=name)
