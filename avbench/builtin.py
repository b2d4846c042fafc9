"""What avbench brings itself, contributed through the same hooks as any plugin."""

import importlib
from collections.abc import Callable, Iterable

from avbench.clips import Dataset
from avbench.embedders.records import EMBEDDERS
from avbench.hookspecs import hookimpl
from avbench.judges.av_align import AV_ALIGN
from avbench.judges.judge import JudgeRecord
from avbench.metrics.generation_records import GENERATION_METRICS
from avbench.metrics.offset_records import OFFSET_METRICS
from avbench.metrics.records import METRICS
from avbench.records import DatasetRecord, DatasetRequest, EmbedderRecord, MetricRecord
from avbench.specs import TaskSpec
from avbench.tasks.specs import TASKS


@hookimpl
def avbench_tasks() -> Iterable[TaskSpec]:
    """The bundled task specs."""
    return TASKS


@hookimpl
def avbench_datasets() -> Iterable[DatasetRecord]:
    """The bundled datasets."""
    return (
        DatasetRecord(
            name="avsynth",
            summary="A procedural world, rendered on first use: correspondence at six scales, exact truth.",
            open=_opener("avbench.datasets.avsynth.dataset", "open_avsynth"),
            needs_root=False,
            license="Apache-2.0",
        ),
        DatasetRecord(
            name="folder",
            summary="Any folder of videos with sound: --data-root DIR.",
            open=_opener("avbench.datasets.folder", "open_folder"),
        ),
        DatasetRecord(
            name="manifest",
            summary="Clips listed in a CSV or Parquet table: --data-root DIR --dataset-args manifest=FILE.",
            open=_opener("avbench.datasets.manifest", "open_manifest"),
        ),
        DatasetRecord(
            name="shards",
            summary="WebDataset tar files of videos, read where they are: --data-root DIR.",
            open=_opener("avbench.datasets.shards", "open_shards"),
        ),
    )


@hookimpl
def avbench_metrics() -> Iterable[MetricRecord]:
    """The bundled metrics."""
    return (*METRICS, *GENERATION_METRICS, *OFFSET_METRICS)


@hookimpl
def avbench_embedders() -> Iterable[EmbedderRecord]:
    """The bundled embedders."""
    return EMBEDDERS


@hookimpl
def avbench_judges() -> Iterable[JudgeRecord]:
    """The bundled judges."""
    return (AV_ALIGN,)


def _opener(module: str, function: str) -> Callable[[DatasetRequest], Dataset]:
    # What opens a dataset needs pydantic and more: a listing must not wait for it.
    def opener(request: DatasetRequest) -> Dataset:
        return getattr(importlib.import_module(module), function)(request)

    return opener
