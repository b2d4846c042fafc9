r"""Guidance: what pulls a sample towards its condition.

.. code-block:: text

    classifier-free   D = D_null + w (D_cond - D_null)                  (Ho and Salimans, arXiv 2207.12598)
    alignment         D = D + g (σ² / α) ∇_{x_t} log p(c | x_t)         ε = ε - g σ ∇, as Diff-Foley writes it

Both are written on the predicted data D = (x_t - σ ε) / α, on which a combination with weights that add up
to 1 is the same as on ε. Diff-Foley trains a classifier of noisy latents for log p; ours is the contrast:
a model trained by InfoNCE scores a pair by exp(s) <v, a> = log p(a | v) / p(a) + constant (van den Oord,
arXiv 1807.03748), so that its gradient with respect to either stream is that of log p(condition | stream).
It is taken at the predicted data, through the denoiser.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from gmscavp.config import GMSCAVPConfig
from gmscavp.contrastive import unit
from gmscavp.diffusion.sampler import PredictData
from gmscavp.diffusion.schedule import signal_and_noise

LogScore = Callable[[Tensor], Tensor]
"""Takes data ``(rows, ...)``; returns a score of each row."""


def classifier_free(conditional: PredictData, null: PredictData, weight: float) -> PredictData:
    """Return a predictor that goes ``weight`` times as far from the null as the condition does; 1 is none."""
    if weight == 1:
        return conditional

    def predict(x: Tensor, log_snr: Tensor) -> Tensor:
        base = null(x, log_snr)
        return base + weight * (conditional(x, log_snr) - base)

    return predict


def aligned(predict: PredictData, log_score: LogScore, strength: float) -> PredictData:
    """Return a predictor that also climbs a score of the predicted data.

    Args:
        predict: The predictor of the data.
        log_score: log p(condition | data) of each row, up to a constant.
        strength: g; 0 is none.
    """
    if strength == 0:
        return predict

    def climb(x: Tensor, log_snr: Tensor) -> Tensor:
        with torch.enable_grad():
            free = x.detach().requires_grad_()
            data = predict(free, log_snr)
            (slope,) = torch.autograd.grad(log_score(data).sum(), free)
        alpha, sigma = signal_and_noise(log_snr)
        return data.detach() + strength * sigma.square() / alpha * slope

    return climb


def alignment_score(
    video: list[Float[Tensor, "rows _ dim"]],
    audio: list[Float[Tensor, "rows _ dim"]],
    logit_scale: Float[Tensor, "*scales"],
    config: GMSCAVPConfig,
) -> Float[Tensor, " rows"]:
    """Return exp(s) <v, a> of each row's own pair: the mean over tokens by their ``score_weight``."""
    shares = [scale.score_weight * scale.tokens for scale in config.scales]
    products = [
        share * (unit(v, config.normalise) * unit(a, config.normalise)).sum(dim=1)
        for v, a, share in zip(video, audio, shares, strict=True)
    ]
    return (logit_scale.reshape(-1, 1) * torch.stack(products)).sum(dim=0) / sum(shares)
