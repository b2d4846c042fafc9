"""The named configs can be built, and keep the promises of the model card. On the meta device: no memory."""

import itertools

import pytest
import torch

from gmscavp.config import BASE, BASE_FROZEN, LARGE, SMALL, SMALL_DIFFUSION, GMSCAVPConfig
from gmscavp.inputs import CAVP_LOG_MEL, CNN14, SLOWONLY
from gmscavp.model import GMSCAVP
from gmscavp.plugin import FAMILY
from gmscavp.training.gradient_cache import obstacle


@pytest.mark.parametrize("config", FAMILY.configs.values(), ids=FAMILY.configs)
def test_both_streams_of_every_config_give_the_tokens_of_its_pyramid(config: GMSCAVPConfig) -> None:
    with torch.device("meta"):
        network = GMSCAVP(config)
        frames = torch.rand(2, config.frames, 3, config.video.size, config.video.size)
        log_mel = torch.rand(2, config.log_mel.bins, config.samples // config.log_mel.hop)
        levels = network.video_tokens(frames), network.audio_pyramid(network.audio(log_mel))

    for tokens in levels:
        assert [each.shape for each in tokens] == [(2, scale.tokens, config.dim) for scale in config.scales]
    assert config.name in FAMILY.training


def test_base_and_large_read_what_cavp_was_published_with_and_halve_its_16_tokens_down_to_one() -> None:
    for config in (BASE, LARGE):
        assert (config.video, config.audio, config.log_mel) == (SLOWONLY, CNN14, CAVP_LOG_MEL)
        assert config.segment_seconds == 4.0
        assert [scale.tokens for scale in config.scales] == [16, 8, 4, 2, 1]


def test_small_with_diffusion_is_small_but_for_the_diffusion() -> None:
    with torch.device("meta"):
        small, joint = (GMSCAVP(config).state_dict() for config in (SMALL, SMALL_DIFFUSION))

    shared = {name for name in joint if not name.startswith("diffusion.")}
    assert shared == small.keys()
    assert all(joint[name].shape == small[name].shape for name in shared)


@pytest.mark.parametrize("config", [SMALL_DIFFUSION, BASE, LARGE], ids=lambda config: config.name)
def test_every_scale_is_diffused_both_ways_at_falling_resolution_in_time_and_in_space(
    config: GMSCAVPConfig,
) -> None:
    assert config.diffusion is not None
    assert config.diffusion.directions == ("v2a", "a2v")
    assert [target.tokens for target in config.diffusion.targets] == [each.tokens for each in config.scales]
    for direction in config.diffusion.directions:
        grids = [target.grid(direction)[1:3] for target in config.diffusion.targets]
        assert all(finer[0] > coarser[0] for finer, coarser in itertools.pairwise(grids))
        assert grids[0][1] > grids[-1][1]


def test_base_frozen_is_base_whose_rows_do_not_depend_on_each_other() -> None:
    with torch.device("meta"):
        base, frozen = (GMSCAVP(config).train() for config in (BASE, BASE_FROZEN))

    assert base.state_dict().keys() == frozen.state_dict().keys()
    assert "normalises by the whole batch" in (obstacle(base) or "")
    assert obstacle(frozen) is None
