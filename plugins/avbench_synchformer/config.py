"""The sizes of Synchformer; the defaults are those of the published checkpoint."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Sizes, all that a test changes.

    Attributes:
        dim: Columns of a token, in both towers and where they meet.
        depth: Blocks of a tower.
        heads: Of a tower's attention.
        met_depth: Blocks where the towers meet.
        met_heads: Of their attention.
        side: Rows and columns of a frame, in pixels.
        patch: Rows and columns of a patch of a frame, in pixels.
        bins: Mel bands of a spectrogram.
    """

    dim: int = 768
    depth: int = 12
    heads: int = 12
    met_depth: int = 3
    met_heads: int = 8
    side: int = 224
    patch: int = 16
    bins: int = 128

    @property
    def places(self) -> int:
        """Patches of a frame."""
        return (self.side // self.patch) ** 2
