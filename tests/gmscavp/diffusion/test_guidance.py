import math

import pytest
import torch
from torch import Tensor

from gmscavp.diffusion.guidance import aligned, alignment_score, classifier_free
from gmscavp.diffusion.parameterisation import noise_from
from gmscavp.diffusion.schedule import signal_and_noise
from gmscavp.model import GMSCAVP

X = torch.tensor([[0.4, -1.2], [0.9, 0.1]], dtype=torch.float64)
LEVEL = torch.tensor(-0.7, dtype=torch.float64)


def conditional(x: Tensor, log_snr: Tensor) -> Tensor:
    return x.sin() + log_snr


def null(x: Tensor, log_snr: Tensor) -> Tensor:
    return 0.3 * x


@pytest.mark.parametrize("weight", [0.0, 1.0, 4.5])
def test_guiding_the_predicted_data_is_guiding_the_predicted_noise(weight: float) -> None:
    levels = LEVEL.expand(2)
    noises = [noise_from(predict(X, LEVEL), X, levels) for predict in (null, conditional)]

    guided = classifier_free(conditional, null, weight)(X, LEVEL)

    assert torch.allclose(noise_from(guided, X, levels), noises[0] + weight * (noises[1] - noises[0]))


def test_alignment_guidance_moves_the_noise_by_minus_g_sigma_times_the_slope() -> None:
    def score(data: Tensor) -> Tensor:
        return (data**2).sum(dim=1)

    guided = aligned(conditional, score, 5.0)(X, LEVEL)

    levels = LEVEL.expand(2)
    moved = noise_from(guided, X, levels) - noise_from(conditional(X, LEVEL), X, levels)
    _, sigma = signal_and_noise(LEVEL)
    slope = 2 * conditional(X, LEVEL) * X.cos()  # of score(conditional(x)), by the chain rule
    assert torch.allclose(moved, -5.0 * sigma * slope)
    assert not guided.requires_grad


def test_guidance_of_a_gaussian_by_its_own_score_gives_the_posterior() -> None:
    """Data N(0, 1) and a condition y = x_0 + N(0, τ²): the best predictor given y is known."""
    y, variance = 0.8, 0.25
    alpha, sigma = signal_and_noise(LEVEL)

    def prior(x: Tensor, log_snr: Tensor) -> Tensor:
        return alpha * x  # E[x_0 | x_t] of N(0, 1)

    def log_likelihood(data: Tensor) -> Tensor:
        # Given x_t, x_0 has variance σ² around its prediction, so that y has τ² + σ².
        return -((y - data) ** 2).sum(dim=1) / (2 * (variance + sigma**2))

    precision = 1 + alpha**2 / sigma**2 + 1 / variance
    posterior = (alpha / sigma**2 * X + y / variance) / precision

    assert torch.allclose(aligned(prior, log_likelihood, 1.0)(X, LEVEL), posterior)


def test_no_guidance_is_the_prediction_itself() -> None:
    assert classifier_free(conditional, null, 1) is conditional
    assert aligned(conditional, lambda data: data.sum(dim=1), 0) is conditional


def test_the_score_is_the_logit_of_the_pair_that_retrieval_ranks_by(
    network: GMSCAVP, frames: Tensor, samples: Tensor
) -> None:
    video, audio = network.video_tokens(frames), network.audio_tokens(samples)
    size = 8 * 1024 // 8
    ranked = network.embed_video(frames) @ network.embed_audio(samples[:, :size]).T

    found = alignment_score(video, audio, network.logit_scale, network.config)

    assert torch.allclose(found, ranked.diagonal() / 0.07, atol=1e-4)
    assert math.isclose(network.logit_scale.item(), 1 / 0.07, rel_tol=1e-6)


def test_with_a_temperature_a_scale_the_score_weighs_each_scale_by_its_own(
    network: GMSCAVP, frames: Tensor, samples: Tensor
) -> None:
    video, audio = network.video_tokens(frames), network.audio_tokens(samples)
    size = len(network.config.scales)
    alone = [alignment_score(video, audio, torch.eye(size)[k], network.config) for k in range(size)]

    found = alignment_score(video, audio, torch.arange(1.0, size + 1), network.config)

    assert torch.allclose(found, sum((k + 1) * each for k, each in enumerate(alone)))
