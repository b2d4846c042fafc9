import dataclasses

import pytest
import torch

from cavp.config import CAVPConfig
from cavp.model import CAVP
from gmscavp.inputs import AudioConfig, LogMelConfig, VideoConfig


@pytest.fixture
def network() -> CAVP:
    torch.manual_seed(0)
    return CAVP(
        CAVPConfig(
            name="tiny",
            log_mel=LogMelConfig(sample_rate=1600, window=64, hop=16, bins=16, low_hz=20.0, high_hz=760.0),
            video=VideoConfig(fps=12.5, size=16, channels=(4, 6, 8)),
            audio=AudioConfig(channels=(4, 6, 8, 10)),
            segment_seconds=0.64,
            dim=5,
        )
    )


@pytest.fixture
def frames() -> torch.Tensor:
    """Frames of 3 clips × 2 segments."""
    draw = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (6, 8, 3, 16, 16), dtype=torch.uint8, generator=draw)


@pytest.fixture
def samples() -> torch.Tensor:
    """Samples of 3 clips × 2 segments."""
    return torch.randn(6, 1024, generator=torch.Generator().manual_seed(2)) * 0.1


def test_a_clip_is_the_maximum_over_the_tokens_of_all_its_segments(
    network: CAVP, frames: torch.Tensor, samples: torch.Tensor
) -> None:
    streams = (
        (network.embed_video(frames.reshape(3, 16, 3, 16, 16)), network.video_tokens(frames)),
        (network.embed_audio(samples.reshape(3, 2048)), network.audio_tokens(samples)),
    )
    for embedded, tokens in streams:
        highest = tokens.reshape(3, 16, 5).max(dim=1).values
        expected = highest / highest.norm(dim=1, keepdim=True)
        assert tokens.shape == (6, 8, 5)
        assert torch.allclose(embedded, expected, atol=1e-6)


def test_the_vector_has_one_size_for_any_length(network: CAVP, frames: torch.Tensor) -> None:
    short, long = frames[:1], frames.reshape(1, 48, 3, 16, 16)

    assert network.embed_video(short).shape == network.embed_video(long).shape == (1, 5)


def test_the_order_of_segments_is_lost_on_cavp(network: CAVP, samples: torch.Tensor) -> None:
    there = samples[:2].reshape(1, 2048)
    back = samples[:2].flip(0).reshape(1, 2048)

    assert torch.allclose(network.embed_audio(there), network.embed_audio(back), atol=1e-6)


def test_the_objective_sends_gradients_to_every_parameter(
    network: CAVP, frames: torch.Tensor, samples: torch.Tensor
) -> None:
    network(frames, samples, 2).total.backward()

    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().max() > 0, name


def test_temporal_weight_is_the_share_of_the_temporal_contrast(
    network: CAVP, frames: torch.Tensor, samples: torch.Tensor
) -> None:
    found = network(frames, samples, 2)
    network.config = dataclasses.replace(network.config, temporal_weight=0.25)
    less = network(frames, samples, 2)

    assert found.total.item() == pytest.approx((found.semantic[0] + found.temporal[0]).item(), rel=1e-5)
    assert less.total.item() == pytest.approx((found.semantic[0] + found.temporal[0] / 4).item(), rel=1e-5)


def test_temperature_is_clamped_between_1_and_100(network: CAVP) -> None:
    for value, expected in ((9.0, 100.0), (-3.0, 1.0)):
        with torch.no_grad():
            network.log_scale.fill_(value)
        network.clamp()
        assert network.logit_scale.item() == pytest.approx(expected)
