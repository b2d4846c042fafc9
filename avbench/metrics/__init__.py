"""Metrics: pure functions from embeddings and ranks to numbers, and the records that say what they mean."""

from avbench.metrics.measurement import Interval, Measurement
from avbench.metrics.records import METRICS

__all__ = ["METRICS", "Interval", "Measurement"]
