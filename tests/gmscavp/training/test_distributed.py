import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from gmscavp.checkpoint import read_state
from gmscavp.config import GMSCAVPConfig
from gmscavp.training.distributed import ALONE, gathered, joined
from gmscavp.training.loop import train
from tests.gmscavp import rank
from tests.gmscavp.runs import TINY, TINY_DIFFUSION, TINY_FROZEN, TRAINING, log, plan


def two_processes(*args: object) -> list[tuple[int, str]]:
    """Run the script of one process twice, as torchrun would, and return exit codes and standard errors.

    A warning ends a process: DistributedDataParallel warns of gradients laid out otherwise than its buckets.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    common = os.environ | {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    started = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "tests.gmscavp.rank", *map(str, args)],
            env=common | {"RANK": str(each), "LOCAL_RANK": str(each), "OMP_NUM_THREADS": "1"},
            stderr=subprocess.PIPE,
            text=True,
        )
        for each in range(2)
    ]
    errors = [process.communicate(timeout=240)[1] for process in started]
    return [(process.returncode, error) for process, error in zip(started, errors, strict=True)]


@pytest.mark.parametrize(
    ("config", "micro_batch"),
    [(TINY, 0), (TINY, 1), (TINY_DIFFUSION, 0), (TINY_DIFFUSION, 1), (TINY_FROZEN, 1)],
    ids=["whole", "in parts", "with diffusion", "with diffusion in parts", "frozen BatchNorm in parts"],
)
def test_two_processes_train_as_one_with_the_same_global_batch(
    tmp_path: Path, config: GMSCAVPConfig, micro_batch: int
) -> None:
    changes = json.dumps({"micro_batch_clips": micro_batch})
    assert [code for code, _ in two_processes(config.name, tmp_path / "two", changes)] == [0, 0]

    train(plan(config, tmp_path / "one", precision="fp64"))

    one, two = (read_state(tmp_path / name / "state.pt") for name in ("one", "two"))
    assert one["step"] == two["step"] == TRAINING.steps
    for kept in ("network", "average"):
        for name, tensor in one[kept].items():
            torch.testing.assert_close(two[kept][name], tensor, rtol=1e-9, atol=1e-10, msg=name)
    for alone, shared in zip(log(tmp_path / "one"), log(tmp_path / "two"), strict=True):
        assert shared.keys() == alone.keys()
        for name in (name for name in alone if name != "clips_per_second"):
            assert shared[name] == pytest.approx(alone[name], rel=1e-9)


def test_a_killed_process_ends_the_other_in_a_sentence_and_the_last_checkpoint_is_kept(
    tmp_path: Path,
) -> None:
    (first, message), (killed, _) = two_processes("tiny", tmp_path, "{}", "SIGKILL", 3)

    assert killed < 0 and first == rank.FAILED
    assert "Another process of the run ended during step 3; the checkpoint of step 2 is kept." in message
    assert read_state(tmp_path / "state.pt")["step"] == 2
    assert not (tmp_path / "weights.safetensors").exists()


def test_all_processes_stop_together_at_the_next_line_of_the_log_when_one_is_asked_to(tmp_path: Path) -> None:
    changes = {"log_every": 4, "checkpoint_every": 100, "steps": 8}
    stopped = two_processes("tiny", tmp_path, json.dumps(changes), "SIGTERM", 2)

    assert [code for code, _ in stopped] == [rank.STOPPED, rank.STOPPED]
    assert read_state(tmp_path / "state.pt")["step"] == 4


def test_gradients_lie_in_memory_as_the_buckets_that_processes_exchange(tmp_path: Path) -> None:
    # In float32: there convolutions choose how gradients lie. A warning would end both processes.
    changes = json.dumps({"precision": "fp32", "steps": 3})

    assert two_processes("tiny", tmp_path, changes) == [(0, ""), (0, "")]


def test_a_process_alone_gathers_nothing_and_needs_no_network() -> None:
    features = (torch.ones(2, 3), torch.zeros(2, 4))

    with joined("cpu") as (processes, device):
        assert (processes, device) == (ALONE, "cpu")
    assert all(found is given for found, given in zip(gathered(features), features, strict=True))
    assert ALONE.mean([1.5], "cpu") == [1.5]
