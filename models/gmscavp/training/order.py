r"""In which order clips are taken: a function of seed and epoch, so that a run can resume anywhere.

Families lie in blocks, one for each file they are read from together. An epoch draws an order π of the
blocks, and mixes ``together`` of them at a time; place p of an epoch then holds

.. code-block:: text

    g   the group that p falls into, of blocks π(g · together) … π((g + 1) · together - 1)
    ρ   a permutation of the families of these blocks, drawn from (seed, epoch, g)
    ρ(p - families of the groups before g)

This is a shuffle buffer of whole blocks that holds numbers instead of clips: reading stays among ``together``
files for a while, and no more of the order is ever drawn than one group. With one block it is a permutation
of all families.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]


class Order:
    """Which family stands where.

    Args:
        blocks: Families in each block; they are numbered block after block.
        together: Blocks that are mixed at a time.
        seed: Seeds the order.
    """

    def __init__(self, blocks: Sequence[int], *, together: int, seed: int) -> None:
        self.blocks: Places = np.asarray(blocks, np.int64)
        self.first: Places = np.cumsum(self.blocks) - self.blocks
        self.families = int(self.blocks.sum())
        self.together, self.seed = together, seed
        # A batch may lie across two groups, and the next one is read ahead.
        self._groups = lru_cache(maxsize=2)(self._draw_groups)
        self._members = lru_cache(maxsize=4)(self._draw_members)

    def family(self, position: int) -> int:
        """Return the family at a position, counted from the start of the run."""
        epoch, place = divmod(position, self.families)
        _, ends = self._groups(epoch)
        group = int(np.searchsorted(ends, place, side="right"))
        before = int(ends[group - 1]) if group else 0
        return int(self._members(epoch, group)[place - before])

    def _draw_groups(self, epoch: int) -> tuple[list[Places], Places]:
        """Return the blocks of each group of an epoch, and the families up to the end of each."""
        drawn = np.random.default_rng([self.seed, epoch, 3]).permutation(len(self.blocks))
        groups = [drawn[k : k + self.together] for k in range(0, len(drawn), self.together)]
        return groups, np.cumsum([int(self.blocks[group].sum()) for group in groups], dtype=np.int64)

    def _draw_members(self, epoch: int, group: int) -> Places:
        blocks: list[int] = self._groups(epoch)[0][group].tolist()
        members = [self.first[each] + np.arange(int(self.blocks[each])) for each in blocks]
        # numpy fills a seed up with zeros: the first group is drawn as from (seed, epoch, 1).
        draw = np.random.default_rng([self.seed, epoch, 1, group])
        return np.concatenate(members)[draw.permutation(sum(map(len, members)))]
