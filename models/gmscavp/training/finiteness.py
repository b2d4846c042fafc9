"""Whether every loss so far was finite, known to the device without the host waiting for it.

To read one number back from a GPU is to wait for all that it was given to do. So the device itself keeps the
verdict, and an optimiser that is told of it changes nothing from the first loss on that is not finite, as it
would for a gradient scaler that found an infinity. The host asks now and then, and learns which step it was.
"""

from collections.abc import Mapping

import torch
from torch import Tensor


class Finiteness:
    """The verdict over the losses of a run.

    Args:
        device: Where the losses are.

    Attributes:
        broken: 1 from the first loss on that was not finite, a scalar on the device; 0 before.
    """

    def __init__(self, device: str) -> None:
        self.broken = torch.zeros((), device=device)
        self.good = torch.zeros((), device=device, dtype=torch.int64)
        self.finite = torch.ones(0, device=device, dtype=torch.bool)
        self.names: list[str] = []

    @torch.no_grad()
    def see(self, loss: Tensor, parts: Mapping[str, Tensor]) -> None:
        """Take in the loss of a step and the terms that it is made of, by name; the device alone does so."""
        terms = torch.stack([each.detach() for each in parts.values()]).isfinite()
        before = self.broken > 0
        self.finite = torch.where(before, self.finite, terms) if self.names else terms
        self.names = list(parts)
        self.broken = torch.maximum(self.broken, (~loss.detach().isfinite()).float())
        self.good = self.good + (self.broken == 0)

    def first_broken(self) -> tuple[int, list[str]] | None:
        """Return how many losses came before the first that is not finite, and its terms that are not.

        Waits for the device. None if all were finite.
        """
        if not self.broken.item():
            return None
        terms = zip(self.names, self.finite.tolist(), strict=True)
        return int(self.good.item()), [name for name, finite in terms if not finite]
