import dataclasses
from collections.abc import Generator
from pathlib import Path

import pytest
import torch

from gmscavp.config import GMSCAVPConfig
from gmscavp.draws import drawn, row_seeds
from gmscavp.training.loop import train
from gmscavp.training.plan import Plan, TrainingError
from gmscavp.training.run import Run
from gmscavp.training.staging import Staging
from gmscavp.training.variation import vary
from tests.gmscavp.runs import TINY, TINY_DIFFUSION, log, plan
from tests.gmscavp.training.test_finiteness import with_bad_step

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU"),
    # torch warns of the mode itself, in which a wait is an error.
    pytest.mark.filterwarnings("ignore:Synchronization debug mode is a prototype feature"),
]


@pytest.fixture
def strict() -> Generator[None, None, None]:
    """Make every wait for the GPU an error."""
    yield
    torch.cuda.set_sync_debug_mode("default")


def on_gpu(made: Plan) -> Plan:
    return dataclasses.replace(made, device="cuda", validate=None)


@pytest.mark.parametrize("config", [TINY, TINY_DIFFUSION], ids=["contrast", "with diffusion"])
def test_a_step_does_not_wait_for_the_gpu(config: GMSCAVPConfig, tmp_path: Path, strict: None) -> None:
    run = Run(on_gpu(plan(config, tmp_path)))
    run.advance(run.plan.batch(0))
    batch = run.staging.varied(run.plan.batch(1), 1)
    run.staging.varied = lambda *_: batch  # type: ignore[method-assign]

    torch.cuda.set_sync_debug_mode("error")
    run.advance(batch)


def test_a_batch_that_is_varied_beside_the_computation_is_the_batch(tmp_path: Path) -> None:
    made = plan(TINY, tmp_path)
    staging = Staging("cuda", made.training, made.seed)

    for step in range(4):
        found = staging.varied(made.batch(step), step)
        wanted = vary(made.batch(step).to("cuda"), made.training, made.seed, step)
        assert torch.equal(found.frames, wanted.frames) and torch.equal(found.samples, wanted.samples)


def test_a_gpu_draws_what_a_cpu_draws_up_to_rounding() -> None:
    seeds = row_seeds(0, 0, 16)
    here, there = (
        drawn(seeds, 3, [(5, 7), (1001,)], torch.zeros(0, device=each)) for each in ("cpu", "cuda")
    )

    assert torch.equal(here[0], there[0].cpu())
    for mine, other in zip(here[1], there[1], strict=True):
        torch.testing.assert_close(other.cpu(), mine, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("config", [TINY, TINY_DIFFUSION], ids=["contrast", "with diffusion"])
def test_a_gpu_trains_as_a_cpu_does(config: GMSCAVPConfig, tmp_path: Path) -> None:
    train(plan(config, tmp_path / "cpu", precision="fp64"))
    train(on_gpu(plan(config, tmp_path / "gpu", precision="fp64")))

    for here, there in zip(log(tmp_path / "cpu"), log(tmp_path / "gpu"), strict=True):
        assert there["loss"] == pytest.approx(here["loss"], rel=1e-4)


def test_a_loss_that_is_not_finite_is_noticed_late_and_changes_nothing(tmp_path: Path) -> None:
    changes = {"log_every": 6, "checkpoint_every": 100}
    with pytest.raises(TrainingError, match="not finite at step 2"):
        train(on_gpu(with_bad_step(plan(TINY, tmp_path, **changes), 2)))

    assert not (tmp_path / "state.pt").exists()
