"""How the vocoder learns: log-mel of real sound, partly blurred as sampled log-mel is, back to that sound.

Loop and batches are those of the models (:mod:`gmscavp.training.loop`, :mod:`gmscavp.training.batches`):
resumable, logged, averaged, a function of the step. The frames of a batch are not looked at.
"""

import math
from collections.abc import Callable, Mapping

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn import functional as F

from gmscavp.draws import drawn
from gmscavp.sound.vocoder import Excitation, Mel, Samples, Vocoder
from gmscavp.sound.vocoder_config import VocoderConfig
from gmscavp.sound.vocoder_loss import EnergyDistance, SpectralDistance
from gmscavp.training.batches import Clips

MEASURED = 8
"""Clips that are listened to in a validation, at most: each takes as long as a training step or two."""


class LearningVocoder(Vocoder):
    """A vocoder that is called as the training loop calls a network; its state is that of the vocoder."""

    def __init__(self, config: VocoderConfig) -> None:
        super().__init__(config)
        self.distance = SpectralDistance(config)

    def forward(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, frames: Tensor, samples: Samples, segments: int, seeds: Int64[Tensor, " rows"]
    ) -> EnergyDistance:
        """Return how far two draws from the log-mel of ``samples``, blurred or not, are from them."""
        bins, length = self.config.log_mel.bins, samples.shape[1] // self.config.log_mel.hop
        shapes = [(bins, length), (2, length, self.sizes[0], 2)]
        uniform, (error, noise) = drawn(seeds, 5 + 2 * bins, shapes, samples.float())
        samples = samples * (uniform[:, :1] >= self.config.silent)
        log_mel = as_sampled(self.distance.log_mel(samples), uniform[:, 1:5], error, self.config)
        said = self.trunk(log_mel)
        noise = torch.view_as_complex(noise * math.sqrt(0.5))
        made, again = (
            self.sound(log_mel, said, Excitation(noise=noise[:, each], start=start))
            for each, start in enumerate(uniform[:, 5:].split(bins, dim=1))
        )
        with torch.autocast(samples.device.type, enabled=False):
            return self.distance.energy(made, again, samples.float())

    def clamp(self) -> None:
        """Keep nothing in bounds; called after every optimiser step."""


def as_sampled(log_mel: Mel, uniform: Float[Tensor, "batch 4"], error: Mel, config: VocoderConfig) -> Mel:
    """Return log-mel as a diffusion would sample it: some rows at a lower resolution, with errors, enlarged.

    Args:
        log_mel: In [0, 1].
        uniform: In [0, 1): which rows, how coarse in time and in frequency, how large the errors.
        error: Standard normal.
        config: What may be drawn.
    """
    rows: list[Tensor] = []
    for row, (chosen, slow, wide, loud) in enumerate(uniform.tolist()):
        kept = log_mel[row, None, None]
        if chosen < config.coarse:
            bins, frames = kept.shape[2:]
            grid = (
                -(-bins // factor(wide, config.coarse_bins)),
                -(-frames // factor(slow, config.coarse_frames)),
            )
            reduced = F.adaptive_avg_pool2d(kept, grid)
            reduced = reduced + config.noise * loud * error[row, : grid[0], : grid[1]]
            kept = F.interpolate(reduced, (bins, frames), mode="bilinear").clamp(0, 1)
        rows.append(kept[0, 0])
    return torch.stack(rows)


def factor(uniform: float, most: int) -> int:
    """Return a power of two up to ``most``, each as likely."""
    return 2 ** int(uniform * most.bit_length())


def distance_on(clips: Clips, device: str) -> Callable[[Vocoder], Mapping[str, float]]:
    """Return a function that measures a vocoder as it is used: the parts of its distance on a few clips.

    Args:
        clips: Clips of equal length, in memory or mapped.
        device: Where the vocoder computes.
    """
    count = min(clips.clips, MEASURED)

    @torch.no_grad()
    def measure(vocoder: Vocoder) -> Mapping[str, float]:
        distance = SpectralDistance(vocoder.config).to(device)
        sums: dict[str, float] = {}
        for clip in range(count):
            heard = clips.samples_of(clip, 0, clips.clip_samples).mean(axis=0)
            true = torch.from_numpy(heard)[None].to(device)
            made = Vocoder.forward(vocoder, distance.log_mel(true))
            for name, part in distance(made, true[:, : made.shape[1]]).parts.items():
                sums[name] = sums.get(name, 0.0) + part.item() / count
        return {f"validation/{name}": value for name, value in sums.items()}

    return measure
