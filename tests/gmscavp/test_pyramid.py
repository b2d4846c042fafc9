import dataclasses

import pytest
import torch

from gmscavp.backbones.maps import Maps
from gmscavp.config import SMALL, GMSCAVPConfig, ScaleConfig
from gmscavp.model import GMSCAVP
from gmscavp.pyramid import AudioHead, PooledHead, VideoHead, pool


def with_scales(config: GMSCAVPConfig, *scales: ScaleConfig) -> GMSCAVPConfig:
    return dataclasses.replace(config, scales=scales)


def test_both_streams_have_the_same_tokens_at_every_scale(
    network: GMSCAVP, frames: torch.Tensor, samples: torch.Tensor
) -> None:
    video, audio = network.video_tokens(frames), network.audio_tokens(samples)

    assert [tuple(each.shape) for each in video] == [(8, 8, 5), (8, 4, 5), (8, 1, 5)]
    assert [each.shape for each in audio] == [each.shape for each in video]


def test_pooling_level_by_level_equals_pooling_at_once() -> None:
    tokens = torch.randn(3, 24, 7)
    for pooling in ("max", "mean"):
        scale = ScaleConfig(tokens=2, head="pooled", pooling=pooling)
        stepwise = pool(pool(tokens, 12, scale), 2, scale)
        windows = tokens.reshape(3, 2, 12, 7)
        expected = windows.amax(2) if pooling == "max" else windows.mean(2)
        assert torch.allclose(stepwise, expected, atol=1e-6)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_each_scale_alone_sends_gradients_into_both_backbones(
    network: GMSCAVP, frames: torch.Tensor, samples: torch.Tensor, index: int
) -> None:
    video, audio = network.video_tokens(frames)[index], network.audio_tokens(samples)[index]

    (video.sum() * audio.sum()).backward()

    for backbone in (network.video, network.audio):
        for name, parameter in backbone.named_parameters():
            assert parameter.grad is not None and parameter.grad.abs().max() > 0, name


def maps(*places: tuple[int, ...]) -> Maps:
    fine, coarse = (torch.randn(2, 8, channels, *place).requires_grad_() for channels, *place in places)
    return summed_up(fine, coarse)


def summed_up(fine: torch.Tensor, coarse: torch.Tensor) -> Maps:
    return Maps(fine=fine, coarse=coarse, summary=coarse.flatten(3).mean(dim=3))


def test_only_a_fine_head_reads_the_fine_map() -> None:
    video, audio = maps((6, 4, 4), (8, 2, 2)), maps((8, 2), (10, 1))
    for fine in (True, False):
        heads = (
            (VideoHead((6, 8), 5, 3, fine=fine), video),
            (AudioHead((8, 10), (2, 1), 5, 3, fine=fine), audio),
        )
        for head, read in heads:
            of_fine, of_coarse = torch.autograd.grad(head(read).sum(), read[:2], allow_unused=True)
            assert (of_fine is not None) == fine
            assert of_coarse is not None


def test_a_pooled_head_does_not_know_where_things_are_and_a_video_head_knows_what_meets() -> None:
    torch.manual_seed(0)
    apart = torch.zeros(1, 8, 8, 2, 2)
    apart[:, :, 0, 0, 0] = apart[:, :, 1, 1, 1] = 4.0
    together = torch.zeros(1, 8, 8, 2, 2)
    together[:, :, 0, 0, 0] = together[:, :, 1, 0, 0] = 4.0
    fine = torch.zeros(1, 8, 6, 4, 4)
    pooled, local = PooledHead(8, 3), VideoHead((6, 8), 16, 3, fine=False)

    assert torch.allclose(pooled(summed_up(fine, apart)), pooled(summed_up(fine, together)), atol=1e-6)
    assert not torch.allclose(local(summed_up(fine, apart)), local(summed_up(fine, together)), atol=1e-3)


def test_pitch_is_absolute_to_an_audio_head() -> None:
    torch.manual_seed(0)
    head = AudioHead((8, 10), (4, 2), 5, 3, fine=True)
    fine, coarse = torch.zeros(1, 8, 8, 4), torch.zeros(1, 8, 10, 2)
    high, low = fine.clone(), fine.clone()
    high[..., 3], low[..., 0] = 1.0, 1.0

    assert not torch.allclose(head(summed_up(high, coarse)), head(summed_up(low, coarse)), atol=1e-3)


@pytest.mark.parametrize("lengths", [(), (25, 6), (5, 25), (50,), (0,)])
def test_a_pyramid_that_cannot_be_pooled_is_refused(lengths: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"pyramid|cannot be pooled"):
        with_scales(SMALL, *(ScaleConfig(tokens=n, head="pooled") for n in lengths))
