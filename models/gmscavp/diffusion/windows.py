r"""A clip of any length as overlapping windows of the length that the networks were trained on.

.. code-block:: text

    window k covers the parts k m … k m + n - 1 of the clip, k = 0 … K - 1
    whole(t) = Σ_k w(t - k m) window_k(t - k m) / Σ_k w(t - k m)
    w(j)     = min(1, (j + 1/2) / o, (n - j - 1/2) / o),      o = n - m, the parts that neighbours share

n parts make a window, m parts lie between the starts of two. The weights of two neighbours add up to 1 where
they overlap, so that one fades into the other; a clip of one window is left as it is. Averaging what is
*predicted* at every step of a sampler makes windows samples of one clip (MultiDiffusion, arXiv 2302.08113).
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Shaped
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """How a clip is covered, for whatever number of parts a window is divided into.

    Attributes:
        count: K, windows of a clip.
        share: m / n, from the start of one window to that of the next, of a window's length.
    """

    count: int
    share: float = 1.0

    def stride(self, size: int) -> int:
        """Return m of windows of ``size`` parts.

        Raises:
            ValueError: Windows would start between two parts.
        """
        stride = round(size * self.share)
        if self.count > 1 and (stride < 1 or abs(stride - size * self.share) > 1e-6):
            raise ValueError(
                f"Windows that start {self.share:g} of their length apart fall between the {size} parts."
            )
        return stride

    def length(self, size: int) -> int:
        """Return the parts of the whole clip, for windows of ``size`` parts."""
        return size + (self.count - 1) * self.stride(size)

    def cut(
        self, whole: Shaped[Tensor, "rows channel time ..."], size: int
    ) -> Shaped[Tensor, "rows*count channel size ..."]:
        """Return the windows of each clip, one after the other, along the third axis."""
        starts = range(0, self.count * self.stride(size), self.stride(size)) if self.count > 1 else (0,)
        return torch.stack([whole[:, :, start : start + size] for start in starts], dim=1).flatten(0, 1)

    def joined(
        self, windows: Float[Tensor, "rows*count channel size ..."]
    ) -> Float[Tensor, "rows channel time ..."]:
        """Return whole clips, the weighted mean of windows where they overlap."""
        if self.count == 1:
            return windows
        size = windows.shape[2]
        stride = self.stride(size)
        parts = windows.unflatten(0, (-1, self.count))
        weight = fading(size, size - stride).to(windows).view(-1, *(1 for _ in windows.shape[3:]))
        shape = (len(parts), windows.shape[1], self.length(size), *windows.shape[3:])
        total, weights = windows.new_zeros(shape), windows.new_zeros(shape[2:])
        for place in range(self.count):
            where = slice(place * stride, place * stride + size)
            total[:, :, where] = total[:, :, where] + weight * parts[:, place]
            weights[where] += weight
        return total / weights


ALONE = Windows(count=1)
"""A clip that is one window."""


def fading(size: int, overlap: int) -> Float[Tensor, " size"]:
    """Return w: 1 in the middle, falling in a line over what is shared with either neighbour."""
    place = torch.arange(size) + 0.5
    return torch.minimum(place, size - place).div(max(overlap, 1)).clamp(max=1)


def covering(length: int, size: int, stride: int) -> Windows:
    """Return the fewest windows of ``size`` frames that cover ``length`` frames, ``stride`` frames apart.

    Raises:
        ValueError: The stride leaves gaps, or is none.
    """
    if not 0 < stride <= size:
        raise ValueError(f"Windows of {size} frames that start {stride} frames apart do not cover a clip.")
    return Windows(count=1 + max(0, -(-(length - size) // stride)), share=stride / size)
