"""Log-mel to samples without weights: magnitudes by least squares, phases by fast Griffin-Lim."""

import torch
from jaxtyping import Float
from torch import Tensor

from gmscavp.inputs import LogMelConfig
from gmscavp.log_mel import mel_filters, mel_of


@torch.no_grad()
def griffin_lim(
    log_mel: Float[Tensor, "batch bins frames"],
    config: LogMelConfig,
    *,
    steps: int = 32,
    momentum: float = 0.99,
    fitting: int = 100,
) -> Float[Tensor, "batch samples"]:
    """Return ``frames · hop`` samples in [-1, 1].

        c_0 = S exp(2πi u),   t_k = S phase(P c_k),   c_{k+1} = t_k + α (t_k - t_{k-1})

    where S are the magnitudes, u is drawn from a fixed seed, P takes the STFT of the samples of a spectrum,
    and phase(z) = z / |z| (Perraudin, Balazs, Søndergaard, "A fast Griffin-Lim algorithm", 2013).

    Args:
        log_mel: In [0, 1].
        config: What made it.
        steps: Projections P.
        momentum: α; 0 is Griffin and Lim's own.
        fitting: Steps of the fit of S.
    """
    magnitude = linear_magnitude(log_mel, config, steps=fitting)
    window = torch.hann_window(config.window, device=log_mel.device)
    length = log_mel.shape[2] * config.hop

    def samples_of(spectrum: Tensor) -> Tensor:
        return torch.istft(spectrum, config.window, config.hop, window=window, length=length)

    def spectrum_of(samples: Tensor) -> Tensor:
        spectrum = torch.stft(
            samples, config.window, config.hop, window=window, pad_mode="constant", return_complex=True
        )
        return spectrum[..., : log_mel.shape[2]]

    turns = torch.rand(log_mel.shape[2], magnitude.shape[1], generator=torch.Generator().manual_seed(0))
    before = current = torch.polar(magnitude, 2 * torch.pi * turns.T.to(magnitude).expand_as(magnitude))
    for _ in range(steps):
        projected = spectrum_of(samples_of(current))
        target = magnitude * projected / projected.abs().clamp(min=1e-8)
        current, before = target + momentum * (target - before), target
    return samples_of(before).clamp(-1, 1)


def linear_magnitude(
    log_mel: Float[Tensor, "batch bins frames"], config: LogMelConfig, *, steps: int
) -> Float[Tensor, "batch frequencies frames"]:
    """Return S >= 0 that least squares fits to the mel: S <- S · Mᵀ m / Mᵀ M S, from Mᵀ m.

    M are the mel filters and m is the mel |STFT| (multiplicative updates: Lee and Seung, 2001).
    """
    filters = mel_filters(config).to(log_mel.device)
    pulled = filters.T @ mel_of(log_mel)
    gram = filters.T @ filters
    fitted = pulled
    for _ in range(steps):
        fitted = fitted * pulled / (gram @ fitted).clamp(min=1e-12)
    return fitted
