"""How far samples are from what they should be: spectra at several resolutions, and the models' own log-mel.

No log-mel tells which noise it is of, and what is nearest to all noise is none. So two sounds x, x' are made
of one log-mel with different draws, and with the distance d of spectra

    L = (d(x, y) + d(x', y)) / 2 - ρ d(x, x') / 2

which for ρ = 1 is least where x is distributed as the true sound y is (the energy distance: Gritsenko et al.,
arXiv 2008.01160).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gmscavp.log_mel import LogMel
from gmscavp.sound.vocoder_config import VocoderConfig

Samples = Float[Tensor, "batch samples"]

LEAST = 1e-3
"""Added to magnitudes that are compared in proportion: about the STFT of rounding to 16 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spectra:
    """A batch of sounds, as they are compared.

    Attributes:
        magnitudes: |STFT| at each resolution.
        log_mel: In [0, 1].
    """

    magnitudes: Sequence[Float[Tensor, "batch frequencies frames"]]
    log_mel: Float[Tensor, "batch bins frames"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """d = L_conv + L_log + μ L_mel, means over rows and resolutions.

    Attributes:
        convergence: L_conv = ‖ |X| − |Y| ‖ / ‖ |Y| ‖.
        magnitude: L_log = mean | log |X| − log |Y| |.
        mel: L_mel = mean | log-mel of x − log-mel of y |.
        weight: μ.
    """

    convergence: Tensor
    magnitude: Tensor
    mel: Tensor
    weight: float

    @property
    def stft(self) -> Tensor:
        """Return the multi-resolution STFT distance, a scalar."""
        return self.convergence + self.magnitude

    @property
    def total(self) -> Tensor:
        """Return d, a scalar."""
        return self.stft + self.weight * self.mel

    @property
    def parts(self) -> Mapping[str, Tensor]:
        """Return what it is made of, detached, by name."""
        parts = {"convergence": self.convergence, "magnitude": self.magnitude, "mel": self.mel}
        return {name: part.detach() for name, part in parts.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyDistance:
    """L.

    Attributes:
        near: Of both sounds that are made, to the true one.
        apart: Of the two from each other.
        repulsion: ρ.
    """

    near: Distance
    apart: Distance
    repulsion: float

    @property
    def total(self) -> Tensor:
        """Return L, a scalar with gradient."""
        return self.near.total - self.repulsion / 2 * self.apart.total

    @property
    def parts(self) -> Mapping[str, Tensor]:
        """Return what it is made of, detached, by name."""
        return {**self.near.parts, "apart": self.apart.total.detach()}


class SpectralDistance(nn.Module):
    """Compares sounds."""

    def __init__(self, config: VocoderConfig) -> None:
        super().__init__()
        self.config = config
        self.log_mel = LogMel(config.log_mel)

    def forward(self, made: Samples, true: Samples) -> Distance:
        """Return the distance of each sound that is made to its true one, with gradient."""
        y = self.spectra(true)
        return self.between(self.spectra(made), y, y)

    def energy(self, made: Samples, again: Samples, true: Samples) -> EnergyDistance:
        """Return the energy distance of two draws to the true sounds, with gradient."""
        first, second, y = (self.spectra(each) for each in (made, again, true))
        one, other = self.between(first, y, y), self.between(second, y, y)
        near = Distance(
            convergence=(one.convergence + other.convergence) / 2,
            magnitude=(one.magnitude + other.magnitude) / 2,
            mel=(one.mel + other.mel) / 2,
            weight=one.weight,
        )
        apart = self.between(first, second, y)
        return EnergyDistance(near=near, apart=apart, repulsion=self.config.repulsion)

    def spectra(self, samples: Samples) -> Spectra:
        """Return what is compared of sounds."""
        own = magnitudes(samples, self.config.log_mel.window, self.config.log_mel.hop)
        others = [magnitudes(samples, window, window // 4) for window in self.config.losses]
        return Spectra(magnitudes=[own, *others], log_mel=self.log_mel.of_magnitude(own))

    def between(self, x: Spectra, y: Spectra, unit: Spectra) -> Distance:
        """Return the distance of x to y; L_conv is in proportion to ``unit``."""
        convergence: list[Tensor] = []
        magnitude: list[Tensor] = []
        for one, other, whole in zip(x.magnitudes, y.magnitudes, unit.magnitudes, strict=True):
            size = whole.norm(dim=(1, 2)) + LEAST * math.sqrt(whole[0].numel())
            convergence.append(((one - other).norm(dim=(1, 2)) / size).mean())
            magnitude.append(((one + LEAST).log() - (other + LEAST).log()).abs().mean())
        return Distance(
            convergence=torch.stack(convergence).mean(),
            magnitude=torch.stack(magnitude).mean(),
            mel=(x.log_mel - y.log_mel).abs().mean(),
            weight=self.config.mel_weight,
        )


def magnitudes(samples: Samples, window: int, hop: int) -> Float[Tensor, "batch frequencies frames"]:
    """Return |STFT| under a Hann window, whose gradient is finite in silence."""
    hann = torch.hann_window(window, device=samples.device, dtype=samples.dtype)
    spectrum = torch.stft(samples, window, hop, window=hann, return_complex=True)
    return (spectrum.real.square() + spectrum.imag.square()).clamp(min=1e-12).sqrt()
