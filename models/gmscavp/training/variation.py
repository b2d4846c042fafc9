"""How clips are varied while a model trains: nothing that their sound and picture share is touched."""

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Bool, UInt8
from torch import Tensor
from torch.nn import functional as F

from gmscavp.training.batches import SegmentBatch
from gmscavp.training.config import TrainingConfig


def vary(batch: SegmentBatch, training: TrainingConfig, seed: int, step: int) -> SegmentBatch:
    """Vary what is no part of the correspondence: gain and noise, brightness, contrast and sharpness.

    All segments of a clip are varied alike, each clip on its own. Returns float frames, or the batch as it is
    where nothing is to be varied.
    """
    if batch.embedded or not training.varies:
        return batch
    clips = batch.whole or len(batch.frames) // batch.segments
    draw = torch.Generator().manual_seed(np.random.SeedSequence([seed, step, 2]).generate_state(1)[0].item())

    # Drawn for the whole batch, so that a clip is varied alike whoever reads it.
    def uniform(low: float, high: float) -> Tensor:
        drawn = torch.rand(clips, generator=draw) * (high - low) + low
        return drawn.repeat_interleave(batch.segments)[batch.rows]

    contrast = uniform(1 - training.contrast, 1 + training.contrast)
    brightness = uniform(-training.brightness, training.brightness)
    blurred = uniform(0.0, 1.0) < training.blur
    gain = 10 ** (uniform(-training.gain_db, training.gain_db) / 20)
    loudest = training.noise_db
    noise = torch.zeros(len(gain)) if loudest is None else 10 ** (uniform(loudest - 30, loudest) / 20)
    hiss = torch.randn(batch.samples.shape[1], generator=draw)

    device = batch.frames.device
    frames = smooth(batch.frames, blurred.to(device))
    dtype = {"bf16": torch.bfloat16, "fp32": torch.float32, "fp64": torch.float64}[training.precision]
    # ((p / 255 - 0.5) · contrast + 0.5 + brightness), written so that it takes one pass.
    slope = (contrast / 255).to(device, dtype)[:, None, None, None, None]
    shift = (0.5 - 0.5 * contrast + brightness).to(device, dtype)[:, None, None, None, None]
    varied = torch.addcmul(shift, frames.to(dtype), slope)
    shifts = torch.randint(len(hiss), (clips * batch.segments,), generator=draw)[batch.rows].tolist()
    noises = torch.stack([hiss.roll(each) for each in shifts]) * noise[:, None]
    samples = batch.samples * gain.to(device)[:, None] + noises.to(device)
    samples = samples.double() if dtype == torch.float64 else samples
    return replace(batch, frames=varied, samples=samples)


def smooth(
    frames: UInt8[Tensor, "rows time 3 height width"], chosen: Bool[Tensor, " rows"]
) -> UInt8[Tensor, "rows time 3 height width"]:
    """Replace the frames of chosen rows by the mean of each 3 × 3 neighbourhood and themselves."""
    if not chosen.any():
        return frames
    frames = frames.clone()
    sharp = frames[chosen].flatten(0, 1).float()
    soft = F.avg_pool2d(F.pad(sharp, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    frames[chosen] = ((sharp + soft) / 2).round().to(torch.uint8).unflatten(0, (-1, frames.shape[1]))
    return frames
