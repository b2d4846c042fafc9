"""What avbench brings itself, contributed through the same hooks as any plugin."""

from collections.abc import Iterable

from avbench.hookspecs import hookimpl
from avbench.records import DatasetRecord, MetricRecord, TaskSpec


@hookimpl
def avbench_tasks() -> Iterable[TaskSpec]:
    """The bundled task specs."""
    return ()


@hookimpl
def avbench_datasets() -> Iterable[DatasetRecord]:
    """The bundled datasets."""
    return ()


@hookimpl
def avbench_metrics() -> Iterable[MetricRecord]:
    """The bundled metrics."""
    return ()
