"""A measured number with everything needed to read it."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """How sure a value is.

    Attributes:
        low: Lower end, in the unit of the value.
        high: Upper end.
        level: Nominal coverage, in (0, 1).
        method: ``bootstrap-expanded-percentile`` or ``clopper-pearson`` (:mod:`avbench.metrics.intervals`),
            ``bootstrap-recentred`` or ``jackknife`` (:mod:`avbench.metrics.bias`).
        resamples: Bootstrap resamples drawn; 0 for a closed form.
        seed: Seed of the resampling; the same seed gives the same interval.
        groups: Independent units resampled: recordings, not clips.
    """

    low: float
    high: float
    level: float
    method: str
    resamples: int
    seed: int
    groups: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One metric of one model on one set of queries, or of sounds.

    Attributes:
        id: ``[gallery.]direction.metric`` of retrieval: ``a2v.recall@1``, ``S2.v2a.mrr``; of generation what
            it is and what it is seen through: ``fad.vggish``.
        value: The number, in ``unit``; the expectation under random tie-breaking where ties matter.
        n: Queries or sounds it is taken over.
        unit: ``fraction``, ``rank``, ``distance`` …
        higher_is_better: The direction of improvement.
        optimistic: The value if every tie fell in the model's favour; ``None`` where nothing ties.
        pessimistic: The value if every tie fell against it.
        chance: The expected value of a model that scores at random, where there is such a thing.
        interval: How sure the value is, over the choice of queries or sounds; ``None`` where none is known.
        without: Of a distance between sets: its value without each block of recordings
            (:mod:`avbench.metrics.bias`), which two models are compared by; empty where there are too few.
    """

    id: str
    value: float
    n: int
    unit: str
    higher_is_better: bool
    optimistic: float | None = None
    pessimistic: float | None = None
    chance: float | None = None
    interval: Interval | None = None
    without: tuple[float, ...] = ()


def sure(measurement: Measurement) -> Measurement:
    """Take away an interval over one recording alone: it resamples to itself, and would look sure.

    An exact one, of a share, stays: it is as wide as one trial makes it.
    """
    interval = measurement.interval
    alone = interval is not None and interval.groups < 2 and interval.method != "clopper-pearson"
    return replace(measurement, interval=None) if alone else measurement
