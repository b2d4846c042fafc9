import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from cavp.config import CAVPConfig
from cavp.model import CAVP
from gmscavp.config import GMSCAVPConfig
from gmscavp.draws import row_seeds
from gmscavp.model import GMSCAVP
from gmscavp.training.gradient_cache import Learner, cached_backward, live_batch_norms, obstacle
from gmscavp.training.loop import train
from gmscavp.training.plan import TrainingError
from gmscavp.training.run import Run
from tests.gmscavp.runs import TINY, TINY_DIFFUSION, TINY_PUBLISHED, log, plan


def cavp() -> CAVP:
    return CAVP(CAVPConfig(name="tiny", log_mel=TINY.log_mel, video=TINY.video, audio=TINY.audio, dim=5))


@pytest.mark.parametrize(
    "build",
    [lambda: GMSCAVP(TINY), lambda: GMSCAVP(TINY_DIFFUSION), cavp],
    ids=["gmscavp", "with diffusion", "cavp"],
)
@pytest.mark.parametrize("rows", [2, 3, 8])
def test_a_batch_in_parts_has_the_objective_and_gradient_of_the_whole(
    build: Callable[[], Any], rows: int, frames: torch.Tensor, samples: torch.Tensor
) -> None:
    torch.manual_seed(0)
    network = build().double()
    pixels, sound = frames.double() / 255, samples.double()
    seeds = row_seeds(0, 0, len(frames))
    whole = network(pixels, sound, 2, seeds)
    whole.total.backward()
    expected = {name: each.grad.clone() for name, each in network.named_parameters()}
    network.zero_grad()

    found = cached_backward(Learner(network), network, pixels, sound, 2, seeds, rows=rows)

    torch.testing.assert_close(found.total.detach(), whole.total.detach(), rtol=1e-12, atol=0)
    assert found.parts.keys() == whole.parts.keys()
    for name, part in whole.parts.items():
        torch.testing.assert_close(found.parts[name], part, rtol=1e-12, atol=0, msg=name)
    for name, each in network.named_parameters():
        torch.testing.assert_close(each.grad, expected[name], rtol=1e-9, atol=1e-12, msg=name)


def test_no_more_rows_than_asked_for_go_through_the_networks_at_once(
    frames: torch.Tensor, samples: torch.Tensor
) -> None:
    network = GMSCAVP(TINY)
    seen: list[int] = []
    network.video.register_forward_hook(lambda module, given, made: seen.append(len(given[0])))

    cached_backward(Learner(network), network, frames / 255, samples, 2, rows=3)

    assert seen == [3, 3, 2, 3, 3, 2]


@pytest.mark.parametrize("config", [TINY, TINY_DIFFUSION], ids=["contrast", "with diffusion"])
def test_a_run_in_parts_ends_with_the_weights_and_the_log_of_a_run_of_whole_batches(
    config: GMSCAVPConfig, tmp_path: Path
) -> None:
    runs: list[Run] = []
    for micro in (0, 1, 3):
        made = plan(config, tmp_path / str(micro), precision="fp64", micro_batch_clips=micro)
        train(made)
        runs.append(Run(made))

    whole, *parts = (run.network.state_dict() for run in runs)
    for part in parts:
        for name, tensor in whole.items():
            torch.testing.assert_close(part[name], tensor, rtol=1e-9, atol=1e-10, msg=name)
    for lines in zip(*(log(tmp_path / str(micro)) for micro in (0, 1, 3)), strict=True):
        whole, *parts = ({k: v for k, v in line.items() if k != "clips_per_second"} for line in lines)
        assert all(part == pytest.approx(whole, rel=1e-9) for part in parts)


def test_a_network_that_normalises_by_the_batch_is_refused_and_a_frozen_one_is_not(tmp_path: Path) -> None:
    made = plan(TINY, tmp_path, micro_batch_clips=1)
    made.network.head = nn.BatchNorm1d(3)

    with pytest.raises(TrainingError, match="head normalises by the whole batch") as caught:
        Run(made)
    assert "micro_batch_clips" in caught.value.hint

    made.network.head.eval()
    assert live_batch_norms(made.network) == []
    assert obstacle(made.network) is None
    assert obstacle(nn.Linear(1, 1)) == "it has no features that are contrasted"
    frozen = dataclasses.replace(TINY_PUBLISHED.audio, norm="frozen")
    dropping = GMSCAVP(dataclasses.replace(TINY_PUBLISHED, audio=frozen)).train()
    assert "it has dropout" in (obstacle(dropping) or "")
    assert live_batch_norms(nn.BatchNorm2d(3, track_running_stats=False).eval()) == [""]
    Run(dataclasses.replace(made, training=dataclasses.replace(made.training, micro_batch_clips=0)))
