"""Everything a plugin can contribute: seven hooks, each returning records.

A plugin is a module with functions of these names marked ``@avbench.hookimpl``, named by an entry
point in the group ``avbench``, by ``--plugin FILE|MODULE``, or by the variable ``AVBENCH_PLUGINS``.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

from avbench.judges.judge import JudgeRecord
from avbench.records import DatasetRecord, EmbedderRecord, MetricRecord, ModelRecord
from avbench.specs import TaskSpec

if TYPE_CHECKING:
    import click

hookspec = pluggy.HookspecMarker("avbench")
hookimpl = pluggy.HookimplMarker("avbench")


@hookspec
def avbench_models() -> Iterable[ModelRecord]:
    """Contribute models: a name, what to decode for them, and a ``load`` that imports torch.

    A whole plugin::

        from avbench import ModelInputs, ModelRecord, VideoInput, AudioInput, hookimpl

        @hookimpl
        def avbench_models():
            return [ModelRecord(name="mine", summary="In one line.", load=load, inputs=INPUTS,
                                capabilities=("retrieval",))]
    """
    return ()


@hookspec
def avbench_tasks() -> Iterable[TaskSpec]:
    """Contribute task specs: a dataset, a window, a protocol and a version each."""
    return ()


@hookspec
def avbench_datasets() -> Iterable[DatasetRecord]:
    """Contribute datasets: a name and an ``open`` that returns clips and galleries."""
    return ()


@hookspec
def avbench_metrics() -> Iterable[MetricRecord]:
    """Contribute what numbers mean: id, unit, direction, source."""
    return ()


@hookspec
def avbench_embedders() -> Iterable[EmbedderRecord]:
    """Contribute frozen networks that metrics look through."""
    return ()


@hookspec
def avbench_judges() -> Iterable[JudgeRecord]:
    """Contribute judges of how well a sound goes with its picture."""
    return ()


@hookspec
def avbench_commands() -> "Iterable[click.Command]":
    """Contribute sub-commands of ``avbench``."""
    return ()
