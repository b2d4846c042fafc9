"""CAVP's objective, written from its released code and from nothing of gmscavp.

.. code-block:: text

    L = L_S + λ L_T,   z = exp(s) V Aᵀ,   V, A: (N_V · N_T, dim), unit rows, ordered clip by clip
    L_S = mean of the row-wise and the column-wise cross-entropy of z with its diagonal as the answer
    L_T = the same, each row and column confined to the N_T segments of its own clip

The negatives of L_S include the other segments of the same clip, as in the released code (Diff-Foley,
``training/open_cavp_main/src/open_clip/loss.py``).
"""

import torch
from jaxtyping import Float
from torch import Tensor


def cavp_loss(
    video: Float[Tensor, "rows dim"],
    audio: Float[Tensor, "rows dim"],
    log_scale: Float[Tensor, ""],
    *,
    segments: int,
    temporal_weight: float,
) -> tuple[Float[Tensor, ""], Float[Tensor, ""], Float[Tensor, ""]]:
    """Return L, L_S and L_T of unit vectors.

    Args:
        video: One unit vector a segment.
        audio: One unit vector a segment, same order.
        log_scale: s, the logarithm of the inverse temperature.
        segments: N_T, segments of each clip.
        temporal_weight: λ.
    """
    logits = log_scale.exp() * video @ audio.T
    semantic = symmetric_nll(logits)

    clip = torch.arange(len(logits), device=logits.device) // segments
    other_clip = clip[:, None] != clip[None, :]
    temporal = symmetric_nll(logits.masked_fill(other_clip, -torch.inf))
    return semantic + temporal_weight * temporal, semantic, temporal


def symmetric_nll(logits: Float[Tensor, "rows rows"]) -> Float[Tensor, ""]:
    """Return the mean of -log softmax at the diagonal, over rows and over columns."""
    by_video = logits.log_softmax(dim=1).diagonal()
    by_audio = logits.log_softmax(dim=0).diagonal()
    return -(by_video.mean() + by_audio.mean()) / 2
