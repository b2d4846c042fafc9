"""GMS-CAVP with the single coarsest scale is CAVP: the same loss and gradients on the same weights."""

import dataclasses

import pytest
import torch
from torch import Tensor

from cavp.config import SMALL as CAVP_SMALL
from cavp.model import CAVP
from gmscavp.config import SMALL
from gmscavp.model import GMSCAVP

NAMES = {
    "video_projection": "video_pyramid.heads.0.project",
    "audio_projection": "audio_pyramid.heads.0.project",
    "log_scale": "alignment.log_scale",
}


def renamed(name: str) -> str:
    """Return what a parameter of CAVP is called in GMS-CAVP."""
    for mine, theirs in NAMES.items():
        if name.startswith(mine):
            return theirs + name.removeprefix(mine)
    return name


@pytest.fixture(params=["segment", "token"])
def pair(request: pytest.FixtureRequest) -> tuple[CAVP, GMSCAVP]:
    torch.manual_seed(0)
    coarsest = dataclasses.replace(SMALL.scales[-1], weight=0.3)
    reduced = dataclasses.replace(
        SMALL, dim=32, scales=(coarsest,), temporal_weight=0.7, normalise=request.param
    )
    cavp = CAVP(dataclasses.replace(CAVP_SMALL, dim=32, temporal_weight=0.7)).double()
    gmscavp = GMSCAVP(reduced).double()
    gmscavp.load_state_dict({renamed(name): tensor for name, tensor in cavp.state_dict().items()})
    return cavp, gmscavp


@pytest.fixture(scope="module")
def batch() -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(1)
    frames = torch.rand(6, 25, 3, 56, 56, generator=draw, dtype=torch.float64)
    return frames, torch.randn(6, 32_000, generator=draw, dtype=torch.float64) * 0.1


def test_loss_and_gradients_agree_to_a_millionth(
    pair: tuple[CAVP, GMSCAVP], batch: tuple[Tensor, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    cavp, gmscavp = pair
    frames, samples = batch
    for network in pair:
        # Log-mel is float32 by design; from there on everything is float64.
        monkeypatch.setattr(network.audio, "forward", in_float64(network.audio.forward))

    theirs = cavp(frames, samples, 3)
    ours = gmscavp(frames, samples, 3)
    theirs.total.backward()
    ours.total.backward()

    assert ours.total.dtype == torch.float64
    assert ours.total.item() == pytest.approx(theirs.total.item(), abs=1e-6)
    assert ours.semantic[0].item() == pytest.approx(theirs.semantic[0].item(), abs=1e-6)
    assert ours.temporal[0].item() == pytest.approx(theirs.temporal[0].item(), abs=1e-6)
    parameters = dict(gmscavp.named_parameters())
    for name, parameter in cavp.named_parameters():
        same = parameters.pop(renamed(name))
        assert parameter.grad is not None and same.grad is not None, name
        assert parameter.grad.abs().max() > 1e-9, name
        assert torch.allclose(parameter.grad, same.grad, atol=1e-6, rtol=1e-6), name
    assert not parameters


def in_float64(forward):  # type: ignore[no-untyped-def]
    return lambda log_mel: forward(log_mel.double())


def test_both_small_configs_read_the_same_input_and_train_alike() -> None:
    from cavp.config import TRAINING as CAVP_TRAINING
    from gmscavp.config import TRAINING

    assert (CAVP_SMALL.video, CAVP_SMALL.audio, CAVP_SMALL.log_mel) == (
        SMALL.video,
        SMALL.audio,
        SMALL.log_mel,
    )
    assert (CAVP_SMALL.frames, CAVP_SMALL.samples) == (SMALL.frames, SMALL.samples)
    assert CAVP_TRAINING["small"] == TRAINING["small"]
