import dataclasses

import pytest
import torch
from torch import Tensor

from gmscavp.config import GMSCAVPConfig
from gmscavp.diffusion.config import DiffusionConfig, SamplingConfig
from gmscavp.diffusion.generation import frames_from_audio, log_mel_from_video, sampled
from gmscavp.diffusion.targets import enlarged
from gmscavp.model import GMSCAVP

FEW = SamplingConfig(steps=3)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    "sampling",
    [FEW, SamplingConfig(sampler="ddim", steps=3, spacing="log-snr"), SamplingConfig(steps=3, alignment=2.0)],
)
def test_samples_have_the_finest_resolution_and_range_and_follow_the_generator_alone(
    joint: GMSCAVP, frames: Tensor, samples: Tensor, sampling: SamplingConfig
) -> None:
    joint.eval()

    heard = [log_mel_from_video(joint, frames, sampling, generator(seed)) for seed in (0, 0, 1)]
    seen = [frames_from_audio(joint, samples, sampling, generator(seed)) for seed in (0, 0, 1)]

    assert heard[0].shape == (8, 8, 16)
    assert seen[0].shape == (8, 8, 3, 4, 4)
    for found in (heard, seen):
        assert torch.equal(found[0], found[1])
        assert not torch.equal(found[0], found[2])
        assert found[0].min() >= 0 and found[0].max() <= 1 and not found[0].requires_grad


def test_alignment_guidance_changes_samples(joint: GMSCAVP, frames: Tensor) -> None:
    joint.eval()
    free = log_mel_from_video(joint, frames, FEW, generator())
    guided = log_mel_from_video(joint, frames, dataclasses.replace(FEW, alignment=50.0), generator())

    assert not torch.allclose(free, guided)


def test_sampling_goes_coarse_to_fine(
    joint: GMSCAVP, frames: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a predictor that repeats the coarser grid, the finest sample is the coarsest one enlarged."""
    directed = joint.directed("v2a")
    directed.config = dataclasses.replace(directed.config, coarse_noise=0.0)
    coarsest = torch.randn(8, 1, 2, 2, 1, generator=generator())
    order: list[int] = []

    def data(
        noisy: Tensor, log_snr: Tensor, *, coarser: Tensor | None, encoded: Tensor, scale: int
    ) -> Tensor:
        order.append(scale)
        return coarsest if coarser is None else coarser

    monkeypatch.setattr(directed, "data", data)
    with torch.no_grad():
        video = joint.video_tokens(frames)
        found = sampled(
            directed, video, dataclasses.replace(FEW, guidance=1.0), lambda grid: grid, generator()
        )

    assert order == [2] * 3 + [1] * 3 + [0] * 3
    assert torch.allclose(found, enlarged(coarsest, (16, 8, 1)))


def test_a_model_without_the_diffusion_asked_for_says_so(
    network: GMSCAVP, tiny_diffusion: GMSCAVPConfig, frames: Tensor, samples: Tensor
) -> None:
    with pytest.raises(ValueError, match="'tiny' has no diffusion"):
        log_mel_from_video(network, frames, FEW, generator())
    assert tiny_diffusion.diffusion is not None
    heard = dataclasses.replace(tiny_diffusion.diffusion, directions=("v2a",))
    one_way = GMSCAVP(dataclasses.replace(tiny_diffusion, diffusion=heard))
    with pytest.raises(ValueError, match="no diffusion a2v"):
        frames_from_audio(one_way, samples, FEW, generator())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tokens": 2}, "has no scale among"),
        ({"mel_bins": 6, "mel_patch": (2, 3)}, "does not divide"),
        ({"mel_patch": (3, 4)}, "A patch of"),
        ({"weight": 0.0}, "weight above 0"),
    ],
)
def test_targets_that_cannot_be_built_are_refused(
    tiny_diffusion: GMSCAVPConfig, change: dict[str, object], message: str
) -> None:
    assert tiny_diffusion.diffusion is not None
    finest, *others = tiny_diffusion.diffusion.targets

    with pytest.raises(ValueError, match=message):
        targets = (
            (dataclasses.replace(finest, **change),)
            if "tokens" in change
            else (dataclasses.replace(finest, **change), *others)
        )
        dataclasses.replace(
            tiny_diffusion, diffusion=dataclasses.replace(tiny_diffusion.diffusion, targets=targets)
        )


def test_settings_that_make_no_sense_are_refused(tiny_diffusion: GMSCAVPConfig) -> None:
    assert tiny_diffusion.diffusion is not None
    targets = tiny_diffusion.diffusion.targets
    for wrong in (
        {"targets": ()},
        {"targets": targets[::-1]},
        {"targets": targets, "directions": ("v2a", "v2a")},
        {"targets": targets, "width": 10, "heads": 4},
    ):
        with pytest.raises(ValueError):
            DiffusionConfig(**wrong)
    with pytest.raises(ValueError, match="at least 2 steps"):
        SamplingConfig(steps=1)
