"""Sound drawn towards a log-mel: the levels are those of the log-mel, all else stays as it is."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gmscavp.inputs import LogMelConfig
from gmscavp.log_mel import mel_filters, mel_of

Samples = Float[Tensor, "batch samples"]
Mel = Float[Tensor, "batch bins frames"]

LEAST, MOST = 0.1, 10.0
"""What a bin is scaled by at once."""


class MelProjection(nn.Module):
    """P(x) = istft(G ⊙ X), X = stft(x), where G_k = Σ_b M_bk g_b / Σ_b M_bk and g = m / M |X|.

    M are the mel filters and m is the mel |STFT| wanted: each bin is scaled as the bands around it ask for.
    Frames overlap, so m is met by repetition only, x_{k+1} = P(x_k) + α (P(x_k) - P(x_{k-1})), as in the fast
    Griffin-Lim algorithm.
    """

    window: Tensor
    filters: Tensor
    shares: Tensor

    def __init__(self, config: LogMelConfig) -> None:
        super().__init__()
        self.config = config
        filters = mel_filters(config)
        caught = filters.sum(0)
        self.register_buffer("window", torch.hann_window(config.window), persistent=False)
        self.register_buffer("filters", filters, persistent=False)
        self.register_buffer("shares", torch.where(caught > 0, filters / caught, 0.0), persistent=False)

    def forward(self, samples: Samples, log_mel: Mel, times: int, momentum: float = 0.9) -> Samples:
        """Return as many samples, drawn ``times`` times; frequencies beyond all bands are left alone.

        Args:
            samples: ``frames · hop`` of them.
            log_mel: In [0, 1].
            times: How often.
            momentum: α.
        """
        wanted, current, before = mel_of(log_mel), samples, samples
        for turn in range(times):
            projected = self.once(current, wanted)
            current = projected + momentum * (projected - before) if turn else projected
            before = projected
        return before

    def once(self, samples: Samples, wanted: Mel) -> Samples:
        """Return P of samples, for the mel |STFT| wanted."""
        window, hop, length = self.config.window, self.config.hop, samples.shape[1]
        # What is too short to be reflected is continued by silence.
        padding = "reflect" if length > window // 2 else "constant"
        spectrum = torch.stft(
            samples, window, hop, window=self.window, pad_mode=padding, return_complex=True
        )[..., : wanted.shape[2]]
        found = (self.filters @ spectrum.abs()).clamp(min=1e-6)
        beyond = (self.shares.sum(0) == 0).float()[:, None]
        scale = self.shares.T @ (wanted / found).clamp(LEAST, MOST) + beyond
        return torch.istft(spectrum * scale, window, hop, window=self.window, length=length)
