"""What keeps the generative half honest: conditions are read at every scale, and tokens stay alive."""

import dataclasses
from typing import Literal

import numpy as np
import pytest
import torch
from torch import Tensor

from gmscavp.config import GMSCAVPConfig
from gmscavp.diffusion.condition import ConditionEncoder
from gmscavp.diffusion.targets import frame_targets, mel_targets
from gmscavp.draws import row_seeds
from gmscavp.model import GMSCAVP
from tests.gmscavp.blinks import Blinks

STEPS = 120


def blinking(first: int, rows: int) -> tuple[Tensor, Tensor]:
    """Return frames and samples of segments that blink and beep at random instants."""
    clips = Blinks()
    frames = np.stack([clips.frames_of(first + row, 0, 8) for row in range(rows)])
    samples = np.stack([clips.samples_of(first + row, 0, 1024)[0] for row in range(rows)])
    return torch.from_numpy(frames).permute(0, 1, 4, 2, 3), torch.from_numpy(samples)


def tokens(network: GMSCAVP, frames: Tensor, samples: Tensor) -> dict[str, list[Tensor]]:
    with torch.no_grad():
        return {"v2a": network.video_tokens(frames), "a2v": network.audio_tokens(samples)}


def trained(config: GMSCAVPConfig, seed: int = 0) -> GMSCAVP:
    torch.manual_seed(seed)
    network = GMSCAVP(config)
    optimiser = torch.optim.AdamW(network.parameters(), lr=4e-3)
    for step in range(STEPS):
        frames, samples = blinking(32 * step, 32)
        optimiser.zero_grad()
        network(frames, samples, 1, row_seeds(0, step, 32)).total.backward()
        optimiser.step()
        network.clamp()
    return network.eval()


def test_after_a_short_training_shuffled_conditions_raise_the_loss_at_every_scale_and_tokens_live(
    tiny_diffusion: GMSCAVPConfig,
) -> None:
    assert tiny_diffusion.diffusion is not None
    wider = dataclasses.replace(tiny_diffusion.diffusion, width=32)
    network = trained(dataclasses.replace(tiny_diffusion, dim=8, head_channels=8, diffusion=wider))
    frames, samples = blinking(100_000, 128)
    condition = tokens(network, frames, samples)
    targets = {
        "v2a": mel_targets(network.log_mel(samples), wider),
        "a2v": frame_targets(frames, wider),
    }

    for direction in wider.directions:
        directed = network.directed(direction)
        own, shuffled = torch.zeros(3), torch.zeros(3)
        with torch.no_grad():
            for step in range(4):
                seeds = row_seeds(1, step, 128)
                moved = [level.roll(1, 0) for level in condition[direction]]
                own += torch.stack(directed.losses(targets[direction], condition[direction], seeds))
                shuffled += torch.stack(directed.losses(targets[direction], moved, seeds))
        assert (shuffled > 1.005 * own).all(), (direction, own / 4, shuffled / 4)

    untrained = tokens(GMSCAVP(network.config), frames, samples)
    for direction in wider.directions:
        for before, after in zip(untrained[direction], condition[direction], strict=True):
            assert variance_share(after) > variance_share(before)


def variance_share(level: Tensor) -> float:
    """Return the share of the tokens' power that differs from row to row; 0 is collapse."""
    return (level.var(dim=0).sum() / level.square().mean(dim=0).sum()).item()


@pytest.mark.parametrize("scale", [0, 1, 2])
def test_with_coarse_to_fine_a_finer_scale_sees_the_next_coarser_target(
    joint: GMSCAVP, frames: Tensor, samples: Tensor, scale: int
) -> None:
    assert joint.diffusion is not None
    mels = mel_targets(joint.log_mel(samples), joint.diffusion.config)
    video, seeds = joint.video_tokens(frames), row_seeds(0, 0, 8)
    changed = [mel + (place == scale + 1) for place, mel in enumerate(mels)]

    before = joint.directed("v2a").losses(mels, video, seeds)[scale]
    after = joint.directed("v2a").losses(changed, video, seeds)[scale]

    assert (before.item() != after.item()) == (scale < 2)


@pytest.mark.parametrize(("normalise", "heard"), [("segment", False), ("token", False), ("none", True)])
def test_how_long_tokens_are_is_read_only_where_they_are_not_normalised(
    tiny_diffusion: GMSCAVPConfig, normalise: Literal["token", "segment", "none"], heard: bool
) -> None:
    torch.manual_seed(0)
    encoder = ConditionEncoder(dataclasses.replace(tiny_diffusion.condition, normalise=normalise), 16)
    kept = torch.zeros(4, dtype=torch.bool)
    levels = [torch.randn(4, count, tiny_diffusion.dim) for count in tiny_diffusion.condition.tokens]

    once, twice = encoder(levels, kept), encoder([2 * level for level in levels], kept)

    assert torch.allclose(once, twice, atol=1e-5) != heard


def test_the_config_says_whether_the_denoisers_read_tokens_raw(tiny_diffusion: GMSCAVPConfig) -> None:
    assert tiny_diffusion.diffusion is not None
    raw = dataclasses.replace(tiny_diffusion.diffusion, condition="raw")

    assert tiny_diffusion.condition.normalise == tiny_diffusion.normalise
    assert dataclasses.replace(tiny_diffusion, diffusion=raw).condition.normalise == "none"
