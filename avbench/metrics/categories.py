r"""Retrieval of anything of the same class: many candidates are right, and several metrics differ.

A query has :math:`N` candidates in order of score, of which :math:`R` are right. Candidates of equal score
stand in groups, each as likely in any order; every number is the expectation over those orders (McSherry and
Najork, "Computing Information Retrieval Performance Measures Efficiently in the Presence of Tied Scores",
ECIR 2008). For a group of :math:`n` candidates, :math:`r` of them right, behind :math:`s` candidates of which
:math:`q` are right:

.. math::
    \text{hit@}k &= 1 - \binom{n - r}{m} \Big/ \binom{n}{m} \quad\text{if } q = 0, \text{ in the group that }
        k \text{ cuts, } m = k - s \\
    \text{recall@}k &= \frac{1}{R} \sum_{\text{groups}} \frac{r}{n} \min(\max(k - s, 0), n) \\
    \text{nDCG@}k &= \sum_{\text{groups}} \frac{r}{n}
        \sum_{i = s + 1}^{\min(s + n, k)} \frac{1}{\log_2(i + 1)}
        \Bigg/ \sum_{i = 1}^{\min(R, k)} \frac{1}{\log_2(i + 1)} \\
    \text{AP} &= \frac{1}{R} \sum_{\text{groups}} \frac{r}{n} \sum_{j = 1}^{n}
        \frac{q + 1 + (j - 1) \frac{r - 1}{n - 1}}{s + j}

hit@k asks for one right candidate, recall@k for all of them: with 50 clips a class it is at most k/50. Where
one candidate is right, hit@k and recall@k are the same, and AP is the reciprocal rank.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class TieGroups:
    """The candidates of one query, in groups of equal score from the best to the worst.

    Attributes:
        sizes: ``(groups,)`` int64: :math:`n`.
        right: ``(groups,)`` int64: :math:`r`, those that are right.
    """

    sizes: NDArray[np.int64]
    right: NDArray[np.int64]

    @property
    def before(self) -> NDArray[np.int64]:
        """Candidates in better groups: :math:`s`."""
        return np.cumsum(self.sizes) - self.sizes

    @property
    def right_before(self) -> NDArray[np.int64]:
        """Right candidates in better groups: :math:`q`."""
        return np.cumsum(self.right) - self.right


def tie_groups(scores: NDArray[np.floating], right: NDArray[np.bool_]) -> TieGroups:
    """Sort the candidates of a query into groups of equal score.

    Args:
        scores: ``(candidates,)``, higher is better.
        right: ``(candidates,)``: which of them are right.

    >>> groups = tie_groups(np.array([0.1, 0.9, 0.9]), np.array([True, False, True]))
    >>> groups.sizes.tolist(), groups.right.tolist()
    ([2, 1], [1, 1])
    """
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    return TieGroups(
        sizes=np.diff(starts, append=len(scores)),
        right=np.add.reduceat(right[order].astype(np.int64), starts),
    )


def hit(groups: TieGroups, k: int) -> float:
    """Return the chance that at least one of the first ``k`` is right.

    >>> hit(TieGroups(sizes=np.array([4]), right=np.array([1])), 1)
    0.25
    """
    cut = int(np.searchsorted(np.cumsum(groups.sizes), k))
    if cut == len(groups.sizes) or groups.right_before[cut]:
        return float(groups.right[: cut + 1].sum() > 0)
    wrong, left = int(groups.sizes[cut] - groups.right[cut]), k - int(groups.before[cut])
    missed = np.clip(wrong - np.arange(left), 0, None) / (groups.sizes[cut] - np.arange(left))
    return float(1 - np.prod(missed))


def recall(groups: TieGroups, k: int) -> float:
    """Return the share of right candidates among the first ``k``.

    >>> recall(TieGroups(sizes=np.array([1, 2]), right=np.array([1, 1])), 2)
    0.75
    """
    within = np.clip(k - groups.before, 0, groups.sizes)
    return float((groups.right / groups.sizes * within).sum() / groups.right.sum())


def ndcg(groups: TieGroups, k: int) -> float:
    """Return the gain of the first ``k``, discounted by the logarithm of the place, over the largest.

    >>> round(ndcg(TieGroups(sizes=np.array([1, 1]), right=np.array([0, 1])), 10), 3)
    0.631
    """
    total = int(groups.sizes.sum())
    gains = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(min(k, total)) + 2))])
    ends = np.minimum(groups.before + groups.sizes, len(gains) - 1)
    starts = np.minimum(groups.before, len(gains) - 1)
    found = groups.right / groups.sizes * (gains[ends] - gains[starts])
    return float(found.sum() / gains[min(int(groups.right.sum()), len(gains) - 1)])


def average_precision(groups: TieGroups) -> float:
    """Return the precision at each right candidate, averaged over them.

    >>> average_precision(TieGroups(sizes=np.array([1, 1, 1]), right=np.array([1, 0, 1])))
    0.8333333333333333
    """
    holding = np.flatnonzero(groups.right)
    sizes, right = groups.sizes[holding], groups.right[holding]
    group = np.repeat(np.arange(len(holding)), sizes)
    nth = np.arange(len(group)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    others = (right - 1) / np.maximum(sizes - 1, 1)
    found = groups.right_before[holding][group] + 1 + nth * others[group]
    precision = found / (groups.before[holding][group] + nth + 1)
    return float((right / sizes)[group] @ precision / groups.right.sum())


def category_values(groups: TieGroups, cutoffs: Sequence[int]) -> Mapping[str, float]:
    """Return every number of one query by name: ``map``, ``hit@k``, ``recall@k``, ``ndcg@k``."""
    return {
        "map": average_precision(groups),
        **{f"hit@{k}": hit(groups, k) for k in cutoffs},
        **{f"recall@{k}": recall(groups, k) for k in cutoffs},
        **{f"ndcg@{k}": ndcg(groups, k) for k in cutoffs},
    }


def chance_values(candidates: int, right: int, cutoffs: Sequence[int]) -> Mapping[str, float]:
    """Return what a scorer that knows nothing expects: all candidates are one group of equal score.

    >>> round(chance_values(10, 1, (1,))["hit@1"], 6)
    0.1
    """
    return category_values(TieGroups(sizes=np.array([candidates]), right=np.array([right])), cutoffs)
