"""The sound of a video: a generator over windows of its frames, then a vocoder.

frames -> windows -> encoder -> tokens -> denoiser, window by window, blended at every step
       -> log-mel of the whole clip -> vocoder -> samples, as many as the frames last
"""

import hashlib
import math
from typing import Protocol

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional as F

from gmscavp.diffusion.config import SamplingConfig
from gmscavp.diffusion.generation import log_mel_of, sampled
from gmscavp.diffusion.targets import Grid
from gmscavp.diffusion.windows import Windows, covering
from gmscavp.sound.generator import Generator


class Vocoder(Protocol):
    """What turns log-mel into a waveform."""

    def __call__(self, log_mel: Float[Tensor, "batch bins frames"]) -> Float[Tensor, "batch samples"]:
        """Return a hop of samples for every frame of log-mel in [0, 1]."""
        ...


class Foley:
    """Makes the sound of clips of any length, each on its own.

    What it makes of a clip follows from the clip's frames and the seed alone.

    Args:
        generator: In eval mode from here on.
        vocoder: For its log-mel.
        sampling: How log-mel is sampled.
        device: Where all of it computes.
    """

    def __init__(self, generator: Generator, vocoder: Vocoder, sampling: SamplingConfig, device: str) -> None:
        self.generator = generator.eval().requires_grad_(False).to(device)
        self.vocoder, self.sampling, self.device = vocoder, sampling, device

    def sound(
        self, frames: UInt8[Tensor, "batch time 3 height width"], seed: int, seconds: float | None = None
    ) -> Float[Tensor, "batch 1 samples"]:
        """Return waveforms in [-1, 1].

        Args:
            frames: Of the clips.
            seed: Of all that is random.
            seconds: How long they are to last; by default exactly as long as the frames.

        Raises:
            ValueError: The frames are not as the config says.
        """
        config = self.generator.config
        seconds = frames.shape[1] / config.video.fps if seconds is None else seconds
        length = round(seconds * config.log_mel.sample_rate)
        # Inference mode would keep alignment guidance from its gradient.
        with torch.inference_mode(False), torch.no_grad():
            # Clip by clip: rounding depends on the batch, and results must not.
            mels = [self.log_mel(clip, seed, length) for clip in frames.clone().split(1)]
            return torch.cat([self.vocoder(mel)[:, :length] for mel in mels]).float().clamp(-1, 1)[:, None]

    def log_mel(
        self, clip: UInt8[Tensor, "1 time 3 height width"], seed: int, length: int
    ) -> Float[Tensor, "1 bins frames"]:
        """Return log-mel in [0, 1] of a clip: a frame for every hop of ``length`` samples, begun or whole.

        The last frame of the clip is held where windows reach beyond it.

        Raises:
            ValueError: The frames are not as the config says.
        """
        config, size = self.generator.config, self.generator.config.video.size
        if clip.ndim != 5 or clip.shape[1] == 0 or clip.shape[2:] != (3, size, size):
            raise ValueError(
                f"Frames must be (batch, time, 3, {size}, {size}) with time > 0, not {tuple(clip.shape)}."
            )
        windows = self.windows(length)
        whole = windows.length(config.frames)
        held = torch.cat([clip, clip[:, -1:].expand(-1, max(0, whole - clip.shape[1]), -1, -1, -1)], dim=1)
        video = self.generator.condition(windows.cut(held.transpose(1, 2), config.frames).transpose(1, 2))

        def score(grid: Grid) -> Float[Tensor, " rows"]:
            coarse = log_mel_of(grid, config.diffusion)[:, None]
            whole = F.interpolate(coarse, (config.log_mel.bins, config.mel_frames), mode="bilinear")[:, 0]
            return self.generator.encoder.score(video, whole)

        draw = torch.Generator().manual_seed(clip_seed(seed, clip))
        grid = sampled(self.generator.directed, video, self.sampling, score, draw, windows)
        return log_mel_of(grid, config.diffusion)[:, :, : -(-length // config.log_mel.hop)]

    def windows(self, length: int) -> Windows:
        """Return the windows that cover a clip of ``length`` samples.

        Raises:
            ValueError: They would leave gaps, with the overlap that is asked for.
        """
        config = self.generator.config
        frames = math.ceil(length / config.samples * config.frames - 1e-6)
        shared = round(self.sampling.overlap * config.video.fps)
        return covering(frames, config.frames, config.frames - shared)


def clip_seed(seed: int, frames: UInt8[Tensor, "..."]) -> int:
    """Return the seed of a clip: a digest of a run's seed and the clip's frames, and of nothing else."""
    content = frames.cpu().contiguous()
    about = f"{seed} {tuple(content.shape)}\n".encode()
    digest = hashlib.sha256(about + content.numpy().tobytes()).digest()
    return int.from_bytes(digest[:8], "little") >> 1
