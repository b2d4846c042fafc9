"""A trained CAVP, frozen, as a generator looks through it: the second stage of Diff-Foley, on our denoiser.

Diff-Foley conditions its latent diffusion on the projected token of every frame, not pooled and of unit
length. The denoiser here is gmscavp's, the same as over GMS-CAVP, so that what differs is what it is given.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from cavp.model import CAVP, normal
from gmscavp.video import Frames

Levels = list[Float[Tensor, "rows _ dim"]]


class CAVPEncoder:
    """Video tokens of every frame, and the contrast's own score of log-mel.

    Args:
        network: The model; frozen, and in eval mode from here on.
    """

    def __init__(self, network: CAVP) -> None:
        self.network = network.eval().requires_grad_(False)

    def tokens(self, frames: Frames) -> Levels:
        """Return one scale: a token a frame, of frames that fill one segment."""
        return [self.network.video_tokens(frames)]

    def score(self, video: Levels, log_mel: Float[Tensor, "rows bins frames"]) -> Float[Tensor, " rows"]:
        """Return exp(s) <v, a>, the vectors pooled over the segment as the contrast pools them."""
        network = self.network
        audio = network.audio_projection(network.audio(log_mel).summary)
        pairs = (normal(tokens.amax(dim=1)) for tokens in (video[0], audio))
        return network.logit_scale * torch.linalg.vecdot(*pairs)
