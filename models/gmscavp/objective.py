"""The joint objective, L = L_MSA + β L_MSD."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from gmscavp.contrastive import Alignment
from gmscavp.diffusion.objective import Diffusion


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """Both halves of the objective.

    Attributes:
        alignment: L_MSA.
        diffusion: L_MSD.
        weight: β.
    """

    alignment: Alignment
    diffusion: Diffusion
    weight: float

    @property
    def total(self) -> Tensor:
        """Return L, a scalar with gradient."""
        return self.alignment.total + self.weight * self.diffusion.total

    @property
    def parts(self) -> Mapping[str, Tensor]:
        """Return what both halves are made of, detached, by name."""
        return {**self.alignment.parts, **self.diffusion.parts}
