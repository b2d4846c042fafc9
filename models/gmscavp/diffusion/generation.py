"""Sampling one stream from the other, coarse to fine.

The coarsest grid is sampled first, given the coarsest tokens; each finer one given finer tokens and the grid
just sampled, enlarged and with the little noise it had in training. A sampler's last x is followed by one
more prediction of the data, which takes off the noise that is left.
"""

from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from gmscavp.backbones.video import Frames
from gmscavp.diffusion.config import DiffusionConfig, SamplingConfig
from gmscavp.diffusion.denoiser import sees_coarser
from gmscavp.diffusion.guidance import LogScore, aligned, alignment_score, classifier_free
from gmscavp.diffusion.objective import DirectedDiffusion
from gmscavp.diffusion.sampler import SAMPLERS, PredictData, noise_levels
from gmscavp.diffusion.targets import Grid, restored
from gmscavp.diffusion.windows import ALONE, Windows
from gmscavp.model import GMSCAVP


@torch.no_grad()
def log_mel_from_video(
    model: GMSCAVP, frames: Frames, sampling: SamplingConfig, generator: torch.Generator
) -> Float[Tensor, "rows bins frames"]:
    """Sample log-mel in [0, 1], at the resolution of the finest diffused scale.

    Args:
        model: With diffusion ``v2a``; in eval mode.
        frames: That fill a segment each.
        sampling: How.
        generator: On the device of the model; what it draws is all that is random.

    Raises:
        ValueError: The model has no such diffusion.
    """
    directed = model.directed("v2a")
    video = model.video_tokens(frames)
    length = model.config.samples // model.config.log_mel.hop

    def score(grid: Grid) -> Float[Tensor, " rows"]:
        coarse = log_mel_of(grid, directed.config)
        whole = F.interpolate(coarse[:, None], (model.config.log_mel.bins, length), mode="bilinear")[:, 0]
        audio = model.audio_pyramid(model.audio(whole))
        return alignment_score(video, audio, model.logit_scale, model.config)

    return log_mel_of(sampled(directed, video, sampling, score, generator), directed.config)


def log_mel_of(grid: Grid, config: DiffusionConfig) -> Float[Tensor, "rows bins frames"]:
    """Return the log-mel in [0, 1] that a standardised grid stands for."""
    return restored(grid, "v2a", config)[:, 0, :, :, 0].transpose(1, 2).clamp(0, 1)


@torch.no_grad()
def frames_from_audio(
    model: GMSCAVP,
    samples: Float[Tensor, "rows samples"],
    sampling: SamplingConfig,
    generator: torch.Generator,
) -> Float[Tensor, "rows time 3 height width"]:
    """Sample frames in [0, 1], at the resolution of the finest diffused scale.

    Args:
        model: With diffusion ``a2v``; in eval mode.
        samples: That fill a segment each.
        sampling: How.
        generator: On the device of the model; what it draws is all that is random.

    Raises:
        ValueError: The model has no such diffusion.
    """
    directed = model.directed("a2v")
    audio = model.audio_tokens(samples)
    size, count = model.config.video.size, model.config.frames

    def score(grid: Grid) -> Float[Tensor, " rows"]:
        pixels = restored(grid, "a2v", directed.config).clamp(0, 1)
        whole = F.interpolate(pixels, (count, size, size), mode="trilinear").transpose(1, 2)
        return alignment_score(model.video_tokens(whole), audio, model.logit_scale, model.config)

    grid = sampled(directed, audio, sampling, score, generator)
    return restored(grid, "a2v", directed.config).transpose(1, 2).clamp(0, 1)


def sampled(
    directed: DirectedDiffusion,
    condition: list[Float[Tensor, "windows _ dim"]],
    sampling: SamplingConfig,
    score: LogScore,
    generator: torch.Generator,
    windows: Windows = ALONE,
) -> Grid:
    """Sample every scale, coarse to fine, and return the finest grid, standardised, of whole clips.

    Args:
        directed: The diffusion of one stream.
        condition: Tokens of the other stream at each scale, fine to coarse; a row is a window, the windows
            of a clip one after the other.
        sampling: How.
        score: The contrast's score of a grid of windows; climbed by alignment guidance.
        generator: Draws all noise.
        windows: How a clip is covered. What is predicted of windows is averaged where they overlap.
    """
    rows, device = len(condition[0]), condition[0].device
    keep, drop = (torch.full((rows,), each, device=device) for each in (False, True))
    encoded, null = directed.encoder(condition, keep), directed.encoder(condition, drop)
    levels = noise_levels(directed.schedule, sampling.steps, sampling.spacing)

    def normal(shape: tuple[int, ...]) -> Tensor:
        return torch.randn(shape, generator=generator, device=generator.device).to(device)

    grid: Tensor | None = None
    shapes = [target.grid(directed.direction) for target in directed.config.targets]
    for scale, (channels, time, *space) in reversed([*enumerate(shapes)]):
        coarser = None
        if grid is not None and sees_coarser(directed.config, scale):
            parts = (windows.cut(each, shapes[scale + 1][1]) for each in (grid, normal(tuple(grid.shape))))
            coarser = directed.blurred(*parts, scale)
        known = partial(directed.data, coarser=coarser, encoded=encoded, scale=scale)
        unknown = partial(directed.data, coarser=coarser, encoded=null, scale=scale)
        guided = aligned(classifier_free(known, unknown, sampling.guidance), score, sampling.alignment)
        predict = partial(of_windows, predict=guided, windows=windows, size=time)
        start = normal((rows // windows.count, channels, windows.length(time), *space))
        grid = predict(SAMPLERS[sampling.sampler](predict, start, levels), levels[-1])
    assert grid is not None
    return grid


def of_windows(x: Tensor, log_snr: Tensor, *, predict: PredictData, windows: Windows, size: int) -> Tensor:
    """Return the data predicted of whole clips by a predictor of windows of ``size`` instants."""
    return windows.joined(predict(windows.cut(x, size), log_snr))
