"""Synchformer's view of a segment: Motionformer with divided attention, one token for each pair of frames.

Patrick et al., "Keeping Your Eye on the Ball", NeurIPS 2021 (Motionformer); Bertasius, Wang and Torresani,
"Is Space-Time Attention All You Need for Video Understanding?", ICML 2021 (divided attention).

    tokens      patches of 2 frames × 16 × 16 pixels, plus a place in the frame and one in time
    time        each patch attends to the same place in all pairs of frames, and to the class token
    space       then to all places of the same pair of frames, and to the class token
    class token attends to everything, both times
    summary     the patches of a pair of frames, reduced to one token

Keys are those of v-iashin/Synchformer (``model/modules/feat_extractors/visual/motionformer.py``,
``motionformer_src/video_model_builder.py``, ``motionformer_src/vit_helper.py``), whose Motionformer takes its
sizes from facebookresearch/Motionformer's ``configs/SSV2/divided_224_16x4.yaml``.
"""

from typing import Literal

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from avbench.embedders.expansion import Expansion
from avbench_synchformer.config import Config
from avbench_synchformer.summary import Summary
from avbench_synchformer.windows import FRAMES

TUBE = 2
PAIRS = FRAMES // TUBE
Over = Literal["time", "space"]
ORDERS: dict[Over, str] = {"time": "b h p t d", "space": "b h t p d"}


class Patches(nn.Module):
    """A convolution that cuts a picture, or a stretch of one, into patches."""

    def __init__(self, proj: nn.Conv2d | nn.Conv3d) -> None:
        super().__init__()
        self.proj = proj


class DividedAttention(nn.Module):
    """Attention among tokens of one place, or of one instant; the class token takes part in all."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(
        self, tokens: Float[Tensor, "batch token dim"], over: Over
    ) -> Float[Tensor, "batch token dim"]:
        """Attend; tokens are the class token, then patches instant by instant."""
        q, k, v = self.qkv(tokens).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        asking = scaled_dot_product_attention(q[:, :, :1], k, v)
        order = ORDERS[over]
        queries, *patches = (
            rearrange(each[:, :, 1:], f"b h (t p) d -> {order}", t=PAIRS) for each in (q, k, v)
        )
        first = (each[:, :, None, :1].expand(-1, -1, queries.shape[2], -1, -1) for each in (k, v))
        keys, values = (torch.cat(pair, dim=3) for pair in zip(first, patches, strict=True))
        answered = rearrange(scaled_dot_product_attention(queries, keys, values), f"{order} -> b h (t p) d")
        return self.proj(torch.cat([asking, answered], dim=2).transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Attention over time, then over space, then expansion, each on normalised tokens and added to them."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attn = DividedAttention(dim, heads)
        self.timeattn = DividedAttention(dim, heads)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = Expansion(dim)
        self.norm3 = nn.LayerNorm(dim, eps=1e-6)

    def forward(self, tokens: Float[Tensor, "batch token dim"]) -> Float[Tensor, "batch token dim"]:
        """Return the tokens one block deeper."""
        tokens = tokens + self.timeattn(self.norm3(tokens), "time")
        tokens = tokens + self.attn(self.norm1(tokens), "space")
        return tokens + self.mlp(self.norm2(tokens))


class PictureTower(nn.Module):
    """The network."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        dim, patch = config.dim, config.patch
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.zeros(1, config.places + 1, dim))
        self.temp_embed = nn.Parameter(torch.zeros(1, PAIRS, dim))
        # In the public file, and of no use: frames are cut in pairs.
        self.patch_embed = Patches(nn.Conv2d(3, dim, patch, stride=patch))
        tube = (TUBE, patch, patch)
        self.patch_embed_3d = Patches(nn.Conv3d(3, dim, tube, stride=tube))
        self.blocks = nn.Sequential(*(Block(dim, config.heads) for _ in range(config.depth)))
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.spatial_attn_agg = Summary(dim, config.heads)

    def forward(
        self, segments: Float[Tensor, "segment frame=16 channel=3 row column"]
    ) -> Float[Tensor, "segment token=8 dim"]:
        """Look at segments, pixels in [−1, 1]."""
        patches = self.patch_embed_3d.proj(segments.transpose(1, 2)).flatten(3)
        places = self.pos_embed[:, None, 1:] + self.temp_embed[:, :, None]
        placed = rearrange(patches, "s d t p -> s t p d") + places
        asking = (self.cls_token + self.pos_embed[:, :1]).expand(len(segments), -1, -1)
        tokens = self.norm(self.blocks(torch.cat([asking, placed.flatten(1, 2)], dim=1)))
        by_pair = rearrange(tokens[:, 1:], "s (t p) d -> (s t) p d", t=PAIRS)
        return self.spatial_attn_agg.of(by_pair).unflatten(0, (-1, PAIRS))
