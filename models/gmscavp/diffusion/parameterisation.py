r"""What a denoiser predicts, and how one prediction becomes another.

.. code-block:: text

    x_t = α x_0 + σ ε
    eps   ε                    x_0 = (x_t - σ ε) / α
    v     α ε - σ x_0          x_0 = α x_t - σ v       (Salimans and Ho, arXiv 2202.00512)
    x0    x_0                  ε   = (x_t - α x_0) / σ

All tensors are ``(rows, ...)``; λ, from which α and σ follow, is ``(rows,)``.
"""

from jaxtyping import Float
from torch import Tensor

from gmscavp.diffusion.config import Prediction
from gmscavp.diffusion.schedule import signal_and_noise


def noised(
    data: Float[Tensor, "rows ..."], noise: Float[Tensor, "rows ..."], log_snr: Float[Tensor, " rows"]
) -> Float[Tensor, "rows ..."]:
    """Return x_t."""
    alpha, sigma = coefficients(log_snr, data)
    return alpha * data + sigma * noise


def regression_target(
    data: Float[Tensor, "rows ..."],
    noise: Float[Tensor, "rows ..."],
    log_snr: Float[Tensor, " rows"],
    prediction: Prediction,
) -> Float[Tensor, "rows ..."]:
    """Return what the denoiser is to predict."""
    if prediction == "x0":
        return data
    if prediction == "eps":
        return noise
    alpha, sigma = coefficients(log_snr, data)
    return alpha * noise - sigma * data


def data_from(
    predicted: Float[Tensor, "rows ..."],
    noisy: Float[Tensor, "rows ..."],
    log_snr: Float[Tensor, " rows"],
    prediction: Prediction,
) -> Float[Tensor, "rows ..."]:
    """Return the x_0 that a prediction stands for."""
    if prediction == "x0":
        return predicted
    alpha, sigma = coefficients(log_snr, noisy)
    if prediction == "eps":
        return (noisy - sigma * predicted) / alpha
    return alpha * noisy - sigma * predicted


def noise_from(
    data: Float[Tensor, "rows ..."], noisy: Float[Tensor, "rows ..."], log_snr: Float[Tensor, " rows"]
) -> Float[Tensor, "rows ..."]:
    """Return the ε that belongs to a predicted x_0."""
    alpha, sigma = coefficients(log_snr, noisy)
    return (noisy - alpha * data) / sigma


def coefficients(log_snr: Float[Tensor, " rows"], like: Tensor) -> tuple[Tensor, Tensor]:
    """Return α and σ, shaped so that they multiply the rows of ``like``."""
    return signal_and_noise(log_snr.view(-1, *(1 for _ in like.shape[1:])))
