"""Runs of which only the average is left, as where a checkpoint was too large to carry."""

import dataclasses
from pathlib import Path

import pytest
import torch

from gmscavp.checkpoint import CheckpointError, load_weights
from gmscavp.config import GMSCAVPConfig
from gmscavp.training.loop import train
from gmscavp.training.optimisation import learning_rate
from gmscavp.training.plan import TrainingError
from gmscavp.training.run import Run
from tests.gmscavp.runs import log, plan, weights


def stopped_at(step: int, config: GMSCAVPConfig, folder: Path) -> Run:
    """Return a run of six steps that is stopped, and whose checkpoint is lost."""
    folder.mkdir(exist_ok=True)
    run = Run(plan(config, folder))
    while run.step < step:
        run.advance(run.plan.batch(run.step))
    run.save()
    run.state.unlink()
    return run


def noted(path: Path) -> dict[str, str]:
    return load_weights(path, GMSCAVPConfig, format="gmscavp")[2]


def test_a_restart_begins_with_the_average_in_both_places_at_its_step(
    tiny: GMSCAVPConfig, tmp_path: Path
) -> None:
    lost = stopped_at(4, tiny, tmp_path / "run")

    run = Run(plan(tiny, tmp_path / "run"))

    assert run.step == 4 and not run.optimiser.state
    kept, *both = (each.state_dict() for each in (lost.average, run.average, run.network))
    for state in both:
        for name, tensor in kept.items():
            assert torch.equal(state[name], tensor.half().to(tensor.dtype)), name


def test_a_restart_is_told_logged_noted_and_resumed_like_any_run(tiny: GMSCAVPConfig, tmp_path: Path) -> None:
    said: list[str] = []
    stopped_at(4, tiny, tmp_path)

    train(dataclasses.replace(plan(tiny, tmp_path), say=said.append))

    assert said[0].startswith("There is no checkpoint, but the average of step 4")
    assert [line["step"] for line in log(tmp_path)] == [4, 5, 6]
    assert log(tmp_path)[0]["restarted"] == 1
    assert noted(tmp_path / "weights.safetensors")["restarted"] == "4"
    finished, lines = weights(tmp_path), log(tmp_path)
    train(plan(tiny, tmp_path))
    assert weights(tmp_path) == finished and log(tmp_path) == lines


def test_a_restarted_run_that_is_killed_and_resumed_ends_as_an_unbroken_one(
    tiny: GMSCAVPConfig, tmp_path: Path
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for folder in (whole, broken):
        stopped_at(3, tiny, folder)
    train(plan(tiny, whole))

    run = Run(plan(tiny, broken))
    run.advance(run.plan.batch(run.step))
    run.save()
    train(plan(tiny, broken))

    assert weights(broken) == weights(whole)


def test_the_average_is_kept_at_every_checkpoint_until_the_run_has_ended(
    tiny: GMSCAVPConfig, tmp_path: Path
) -> None:
    stopped_at(4, tiny, tmp_path)
    assert noted(tmp_path / "average.safetensors")["steps"] == "4"

    train(plan(tiny, tmp_path))

    assert not (tmp_path / "average.safetensors").exists()


def test_the_rate_rises_again_to_where_the_cosine_is(tiny: GMSCAVPConfig, tmp_path: Path) -> None:
    training = dataclasses.replace(plan(tiny, tmp_path).training, steps=100, warmup=10)

    rates = [learning_rate(step, training, 60) for step in range(60, 100)]

    assert rates[0] == pytest.approx(learning_rate(60, training) / 10)
    assert rates[4] == pytest.approx(learning_rate(64, training) / 2)
    assert rates[10:] == [learning_rate(step, training) for step in range(70, 100)]


def test_an_average_of_other_settings_or_a_damaged_one_is_refused(
    tiny: GMSCAVPConfig, tmp_path: Path
) -> None:
    run = stopped_at(4, tiny, tmp_path)

    with pytest.raises(TrainingError, match="other settings"):
        Run(plan(tiny, tmp_path, learning_rate=1e-3))
    run.left.write_bytes(run.left.read_bytes()[:50])
    with pytest.raises(CheckpointError, match="is damaged"):
        Run(plan(tiny, tmp_path))
