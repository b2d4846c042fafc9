import dataclasses

import pytest
import torch
from torch import Tensor

from gmscavp.diffusion.config import SamplingConfig
from gmscavp.diffusion.sampler import dpm_solver_2m, noise_levels
from gmscavp.diffusion.targets import enlarged, restored
from gmscavp.sound.foley import Foley, clip_seed
from tests.gmscavp.generators import TINY_GENERATOR, generator

FEW = SamplingConfig(steps=3, overlap=0.32)
FPS, RATE, HOP = 12.5, 1600, 16


def loud(log_mel: Tensor) -> Tensor:
    """Return a hop of samples for each frame of log-mel, as a vocoder does: the mean over bins."""
    return log_mel.mean(dim=1).repeat_interleave(HOP, dim=1)


def foley(sampling: SamplingConfig = FEW) -> Foley:
    return Foley(generator(), loud, sampling, "cpu")


def clips(count: int, time: int, seed: int = 0) -> Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, time, 3, 16, 16), dtype=torch.uint8, generator=draw)


@pytest.mark.parametrize("time", [1, 7, 8, 9, 12, 20, 141])
def test_sound_of_any_length_lasts_as_long_as_the_frames(time: int) -> None:
    sound = foley().sound(clips(2, time), 0)

    assert sound.shape == (2, 1, round(time / FPS * RATE))
    assert sound.dtype == torch.float32 and sound.isfinite().all() and sound.abs().max() <= 1


@pytest.mark.parametrize(("seconds", "samples"), [(0.03, 48), (0.64, 1024), (0.7, 1120), (2.5, 4000)])
def test_sound_lasts_as_long_as_is_asked_for(seconds: float, samples: int) -> None:
    sound = foley().sound(clips(2, 9), 0, seconds)

    assert sound.shape == (2, 1, samples)
    assert torch.equal(foley().sound(clips(2, 9), 0), foley().sound(clips(2, 9), 0, 9 / FPS))


@pytest.mark.parametrize("sampling", [FEW, dataclasses.replace(FEW, alignment=2.0, sampler="ddim")])
def test_a_row_follows_from_its_frames_and_the_seed_alone(sampling: SamplingConfig) -> None:
    maker, frames = foley(sampling), clips(3, 14)
    sound = maker.sound(frames, 5)

    assert torch.equal(sound, maker.sound(frames, 5))
    assert torch.equal(sound[1:2], maker.sound(frames[1:2], 5))
    assert torch.equal(sound.flip(0), maker.sound(frames.flip(0), 5))
    assert not torch.equal(sound, maker.sound(frames, 6))
    assert not torch.equal(sound[0], sound[1])


def test_equal_clips_sound_alike_and_the_callers_randomness_is_left_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    frames = clips(1, 12).expand(2, -1, -1, -1, -1)
    torch.manual_seed(3)

    sound = foley_of_seed_3().sound(frames, 0)

    assert torch.equal(sound[0], sound[1])
    assert torch.equal(torch.rand(1), expected)


def foley_of_seed_3() -> Foley:
    with torch.random.fork_rng(devices=[]):
        return foley()


def test_a_seed_is_a_digest_of_seed_frames_and_shape() -> None:
    frames = clips(1, 4)
    seeds = [
        clip_seed(0, frames),
        clip_seed(1, frames),
        clip_seed(0, frames + 1),
        clip_seed(0, frames.reshape(1, 2, 6, 16, 16)),
    ]

    assert len({*seeds}) == 4 and all(0 <= each < 2**63 for each in seeds)
    assert clip_seed(0, frames.transpose(3, 4).transpose(3, 4)) == seeds[0]


def test_windows_leave_no_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    """A predictor that looks at each instant alone makes of windows what it makes of the whole clip."""
    maker = foley(dataclasses.replace(FEW, guidance=1.0))
    directed = maker.generator.directed
    directed.config = dataclasses.replace(directed.config, coarse_noise=0.0)
    seen: list[int] = []

    def data(
        noisy: Tensor, log_snr: Tensor, *, coarser: Tensor | None, encoded: Tensor, scale: int
    ) -> Tensor:
        seen.append(len(noisy))
        return 0.5 * noisy.tanh() + (0 if coarser is None else 0.3 * coarser)

    monkeypatch.setattr(directed, "data", data)
    clip = clips(1, 20)
    found = maker.log_mel(clip, 7, 2560)

    assert {*seen} == {4}
    draw = torch.Generator().manual_seed(clip_seed(7, clip))
    levels = noise_levels(directed.schedule, 3, "time")
    grid = None
    for bins, frames in ((4, 10), (8, 20), (16, 160)):
        coarser = 0 if grid is None else 0.3 * enlarged(grid, (frames, bins, 1))
        if grid is not None:
            torch.randn(grid.shape, generator=draw)
        noise = torch.randn(1, 1, frames, bins, 1, generator=draw)
        whole = dpm_solver_2m(lambda x, _, c=coarser: 0.5 * x.tanh() + c, noise, levels)
        grid = 0.5 * whole.tanh() + coarser
    assert grid is not None
    expected = restored(grid, "v2a", directed.config)[:, 0, :, :, 0].transpose(1, 2).clamp(0, 1)
    assert torch.allclose(found, expected, atol=1e-5)


def test_guidance_of_1_is_the_conditional_prediction_and_asks_for_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    maker, clip = foley(dataclasses.replace(FEW, guidance=1.0)), clips(1, 8)
    directed = maker.generator.directed
    video = maker.generator.condition(clip)
    known, null = (directed.encoder(video, torch.tensor([dropped])) for dropped in (False, True))
    asked: list[Tensor] = []
    inside = directed.data

    def data(noisy: Tensor, log_snr: Tensor, *, encoded: Tensor, **others: object) -> Tensor:
        asked.append(encoded)
        return inside(noisy, log_snr, encoded=encoded, **others)  # type: ignore[arg-type]

    monkeypatch.setattr(directed, "data", data)
    maker.log_mel(clip, 0, 1024)
    assert len(asked) == 9 and all(torch.equal(each, known) for each in asked)

    maker.sampling = dataclasses.replace(FEW, guidance=2.0)
    maker.log_mel(clip, 0, 1024)
    assert sum(torch.equal(each, null) for each in asked) == 9


def test_alignment_guidance_works_in_inference_mode_and_changes_the_sound() -> None:
    clip, makers = clips(1, 10), [foley(), foley(dataclasses.replace(FEW, alignment=100.0))]
    with torch.inference_mode():
        free, pulled = (maker.sound(clip.clone(), 0) for maker in makers)

    assert not torch.allclose(free, pulled)


def test_frames_of_another_size_and_overlaps_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(batch, time, 3, 16, 16\)"):
        foley().sound(torch.zeros(1, 8, 3, 16, 12, dtype=torch.uint8), 0)
    with pytest.raises(ValueError, match="fall between"):
        foley(dataclasses.replace(FEW, overlap=0.4)).sound(clips(1, 20), 0)
    with pytest.raises(ValueError, match="do not cover"):
        foley(dataclasses.replace(FEW, overlap=0.64)).sound(clips(1, 20), 0)


def test_windows_of_the_tiny_generator_are_as_the_tests_assume() -> None:
    assert (TINY_GENERATOR.frames, TINY_GENERATOR.samples, TINY_GENERATOR.mel_frames) == (8, 1024, 64)
