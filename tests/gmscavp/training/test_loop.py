import dataclasses
import math
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from gmscavp.checkpoint import CheckpointError, load_weights
from gmscavp.complaints import Unknown
from gmscavp.config import GMSCAVPConfig
from gmscavp.model import GMSCAVP
from gmscavp.training.batches import SegmentBatch
from gmscavp.training.config import TrainingConfig
from gmscavp.training.loop import prefetched, train
from gmscavp.training.optimisation import learning_rate, move_average, parameter_groups
from gmscavp.training.plan import Plan, TrainingError
from gmscavp.training.run import Run
from gmscavp.training.validation import recall_at_1
from tests.gmscavp.runs import TINY, TINY_PUBLISHED, log, plan, weights


def breaking_at(whole: Plan, step: int, error: Exception) -> Plan:
    """Return the same plan, but reading the batch of ``step`` fails."""

    def batch(asked: int) -> SegmentBatch:
        if asked == step:
            raise error
        return whole.batch(asked)

    return dataclasses.replace(whole, batch=batch)


def test_a_few_steps_lower_the_loss_and_find_the_pairs(tiny: GMSCAVPConfig, tmp_path: Path) -> None:
    train(plan(tiny, tmp_path, steps=60, precision="fp32", checkpoint_every=60, validate_every=60))

    lines = log(tmp_path)
    start, end = (sum(line["loss"] for line in part) / 5 for part in (lines[:5], lines[-5:]))
    assert end < 0.6 * start
    assert lines[-1]["a2v.recall@1"] == lines[-1]["v2a.recall@1"] == 1.0


@pytest.mark.parametrize(
    ("config", "precision"),
    [(TINY, "fp32"), (TINY, "bf16"), (TINY_PUBLISHED, "bf16")],
    ids=["fp32", "bf16", "BatchNorm and dropout"],
)
def test_a_run_that_was_killed_and_resumed_ends_with_the_weights_of_an_unbroken_one(
    config: GMSCAVPConfig, tmp_path: Path, precision: str
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    train(plan(config, whole, precision=precision))

    with pytest.raises(RuntimeError, match="killed"):
        train(breaking_at(plan(config, broken, precision=precision), 5, RuntimeError("killed")))
    assert not (broken / "weights.safetensors").exists()
    train(plan(config, broken, precision=precision))

    assert weights(broken) == weights(whole)
    timeless = [{k: v for k, v in line.items() if k != "clips_per_second"} for line in log(broken)]
    assert timeless == [{k: v for k, v in line.items() if k != "clips_per_second"} for line in log(whole)]


def test_a_finished_run_is_left_as_it_is(tiny: GMSCAVPConfig, tmp_path: Path) -> None:
    train(plan(tiny, tmp_path))
    before, lines = weights(tmp_path), log(tmp_path)

    train(plan(tiny, tmp_path))

    assert weights(tmp_path) == before and log(tmp_path) == lines


def test_ctrl_c_keeps_the_last_whole_step(tiny: GMSCAVPConfig, tmp_path: Path) -> None:
    def interrupt(step: int, values: object) -> None:
        if step == 3:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train(plan(tiny, tmp_path / "broken"), interrupt)

    assert signal.getsignal(signal.SIGINT) == before
    assert Run(plan(tiny, tmp_path / "broken")).step == 3
    train(plan(tiny, tmp_path / "broken"))
    train(plan(tiny, tmp_path / "whole"))
    assert weights(tmp_path / "broken") == weights(tmp_path / "whole")


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_checkpoint(
    tiny: GMSCAVPConfig, tmp_path: Path
) -> None:
    whole = plan(tiny, tmp_path)

    def batch(step: int) -> SegmentBatch:
        good = whole.batch(step)
        bad = torch.full_like(good.samples, torch.nan)
        return dataclasses.replace(good, samples=bad) if step == 5 else good

    with pytest.raises(TrainingError, match="not finite at step 5"):
        train(dataclasses.replace(whole, batch=batch))

    kept = Run(plan(tiny, tmp_path))
    assert kept.step == 4
    assert all(parameter.isfinite().all() for parameter in kept.network.parameters())


def test_a_folder_with_a_run_of_other_settings_is_refused(tiny: GMSCAVPConfig, tmp_path: Path) -> None:
    train(plan(tiny, tmp_path))

    with pytest.raises(TrainingError, match=r"other settings \(learning_rate=0.003\)\.$"):
        train(plan(tiny, tmp_path, learning_rate=1e-4))
    wider = dataclasses.replace(tiny, video=dataclasses.replace(tiny.video, channels=(8, 8, 8)))
    with pytest.raises(TrainingError, match=r"\(config\.video\.channels=\[4, 6, 8\], steps=6\)\.$"):
        train(plan(wider, tmp_path, steps=7))


def test_a_damaged_checkpoint_is_refused(tiny: GMSCAVPConfig, tmp_path: Path) -> None:
    train(plan(tiny, tmp_path))
    state = tmp_path / "state.pt"
    state.write_bytes(state.read_bytes()[:-500])

    with pytest.raises(CheckpointError, match="damaged") as caught:
        train(plan(tiny, tmp_path))

    assert not caught.value.hint


def test_a_damaged_checkpoint_beside_an_average_need_not_be_the_end(
    tiny: GMSCAVPConfig, tmp_path: Path
) -> None:
    with pytest.raises(RuntimeError):
        train(breaking_at(plan(tiny, tmp_path), 5, RuntimeError("killed")))
    state = tmp_path / "state.pt"
    state.write_bytes(state.read_bytes()[:-500])

    with pytest.raises(CheckpointError, match="damaged") as caught:
        train(plan(tiny, tmp_path))
    assert caught.value.hint == "Remove it: the run then restarts from average.safetensors."

    state.unlink()
    assert Run(plan(tiny, tmp_path)).step == 4


def test_lines_of_the_log_after_the_last_checkpoint_are_cut_off(tiny: GMSCAVPConfig, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        train(breaking_at(plan(tiny, tmp_path), 5, RuntimeError("killed")))
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"step": 5, "lo')

    train(plan(tiny, tmp_path))

    assert [line["step"] for line in log(tmp_path)] == [1, 2, 3, 4, 5, 6]


def test_what_is_kept_is_the_average_not_the_last_weights(tiny: GMSCAVPConfig, tmp_path: Path) -> None:
    train(plan(tiny, tmp_path))
    run = Run(plan(tiny, tmp_path))

    _, state, metadata = load_weights(tmp_path / "weights.safetensors", GMSCAVPConfig, format="gmscavp")

    assert metadata["steps"] == "6"
    for name, tensor in run.average.state_dict().items():
        assert torch.equal(state[name], tensor.half().float())
    assert not torch.equal(
        run.average.video.to_half.convolution.weight, run.network.video.to_half.convolution.weight
    )


def test_keeping_an_average_leaves_the_trajectory_as_it_is(tiny: GMSCAVPConfig, tmp_path: Path) -> None:
    runs = []
    for decay in (0.0, 0.999):
        train(plan(tiny, tmp_path / str(decay), ema=decay))
        runs.append(Run(plan(tiny, tmp_path / str(decay), ema=decay)).network.state_dict())

    assert all(torch.equal(runs[0][name], runs[1][name]) for name in runs[0])


def test_average_is_what_its_formula_says() -> None:
    average, network = torch.nn.Linear(1, 1, bias=False), torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.constant_(average.weight, 2.0)
    torch.nn.init.constant_(network.weight, 5.0)

    move_average(average, network, 0.9, step=0)
    assert average.weight.item() == pytest.approx(0.1 * 2 + 0.9 * 5)
    move_average(average, network, 0.9, step=10_000)
    assert average.weight.item() == pytest.approx(0.9 * 4.7 + 0.1 * 5)
    move_average(average, network, 0.9, step=10_000, broken=torch.zeros(()))
    assert average.weight.item() == pytest.approx(0.9 * (0.9 * 4.7 + 0.1 * 5) + 0.1 * 5)
    before = average.weight.item()
    move_average(average, network, 0.9, step=10_000, broken=torch.ones(()))
    assert average.weight.item() == before


def test_learning_rate_rises_in_a_line_and_falls_in_half_a_cosine() -> None:
    training = TrainingConfig(steps=110, warmup=10, learning_rate=2.0)

    rates = [learning_rate(step, training) for step in range(111)]

    assert rates[:10] == pytest.approx([0.2 * (k + 1) for k in range(10)])
    assert rates[10] == pytest.approx(2.0)
    assert rates[35] == pytest.approx(1 + math.cos(math.pi / 4))
    assert rates[60] == pytest.approx(1.0)
    assert rates[110] == pytest.approx(0.0)


def test_only_matrices_and_kernels_decay(network: GMSCAVP) -> None:
    decaying, free = parameter_groups(network, 0.2)

    assert decaying["weight_decay"] == 0.2 and free["weight_decay"] == 0.0
    assert len(decaying["params"]) + len(free["params"]) == len(list(network.parameters()))
    assert all(each.ndim >= 2 for each in decaying["params"])
    assert any(each is network.alignment.log_scale for each in free["params"])


def test_prefetching_reads_every_step_once_in_order() -> None:
    asked: list[int] = []

    def batch(step: int) -> Any:
        asked.append(step)
        return step

    assert list(prefetched(batch, 3, 7)) == [3, 4, 5, 6] == asked
    assert list(prefetched(batch, 7, 7)) == []


def test_settings_are_read_from_text_and_refused_in_a_sentence() -> None:
    changed = TrainingConfig().overridden({"learning_rate": "1e-3", "precision": "fp32"}, steps=7)

    assert (changed.learning_rate, changed.precision, changed.steps) == (1e-3, "fp32", 7)
    with pytest.raises(Unknown, match="There is no training argument named 'learningrate'") as caught:
        TrainingConfig().overridden({"learningrate": "1"}, steps=None, others=("clips",))
    assert {"clips", "learning_rate", "ema"} < {*caught.value.known}
    with pytest.raises(ValueError, match="'warmup'"):
        TrainingConfig().overridden({"warmup": "soon"}, steps=None)
    assert TrainingConfig().overridden({"noise_db": "none"}, steps=None).noise_db is None
    assert TrainingConfig().overridden({"betas": "0.9:0.95"}, steps=None).betas == (0.9, 0.95)
    for one_or_three in ("0.9", "0.9:0.95:0.99"):
        with pytest.raises(ValueError, match="'betas"):
            TrainingConfig().overridden({"betas": one_or_three}, steps=None)
    with pytest.raises(ValueError, match=r"'betas' must be 0 at least and below 1, not \(0.9, 1.0\)"):
        TrainingConfig().overridden({"betas": "0.9:1"}, steps=None)


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("segments", "0", "1 at least"),
        ("batch_clips", "0", "1 at least"),
        ("checkpoint_every", "0", "1 at least"),
        ("log_every", "-1", "1 at least"),
        ("learning_rate", "-1", "0 at least"),
        ("learning_rate", "nan", "0 at least"),
        ("learning_rate", "inf", "0 at least"),
        ("gap_seconds", "-1", "0 at least"),
        ("micro_batch_clips", "-1", "0 at least"),
        ("ema", "2", "between 0 and 1"),
    ],
)
def test_a_number_that_nothing_can_be_trained_with_is_refused(name: str, value: str, fits: str) -> None:
    with pytest.raises(ValueError, match=f"The training argument '{name}' must be {fits}, not {value}"):
        TrainingConfig().overridden({name: value}, steps=None)


def test_recall_at_1_counts_a_tie_by_its_size() -> None:
    gallery = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])

    assert recall_at_1(gallery, gallery) == pytest.approx((1 + 0.5 + 0.5) / 3)
    assert recall_at_1(torch.ones(3, 2), torch.ones(3, 2)) == pytest.approx(1 / 3)
