"""What a backbone returns."""

from typing import NamedTuple

from torch import Tensor


class Maps(NamedTuple):
    """Feature maps of one stream, aligned in time; place is height and width, or frequency.

    Attributes:
        fine: ``(batch, time, channel, *place)``.
        coarse: ``(batch, time, channel, *place)``, of half the resolution or less.
        summary: ``(batch, time, channel)``, place pooled away; what CAVP projects.
    """

    fine: Tensor
    coarse: Tensor
    summary: Tensor
