"""A trained GMS-CAVP, frozen, as what is made over it looks through it."""

from jaxtyping import Float
from torch import Tensor

from gmscavp.backbones.video import Frames
from gmscavp.diffusion.guidance import alignment_score
from gmscavp.model import GMSCAVP

Levels = list[Float[Tensor, "rows _ dim"]]


class GMSCAVPEncoder:
    """Tokens at all scales, and the contrast's own score of log-mel.

    Args:
        network: The model; frozen, and in eval mode from here on.
    """

    def __init__(self, network: GMSCAVP) -> None:
        self.network = network.eval().requires_grad_(False)

    def tokens(self, frames: Frames) -> Levels:
        """Return the tokens of each scale, fine to coarse, of frames that fill one segment."""
        return self.network.video_tokens(frames)

    def score(self, video: Levels, log_mel: Float[Tensor, "rows bins frames"]) -> Float[Tensor, " rows"]:
        """Return log p(video | log-mel) of each row, up to a constant, as the contrast has it."""
        network = self.network
        audio = network.audio_pyramid(network.audio(log_mel))
        return alignment_score(video, audio, network.logit_scale, network.config)

    def seen(self, frames: Frames) -> Levels:
        """Return a token a frame at each scale, of any number of frames: nothing is pooled over time."""
        network = self.network
        return network.video_pyramid.instants(network.video(frames))

    def heard(self, samples: Float[Tensor, "rows samples"]) -> Levels:
        """Return a token for each frame's worth of samples at each scale, likewise."""
        network = self.network
        return network.audio_pyramid.instants(network.audio(network.log_mel(samples)))
