"""PaSST base at 32 kHz: 768 columns, one row a clip of 10 s, and 527 AudioSet logits.

Koutini et al., Efficient training of audio transformers with patchout, arXiv 2110.05069; what hear21passt
calls ``base`` (``passt_s_swa_p16_128_ap476``). A clip is cut, or padded with zeros, to 10 s.

    spectrum   x[t] - 0.97 x[t-1]; power of symmetric Hann frames of 800 in 1,024, hop 320, centred
    log-mel    (log(128 filters of 0 … 15,000 Hz + 1e-5) + 4.5) / 5, sides straight in mel, as Kaldi's
    tokens     patches of 16 × 16 every 10 × 10, plus a place in time and one in frequency
    row        mean of the class and the distillation token after 12 blocks

Keys are those of kkoutini/passt_hear21 (``hear21passt/models/passt.py``).
"""

from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import pad, scaled_dot_product_attention

from avbench.embedders.expansion import Expansion
from avbench.embedders.hearing import ClipByClip
from avbench.embedders.log_mel import MelSpectrum, centred, hann, mel_filters
from avbench.embedders.public_files import load_public

SAMPLE_RATE, SECONDS = 32_000, 10
SAMPLES = SAMPLE_RATE * SECONDS
FRAME, HOP, N_FFT, BINS, HIGH = 800, 320, 1024, 128, 15_000.0
PATCH, STRIDE = 16, 10
ROWS, COLUMNS = 12, 99
DIM, HEADS, DEPTH, CLASSES = 768, 12, 12, 527
UNUSED = ("head_dist.",)
"""The second classifier is trained, but the published forward pass does not use it."""


class Patches(nn.Module):
    """Cuts a spectrogram into overlapping patches."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(1, dim, PATCH, stride=STRIDE)

    def forward(self, image: Float[Tensor, "batch 1 bins frames"]) -> Tensor:
        """Return one vector a patch: ``(batch, dim, row, column)``."""
        return self.proj(image)


class Attention(nn.Module):
    """Self-attention of several heads."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, tokens: Float[Tensor, "batch token dim"]) -> Float[Tensor, "batch token dim"]:
        """Attend."""
        parts = self.qkv(tokens).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        query, key, value = parts.unbind(0)
        return self.proj(scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Attention and expansion, each on normalised tokens and added to them."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attn = Attention(dim, heads)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = Expansion(dim)

    def forward(self, tokens: Float[Tensor, "batch token dim"]) -> Float[Tensor, "batch token dim"]:
        """Return the tokens one block deeper."""
        tokens = tokens + self.attn(self.norm1(tokens))
        return tokens + self.mlp(self.norm2(tokens))


class PaSST(nn.Module):
    """The network and its front end; the defaults are the published sizes."""

    def __init__(self, dim: int = DIM, heads: int = HEADS, depth: int = DEPTH) -> None:
        super().__init__()
        self.patch_embed = Patches(dim)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.dist_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.new_pos_embed = nn.Parameter(torch.zeros(1, 2, dim))
        self.freq_new_pos_embed = nn.Parameter(torch.zeros(1, dim, ROWS, 1))
        self.time_new_pos_embed = nn.Parameter(torch.zeros(1, dim, 1, COLUMNS))
        self.blocks = nn.Sequential(*(Block(dim, heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.head = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, CLASSES))
        filters = mel_filters(
            sample_rate=SAMPLE_RATE, n_fft=N_FFT, bins=BINS, low=0.0, high=HIGH, slopes="mel"
        )
        window = hann(FRAME, N_FFT, periodic=False)
        self.mel = MelSpectrum(window=window, hop=HOP, n_fft=N_FFT, filters=filters, power=2)

    def log_mel(self, samples: Float[Tensor, " time"]) -> Float[Tensor, "bins frames"]:
        """Return the normalised log-mel spectrogram."""
        emphasised = samples[1:] - 0.97 * samples[:-1]
        return ((torch.log(self.mel(centred(emphasised, N_FFT)) + 1e-5) + 4.5) / 5.0).T

    def forward(
        self, samples: Float[Tensor, " time"]
    ) -> tuple[Float[Tensor, "rows=1 dim"], Float[Tensor, " classes"]]:
        """Embed a clip and name what is heard."""
        whole = pad(samples[:SAMPLES], (0, max(0, SAMPLES - samples.numel())))
        maps = self.patch_embed(self.log_mel(whole)[None, None])
        maps = maps + self.time_new_pos_embed + self.freq_new_pos_embed
        special = torch.cat([self.cls_token, self.dist_token], dim=1) + self.new_pos_embed
        tokens = torch.cat([special, maps.flatten(2).transpose(1, 2)], dim=1)
        row = self.norm(self.blocks(tokens))[:, :2].mean(dim=1)
        return row, self.head(row)[0]


def load(device: str, weights: Path | None) -> ClipByClip:
    """Load PaSST from its checkpoint."""
    network = PaSST()
    if weights is not None:
        load_public(network, weights, name="passt", ignored=UNUSED)
    # One frame is the least that has something in it; the rest of the 10 s is zeros.
    return ClipByClip(
        network.to(device), name="passt", sample_rate=SAMPLE_RATE, shortest=FRAME, device=device
    )
