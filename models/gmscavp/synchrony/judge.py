r"""Whether a sound belongs to a picture and is in time: a classifier after Diff-Foley's (arXiv 2306.17203).

.. code-block:: text

    v(t) = Σ_l V_l(tokens of frame t at scale l),  a(t) = Σ_l A_l(tokens of sound at t)
    x(t) = [v(t), a(t), v(t) a(t)]  -> convolutions over time -> mean and maximum over time -> logit

True pairs are told from sounds of another moment and of another clip, by cross-entropy. Theirs is half a
U-Net over a mel latent that attends to CAVP's tokens; this one is small, and hears through the encoder too.
"""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional as F

from gmscavp.pyramid import TokenMixer
from gmscavp.synchrony.config import JudgeConfig
from gmscavp.synchrony.offset_head import HeadLoss, InstantEncoder, Levels, drawn_part, even


class Judge(nn.Module):
    """Says how surely a sound is the picture's own.

    Args:
        config: Everything it is made of, but the encoder.
        encoder: Where the tokens come from.
    """

    def __init__(self, config: JudgeConfig, encoder: InstantEncoder) -> None:
        super().__init__()
        self.config, self.encoder = config, encoder
        width, kernel = config.width, config.kernel
        self.video = nn.ModuleList(TokenMixer(dim, width, width) for dim in config.dims)
        self.audio = nn.ModuleList(TokenMixer(dim, width, width) for dim in config.dims)
        self.join = nn.Conv1d(3 * width, width, 1)
        self.blocks = nn.ModuleList(
            nn.Conv1d(width, width, kernel, padding=kernel // 2) for _ in range(config.depth)
        )
        self.decide = nn.Linear(2 * width, 1)

    def forward(
        self,
        video: Float[Tensor, "rows time dims"],
        audio: Float[Tensor, "rows time dims"],
        truth: Float[Tensor, " rows"],
        seeds: Int64[Tensor, " rows"] | None = None,
    ) -> HeadLoss:
        """Return the binary cross-entropy, averaged over rows.

        Args:
            video: Tokens of the picture, all scales side by side.
            audio: Tokens of the sound, likewise.
            truth: 1 for a pair that belongs together and is in time, else 0.
            seeds: Of the rows; what is left of both streams is drawn from the first. None leaves all.
        """
        if seeds is not None:
            left = drawn_part(self.config, seeds)
            video, audio = video[:, left], audio[:, left]
        logits = self.logits(video.split(self.config.dims, dim=2), audio.split(self.config.dims, dim=2))
        missed = F.binary_cross_entropy_with_logits(logits, truth)
        right = ((logits > 0) == (truth > 0.5)).float().mean()
        return HeadLoss(total=missed, parts={"judge": missed.detach(), "right": right})

    def logits(self, video: Levels, audio: Levels) -> Float[Tensor, " rows"]:
        """Return the logit that each row is true; what lasts longer than the other stream is left out."""
        length = min(video[0].shape[1], audio[0].shape[1])
        seen, heard = (
            torch.stack(
                [project(even(each[:, :length])) for project, each in zip(heads, levels, strict=True)]
            ).sum(dim=0)
            for heads, levels in ((self.video, video), (self.audio, audio))
        )
        joined = self.join(torch.cat([seen, heard, seen * heard], dim=2).transpose(1, 2))
        for block in self.blocks:
            joined = joined + block(F.relu(joined))
        joined = F.relu(joined)
        return self.decide(torch.cat([joined.mean(dim=2), joined.amax(dim=2)], dim=1)).squeeze(1)

    def clamp(self) -> None:
        """Keep nothing in bounds; called after every optimiser step."""
