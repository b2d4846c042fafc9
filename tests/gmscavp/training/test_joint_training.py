import dataclasses
from pathlib import Path

import pytest

from gmscavp.config import GMSCAVPConfig
from gmscavp.training.loop import train
from tests.gmscavp.runs import log, plan, weights
from tests.gmscavp.training.test_loop import breaking_at


def test_a_joint_run_that_was_killed_and_resumed_ends_with_the_weights_of_an_unbroken_one_and_logs_every_part(
    tiny_diffusion: GMSCAVPConfig, tmp_path: Path
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    train(plan(tiny_diffusion, whole))
    with pytest.raises(RuntimeError, match="killed"):
        train(breaking_at(plan(tiny_diffusion, broken), 3, RuntimeError("killed")))
    train(plan(tiny_diffusion, broken))

    assert weights(broken) == weights(whole)
    for scale in range(3):
        assert {f"diffusion/{way}/{scale}" for way in ("v2a", "a2v")} < log(broken)[-1].keys()
    other = dataclasses.replace(plan(tiny_diffusion, tmp_path / "other"), seed=1)
    train(other)
    assert weights(tmp_path / "other") != weights(whole)
