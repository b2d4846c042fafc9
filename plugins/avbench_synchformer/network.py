"""Synchformer: 14 segments of picture and sound to the likeliness of 21 offsets.

Iashin, Xie, Rahtu and Zisserman, "Synchformer: Efficient Synchronization from Sparse Cues", ICASSP 2024,
arXiv 2401.16423. Each segment is looked at and listened to alone (:mod:`avbench_synchformer.picture`,
:mod:`avbench_synchformer.sound`); where they meet,

    [offset token, 14 · 8 tokens of the picture, a token between, 14 · 6 tokens of the sound] + places
    three blocks of a transformer; the offset token, normalised, gives the logits

Keys are those of v-iashin/Synchformer (``model/sync_model.py``, ``model/modules/transformer.py``).
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from avbench_synchformer.config import Config
from avbench_synchformer.picture import PAIRS, PictureTower
from avbench_synchformer.sound import INSTANTS, SoundTower
from avbench_synchformer.windows import OFFSETS, WINDOW

TOKENS = 1 + WINDOW * PAIRS + 1 + WINDOW * INSTANTS


class Attention(nn.Module):
    """Self-attention of several heads."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.key = nn.Linear(dim, dim)
        self.query = nn.Linear(dim, dim)
        self.value = nn.Linear(dim, dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, tokens: Float[Tensor, "batch token dim"]) -> Float[Tensor, "batch token dim"]:
        """Attend."""
        parts = (each(tokens) for each in (self.query, self.key, self.value))
        query, key, value = (each.unflatten(2, (self.heads, -1)).transpose(1, 2) for each in parts)
        return self.proj(scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Attention and expansion, each on normalised tokens and added to them."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.ln1 = nn.LayerNorm(dim)
        self.ln2 = nn.LayerNorm(dim)
        self.attn = Attention(dim, heads)
        self.mlp = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))

    def forward(self, tokens: Float[Tensor, "batch token dim"]) -> Float[Tensor, "batch token dim"]:
        """Return the tokens one block deeper."""
        tokens = tokens + self.attn(self.ln1(tokens))
        return tokens + self.mlp(self.ln2(tokens))


class Places(nn.Module):
    """What is added to each token for its place."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.pos_emb = nn.Parameter(torch.zeros(1, TOKENS, dim))


class Meeting(nn.Module):
    """Where the tokens of both streams attend to each other."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        dim = config.dim
        self.vis_in_lnorm = nn.LayerNorm(dim)
        self.aud_in_lnorm = nn.LayerNorm(dim)
        self.OFF_tok = nn.Parameter(torch.zeros(1, 1, dim))
        self.MOD_tok = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_emb_cfg = Places(dim)
        self.blocks = nn.Sequential(*(Block(dim, config.met_heads) for _ in range(config.met_depth)))
        self.ln_f = nn.LayerNorm(dim)
        self.off_head = nn.Linear(dim, len(OFFSETS))

    def forward(
        self, picture: Float[Tensor, "batch seen dim"], sound: Float[Tensor, "batch heard dim"]
    ) -> Float[Tensor, "batch offset=21"]:
        """Return a logit for each offset."""
        asking, between = (each.expand(len(picture), -1, -1) for each in (self.OFF_tok, self.MOD_tok))
        parts = [asking, self.vis_in_lnorm(picture), between, self.aud_in_lnorm(sound)]
        tokens = torch.cat(parts, dim=1) + self.pos_emb_cfg.pos_emb
        return self.off_head(self.ln_f(self.blocks(tokens))[:, 0])


class Synchformer(nn.Module):
    """The whole network; by default of the published sizes."""

    def __init__(self, config: Config | None = None) -> None:
        super().__init__()
        config = config or Config()
        self.config = config
        self.vfeat_extractor = PictureTower(config)
        self.afeat_extractor = SoundTower(config)
        self.vproj = nn.Linear(config.dim, config.dim)
        self.aproj = nn.Linear(config.dim, config.dim)
        self.transformer = Meeting(config)

    def compare(
        self,
        picture: Float[Tensor, "batch segment=14 seen=8 dim"],
        sound: Float[Tensor, "batch segment=14 heard=6 dim"],
    ) -> Float[Tensor, "batch offset=21"]:
        """Return a logit for each of :data:`~avbench_synchformer.windows.OFFSETS`."""
        return self.transformer(self.vproj(picture).flatten(1, 2), self.aproj(sound).flatten(1, 2))
