"""A trained CAVP, frozen, as what is made over it looks through it: its projected token of every frame.

Diff-Foley conditions its latent diffusion on the same tokens, not pooled and of unit length. Denoiser and
heads here are gmscavp's, the same as over GMS-CAVP, so that what differs is what they are given.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from cavp.model import CAVP, normal
from gmscavp.backbones.video import Frames

Levels = list[Float[Tensor, "rows _ dim"]]


class CAVPEncoder:
    """Tokens of every instant, and the contrast's own score of log-mel.

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

    def seen(self, frames: Frames) -> Levels:
        """Return one scale: a token a frame, of any number of frames."""
        return [self.network.video_tokens(frames)]

    def heard(self, samples: Float[Tensor, "rows samples"]) -> Levels:
        """Return one scale: a token for each frame's worth of samples, likewise."""
        return [self.network.audio_tokens(samples)]
