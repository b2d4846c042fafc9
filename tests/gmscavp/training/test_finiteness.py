import copy
import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from gmscavp.config import GMSCAVPConfig
from gmscavp.training.batches import SegmentBatch
from gmscavp.training.finiteness import Finiteness
from gmscavp.training.loop import train
from gmscavp.training.plan import Plan, TrainingError
from gmscavp.training.run import Run
from tests.gmscavp.runs import TINY, TINY_DIFFUSION, plan


class NothingReadBack(TorchDispatchMode):
    """Fails where a number on the device decides what the host does: on a GPU it would wait."""

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = function.overloadpacket.__name__
        assert name not in {"_local_scalar_dense", "nonzero", "is_nonzero", "equal", "masked_select"}, name
        return function(*args, **(kwargs or {}))


def with_bad_step(made: Plan, bad: int) -> Plan:
    """Return the same plan, but the sound of one step is not a number."""

    def batch(step: int) -> SegmentBatch:
        good = made.batch(step)
        nan = torch.full_like(good.samples, torch.nan)
        return dataclasses.replace(good, samples=nan) if step == bad else good

    return dataclasses.replace(made, batch=batch)


def state(run: Run) -> dict[str, Any]:
    networks = {"network": run.network.state_dict(), "average": run.average.state_dict()}
    return copy.deepcopy({**networks, "moments": run.optimiser.state_dict()["state"]})


@pytest.mark.parametrize("micro_batch", [0, 1])
@pytest.mark.parametrize("config", [TINY, TINY_DIFFUSION], ids=["contrast", "with diffusion"])
def test_a_step_reads_nothing_back_from_the_device(
    config: GMSCAVPConfig, micro_batch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(plan(config, tmp_path, micro_batch_clips=micro_batch))
    batch = run.staging.varied(run.plan.batch(0), 0)

    def refuse(tensor: torch.Tensor) -> Any:
        raise AssertionError("read back")

    monkeypatch.setattr(run.staging, "varied", lambda batch, step: batch)
    monkeypatch.setattr(torch.Tensor, "tolist", refuse)
    monkeypatch.setattr(torch.Tensor, "numpy", refuse)
    with NothingReadBack():
        run.advance(batch)

    assert run.step == 1


def test_nothing_changes_from_the_first_bad_loss_on_however_late_it_is_noticed(tmp_path: Path) -> None:
    made = with_bad_step(plan(TINY, tmp_path, log_every=6, checkpoint_every=100), 2)
    run = Run(made)
    for step in range(2):
        run.advance(made.batch(step))
    before = state(run)
    # The losses of the steps that follow are finite again.
    for step in range(2, 6):
        run.advance(made.batch(step))

    torch.testing.assert_close(state(run), before, rtol=0, atol=0)
    for look in (run.values, run.save):
        with pytest.raises(TrainingError, match="not finite at step 2"):
            look()
    assert list(tmp_path.iterdir()) == []


def test_the_step_is_that_of_the_run_where_it_was_resumed_and_the_checkpoint_is_kept(tmp_path: Path) -> None:
    changes = {"log_every": 3, "checkpoint_every": 3, "steps": 9}
    good = plan(TINY, tmp_path, **changes)
    run = Run(good)
    for step in range(3):
        run.advance(good.batch(step))
    run.save()
    kept = (tmp_path / "state.pt").read_bytes()

    with pytest.raises(TrainingError, match=r"step 4 \(.*\); the checkpoint of step 3 is kept") as caught:
        train(with_bad_step(plan(TINY, tmp_path, **changes), 4))

    assert all(name in str(caught.value) for name in ("semantic/0", "temporal/2"))
    assert (tmp_path / "state.pt").read_bytes() == kept
    assert (tmp_path / "log.jsonl").read_text() == ""


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
def test_the_first_bad_loss_and_its_terms_are_remembered(bad: float) -> None:
    verdict = Finiteness("cpu")

    def see(loss: float, a: float, b: float) -> None:
        verdict.see(torch.tensor(loss), {"a": torch.tensor(a), "b": torch.tensor(b)})

    see(1.0, 0.5, 0.5)
    see(3.0, 1.5, 1.5)
    assert verdict.first_broken() is None and verdict.broken.item() == 0

    see(bad, 0.5, bad)
    see(bad, bad, 0.5)
    see(1.0, 0.5, 0.5)

    assert verdict.first_broken() == (2, ["b"]) and verdict.broken.item() == 1
