"""Many tokens to one: a token of its own asks the others in one layer of a transformer."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Summary(nn.TransformerEncoderLayer):
    """What Synchformer reduces the patches of a frame, or the bands of an instant, to one token by.

    Args:
        dim: Columns of a token.
        heads: Of its attention.
    """

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__(
            dim,
            heads,
            4 * dim,
            dropout=0.0,
            activation=nn.GELU(),
            layer_norm_eps=1e-6,
            batch_first=True,
            norm_first=True,
        )
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))

    def of(self, tokens: Float[Tensor, "batch token dim"]) -> Float[Tensor, "batch dim"]:
        """Return one token for each row of them."""
        asking = self.cls_token.expand(len(tokens), -1, -1)
        return self(torch.cat([asking, tokens], dim=1))[:, 0]
