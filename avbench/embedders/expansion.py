"""The two layers between attentions of a vision transformer, with timm's keys."""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import gelu


class Expansion(nn.Module):
    """Two layers, the inner one four times as wide."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, 4 * dim)
        self.fc2 = nn.Linear(4 * dim, dim)

    def forward(self, tokens: Float[Tensor, "batch token dim"]) -> Float[Tensor, "batch token dim"]:
        """Expand and contract."""
        return self.fc2(gelu(self.fc1(tokens)))
