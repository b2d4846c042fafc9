"""A trained GMS-CAVP, frozen, as a generator looks through it."""

from jaxtyping import Float
from torch import Tensor

from gmscavp.guidance import alignment_score
from gmscavp.model import GMSCAVP
from gmscavp.video import Frames

Levels = list[Float[Tensor, "rows _ dim"]]


class GMSCAVPEncoder:
    """Video tokens at all scales, and the contrast's own score of log-mel.

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
