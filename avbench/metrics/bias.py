r"""Intervals of numbers that are biased by the size of the sample: Fréchet distance, inception score, MMD.

A resample repeats rows, so a distance taken over it is biased a second time, and the plain percentile
interval lies beside the value. Two intervals that do not, over recordings (*groups*) as everywhere:

- **recentred bootstrap**, for the value *at this number of clips*: with resampled values
  :math:`\theta^*` of mean :math:`\bar\theta^*` and quantiles :math:`q`, expanded for few groups as in
  :mod:`avbench.metrics.intervals`,

  .. math:: \big[\theta - (q_{1 - \alpha'} - \bar\theta^*),\; \theta - (q_{\alpha'} - \bar\theta^*)\big]

- **jackknife**, for the value *of the population*: with :math:`\theta_{-j}` the value without block
  :math:`j`, which holds :math:`n / h_j` of the :math:`n` rows (Busing, Meijer and van der Leeden, "Delete-m
  jackknife for unequal m", Statistics and Computing 9, 1999),

  .. math::
      \theta_J = g \theta - \sum_j \Big(1 - \frac1{h_j}\Big) \theta_{-j}, \quad
      \tau_j = h_j \theta - (h_j - 1) \theta_{-j}, \quad
      \sigma_J^2 = \frac1g \sum_j \frac{(\tau_j - \theta_J)^2}{h_j - 1}

  :math:`\theta_J` is free of the bias of order :math:`1/n`, and :math:`\theta_J \pm t_{g - 1}\, \sigma_J` its
  interval.

Two sets made for the same recordings are compared by the jackknife too, with :math:`\theta` the difference
of their values and the same blocks taken out of both: what a recording is like cancels out, and so does the
bias where both have as many rows. Nothing is drawn with replacement, which would bias each of them anew. The
difference itself stays in the middle of its interval, and

.. math:: t = \frac{\theta}{\sigma_J}, \qquad p = P(|T_{g - 1}| \ge |t|)
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avbench.metrics.embedding_sets import Values
from avbench.metrics.intervals import LEVEL, PairedTest, expanded_tail
from avbench.metrics.measurement import Interval

BLOCKS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """An estimate of what a metric would be over the whole population.

    Attributes:
        value: Free of the bias of order 1/n; of an unbiased metric, the value itself.
        interval: Of the value of the population.
    """

    value: float
    interval: Interval


def recentred_interval(
    value: float, resampled: Values, *, groups: int, seed: int, level: float = LEVEL, least: float = -np.inf
) -> Interval:
    """Return the interval of a biased number at its number of clips.

    Args:
        value: Over the clips as they are.
        resampled: ``(resamples,)``: over groups drawn with replacement.
        groups: How many there are.
        seed: The resamples were drawn with.
        level: Nominal coverage.
        least: No true value lies below: 0 for a distance.

    >>> interval = recentred_interval(1.0, np.linspace(1.0, 2.0, 101), groups=10_000, seed=0, level=0.9)
    >>> round(interval.low, 2), round(interval.high, 2)
    (0.55, 1.45)
    """
    tail = expanded_tail(level, groups)
    low, high = np.quantile(resampled, [tail, 1 - tail])
    middle = float(resampled.mean())
    return Interval(
        low=max(value - float(high - middle), least),
        high=max(value - float(low - middle), least),
        level=level,
        method="bootstrap-recentred",
        resamples=len(resampled),
        seed=seed,
        groups=groups,
    )


def jackknife(
    value: float, without: Values, sizes: NDArray[np.integer], *, seed: int = 0, level: float = LEVEL
) -> Corrected:
    """Return the bias-corrected value and its interval.

    Args:
        value: Over all rows.
        without: ``(blocks,)``: the value without each block.
        sizes: ``(blocks,)``: rows in each block.
        seed: Groups were put into blocks with; 0 if each is a block.
        level: Nominal coverage.

    Raises:
        ValueError: There are fewer than two blocks.

    >>> rows = np.array([1.0, 2.0, 6.0])
    >>> without = np.array([np.var(np.delete(rows, i)) for i in range(3)])
    >>> round(float(jackknife(np.var(rows), without, np.ones(3, int)).value), 9)  # the variance with n - 1
    7.0
    """
    from scipy.stats import t

    blocks = len(without)
    if blocks < 2:
        raise ValueError("a jackknife needs at least 2 recordings")
    parts = sizes.sum() / sizes
    corrected = blocks * value - float(((1 - 1 / parts) * without).sum())
    pseudo = parts * value - (parts - 1) * without
    error = float(np.mean(np.square(pseudo - corrected) / (parts - 1))) ** 0.5
    half = error * float(t.ppf((1 + level) / 2, blocks - 1))
    interval = Interval(
        low=corrected - half,
        high=corrected + half,
        level=level,
        method="jackknife",
        resamples=blocks,
        seed=seed,
        groups=blocks,
    )
    return Corrected(value=corrected, interval=interval)


def paired_jackknife(
    difference: float, without: Values, sizes: NDArray[np.integer], *, level: float = LEVEL
) -> PairedTest:
    """Test the difference of a number of two sets over the same recordings.

    Args:
        difference: The first minus the second.
        without: ``(blocks,)``: the same without each block.
        sizes: ``(blocks,)``: sounds in each block.
        level: Nominal coverage.

    Raises:
        ValueError: There are fewer than two blocks.

    >>> rows = np.array([1.0, 2.0, 6.0])  # of a mean it is the t-test
    >>> without = np.array([np.delete(rows, i).mean() for i in range(3)])
    >>> round(paired_jackknife(rows.mean(), without, np.ones(3, int)).p_value, 6)
    0.188497
    """
    from scipy.stats import t

    found = jackknife(difference, without, sizes, level=level).interval
    half, free = (found.high - found.low) / 2, len(without) - 1
    error = half / float(t.ppf((1 + level) / 2, free))
    p_value = 2 * float(t.sf(abs(difference) / error, free)) if error else float(difference == 0)
    interval = dataclasses.replace(found, low=difference - half, high=difference + half)
    return PairedTest(difference=difference, interval=interval, p_value=p_value)


def blocks_of(recordings: Sequence[str], blocks: int = BLOCKS) -> NDArray[np.intp]:
    """Return ``(n,)``: the block each row's recording is taken out with, the same wherever names are.

    >>> blocks_of(["a", "c", "b", "a"], blocks=2).tolist()
    [0, 0, 1, 0]
    """
    _, group_of = np.unique(np.asarray(recordings), return_inverse=True)
    return group_of.reshape(-1) % blocks
