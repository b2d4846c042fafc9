"""What avbench brings itself, contributed through the same hooks as any plugin."""

import importlib
from collections.abc import Callable, Iterable

from avbench.clips import Dataset
from avbench.embedders.records import EMBEDDERS
from avbench.hookspecs import hookimpl
from avbench.judges.av_align import AV_ALIGN
from avbench.judges.judge import JudgeRecord
from avbench.metrics.alignment_records import ALIGNMENT_METRICS
from avbench.metrics.choice_records import CHOICE_METRICS
from avbench.metrics.generation_records import GENERATION_METRICS
from avbench.metrics.offset_records import OFFSET_METRICS
from avbench.metrics.records import CATEGORY_METRICS, METRICS
from avbench.records import DatasetRecord, DatasetRequest, EmbedderRecord, MetricRecord
from avbench.specs import TaskSpec
from avbench.tasks import real
from avbench.tasks.specs import TASKS

# Name, summary, and what opens it: a module of avbench.datasets.avsynth, and a function in it.
WORLD = (
    (
        "avsynth",
        "A procedural world, rendered on first use: correspondence at six scales, exact truth.",
        "dataset",
        "open_avsynth",
    ),
    (
        "avsynth-windows",
        "Each clip of avsynth a gallery of its own moments: --dataset-args window=SECONDS.",
        "windows",
        "open_windows",
    ),
    (
        "avsynth-counterfactuals",
        "States of avsynth, as drawn and changed in one thing each: --dataset-args states=N.",
        "counterfactuals",
        "open_counterfactuals",
    ),
)
# Name, which is that of the module too, and summary.
YOURS = (
    ("folder", "Any folder of videos with sound: --data-root DIR."),
    (
        "manifest",
        "Clips listed in a CSV or Parquet table: --data-root DIR --dataset-args manifest=FILE.",
    ),
    ("shards", "WebDataset tar files of videos, read where they are: --data-root DIR."),
)
_FILES = "--data-root DIR --list FILE"
# Name, summary, and the terms of the annotations; the videos are their owners'.
LISTED = (
    ("vggsound", f"VGGSound and lists taken from it, VGGSounder too: {_FILES}.", "CC-BY-4.0"),
    ("audioset", f"AudioSet's segments: {_FILES}.", "CC-BY-4.0"),
    ("panda70m", f"Panda-70M, as its downloader writes it: {_FILES}.", "non-commercial research"),
    ("audiocaps", f"AudioCaps, one clip for all its captions: {_FILES}.", "academic use"),
    ("ave", f"AVE: {_FILES}.", ""),
    ("llp", f"LLP: {_FILES}.", ""),
    ("greatesthits", f"Greatest Hits, with the instants of its hits: {_FILES}.", "research use"),
    ("avsync15", f"AVSync15, a folder a class: {_FILES}.", ""),
    ("foleybench", f"FoleyBench, metadata of a json object a line: {_FILES}.", "CC-BY-NC-SA-4.0"),
    ("moviegen", f"MovieGen Audio Bench, without true sounds: {_FILES}.", "CC-BY-NC-4.0"),
    ("kinetics-sounds", f"Kinetics-Sounds, by the classes you name: {_FILES}.", ""),
)


@hookimpl
def avbench_tasks() -> Iterable[TaskSpec]:
    """The bundled task specs."""
    return (*TASKS, *real.TASKS)


@hookimpl
def avbench_datasets() -> Iterable[DatasetRecord]:
    """The bundled datasets."""
    return (
        *(
            DatasetRecord(
                name=name,
                summary=summary,
                open=_opener(f"avbench.datasets.avsynth.{module}", function),
                needs_root=False,
                license="Apache-2.0",
            )
            for name, summary, module, function in WORLD
        ),
        *(
            DatasetRecord(
                name=name, summary=summary, open=_opener(f"avbench.datasets.{name}", f"open_{name}")
            )
            for name, summary in YOURS
        ),
        *(
            DatasetRecord(name=name, summary=summary, open=_listed_opener(name), license=terms)
            for name, summary, terms in LISTED
        ),
    )


@hookimpl
def avbench_metrics() -> Iterable[MetricRecord]:
    """The bundled metrics."""
    return (
        *METRICS,
        *CATEGORY_METRICS,
        *GENERATION_METRICS,
        *OFFSET_METRICS,
        *ALIGNMENT_METRICS,
        *CHOICE_METRICS,
    )


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


def _listed_opener(name: str) -> Callable[[DatasetRequest], Dataset]:
    def opener(request: DatasetRequest) -> Dataset:
        return importlib.import_module("avbench.datasets.listed").open_listed(name, request)

    return opener
