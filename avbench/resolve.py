"""From names and options to a plan: everything that is decided before a run starts."""

import dataclasses
import inspect
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from avbench.clips import Clip, Dataset
from avbench.errors import DataError, ModelError, UsageError
from avbench.leakage.declared import examined
from avbench.plugins.candidates import Origin
from avbench.plugins.raised import guarded
from avbench.plugins.registry import Registry
from avbench.records import Args, Capability, DatasetRequest, ModelInputs, ModelRecord, Progress
from avbench.requests import RunRequest
from avbench.specs import TaskSpec

STANDARD = "standard"
METHODS: Mapping[Capability, tuple[tuple[str, ...], ...]] = {
    "retrieval": (("embed_video", "embed_audio"),),
    "generation": (("generate_audio",),),
    "synchrony": (("offset_scores",), ("embed_video", "embed_audio")),
    "alignment": (("alignment_scores",),),
}
"""What a model of each capability has: one of these sets of methods."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """A model, resolved but not loaded.

    Attributes:
        record: Its record.
        origin: The plugin it came from.
        args: What it will be loaded with.
        inputs: What is decoded for it.
        identity: What its output depends on, as it says itself; empty where it says nothing.
    """

    record: ModelRecord
    origin: Origin
    args: Args
    inputs: ModelInputs
    identity: Mapping[str, str]

    def on(self, kind: Capability) -> "Contestant":
        """Return the same, identified by all that its output on tasks of a kind depends on."""
        own = self.record.identities.get(kind)
        if own is None:
            return self
        further = guarded(self.record.name, "say what it is", lambda: dict(own(self.args)))
        return dataclasses.replace(self, identity={**self.identity, **further})

    def load(self, device: str) -> Any:
        """Load the model.

        Raises:
            ModelError: It cannot be loaded, or lacks a method of a capability it claims.
        """
        model = guarded(self.record.name, "be loaded", lambda: self.record.load(device, **self.args))
        for capability in self.record.capabilities:
            ways = METHODS[capability]
            lacking = [[name for name in way if not callable(getattr(model, name, None))] for way in ways]
            if all(lacking):
                needed = ", or ".join(" and ".join(way) for way in ways)
                raise ModelError(
                    f"The model {self.record.name!r} has no method {lacking[0][0]}.",
                    hint=f"A model that can do {capability} has {needed}: docs/write-a-model-plugin.md.",
                )
        return model


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One model on one task, with everything that is decided before it starts.

    Attributes:
        spec: The task, with the user's dataset arguments laid over its own.
        contestant: The model.
        dataset: The opened dataset.
        clips: The clips to evaluate: the dataset's, or the first ``limit`` of them.
        device: Where the model computes.
        threads: Intra-op threads of torch, kept through the run.
        workers: Decoding processes.
        batch_size: How many clips the model is given at once, at most.
        seed: Of everything that is drawn: what a model generates with, and the resampling of intervals.
        limit: Of how many clips, if the user asked for the first few alone.
    """

    spec: TaskSpec
    contestant: Contestant
    dataset: Dataset
    clips: tuple[Clip, ...]
    device: str
    threads: int
    workers: int
    batch_size: int
    seed: int
    limit: int | None

    def load(self) -> Any:
        """Load the model, and keep the number of threads that it may have changed for the whole process.

        Raises:
            ModelError: As :meth:`Contestant.load`.
        """
        import torch

        model = self.contestant.load(self.device)
        torch.set_num_threads(self.threads)
        return model


def resolve_model(registry: Registry, request: RunRequest) -> Contestant:
    """Find the model and what it reads, loading nothing.

    Raises:
        UnknownName: There is no such model.
        UsageError: It does not take these arguments.
        ModelError: Its record cannot say what it reads or is.
    """
    record = registry.models.get(request.model)
    args = dict(sorted(request.model_args.items()))
    _check_args(record, args)
    identity = record.identity
    return Contestant(
        record=record,
        origin=registry.models.origin(request.model),
        args=args,
        inputs=guarded(record.name, "say what it reads", lambda: record.inputs_for(args)),
        identity=guarded(record.name, "say what it is", lambda: dict(identity(args))) if identity else {},
    )


def resolve_task(registry: Registry, request: RunRequest, task: str, contestant: Contestant) -> TaskSpec:
    """Find a task, check that the model can do it, and lay the user's dataset arguments over its own.

    Raises:
        UnknownName: There is no such task, or no dataset of the name it gives.
        UsageError: The model cannot run it.
    """
    spec = registry.tasks.get(task)
    record, longest = contestant.record, contestant.inputs.max_seconds
    if spec.kind not in record.capabilities:
        able = ", ".join(record.capabilities) or "nothing"
        raise UsageError(
            f"The model {record.name!r} cannot run {spec.name!r}, which needs {spec.kind}.",
            hint=f"It can do: {able}. `avbench list` shows what every model can do and every task needs.",
        )
    if longest is not None and longest < spec.seconds:
        raise UsageError(
            f"The model {record.name!r} takes clips of at most {longest:g} s; "
            f"{spec.name!r} has {spec.seconds:g} s.",
            hint="Choose another model or another task.",
        )
    if registry.datasets.get(spec.dataset).needs_root and request.data_root is None:
        raise UsageError(
            f"The task {spec.name!r} runs on your own files and was not told where they are.",
            hint="Add --data-root DIR.",
        )
    return dataclasses.replace(spec, dataset_args={**spec.dataset_args, **request.dataset_args})


def plan_run(
    registry: Registry,
    request: RunRequest,
    spec: TaskSpec,
    contestant: Contestant,
    *,
    cache: Path,
    progress: Progress,
) -> Plan:
    """Open the dataset and settle device, threads and processes.

    Raises:
        DataError: The dataset cannot be opened, has no clips or contradicts itself.
        UsageError: The device is not there; or the dataset has offsets and the task has no use for them.
    """
    dataset_request = DatasetRequest(
        cache=cache, root=request.data_root, args=spec.dataset_args, progress=progress, limit=request.limit
    )
    dataset = registry.datasets.get(spec.dataset).open(dataset_request)
    check_dataset(dataset)
    if getattr(dataset, "offsets", None) and spec.kind != "synchrony":
        raise UsageError(
            f"The task {spec.name!r} shifts no sound: a list of offsets is nothing to it.",
            hint="Leave shifts out of --dataset-args, or run a task of synchrony.",
        )
    dataset = examined(dataset, contestant.record, spec.dataset)
    device, threads = choose_device(request.device)
    return Plan(
        spec=spec,
        contestant=contestant.on(spec.kind),
        dataset=dataset,
        clips=tuple(islice(dataset.clips, request.limit)),
        device=device,
        threads=threads,
        workers=request.workers if request.workers is not None else len(os.sched_getaffinity(0)),
        batch_size=request.batch_size,
        seed=request.seed,
        limit=request.limit,
    )


def check_dataset(dataset: Dataset) -> None:
    """Refuse a dataset that contradicts itself.

    Raises:
        DataError: It has no clips, an id twice, no standard gallery, or a gallery of unknown clips.
    """
    # One that was told apart row by row as it was opened may be too long to hold.
    if getattr(dataset, "distinct", False):
        return
    counts = Counter(clip.id for clip in dataset.clips)
    repeated = [clip_id for clip_id, count in counts.items() if count > 1]
    names = {gallery.name for gallery in dataset.galleries}
    strangers = {each for gallery in dataset.galleries for each in gallery.clip_ids} - counts.keys()
    problem = (
        "has no clips"
        if not counts
        else f"has the id {repeated[0]!r} twice"
        if repeated
        else f"has no gallery named {STANDARD!r}"
        if STANDARD not in names
        else f"has a gallery with an unknown clip, {min(strangers)!r}"
        if strangers
        else None
    )
    if problem:
        raise DataError(
            f"The dataset {dataset.name!r} {problem}.",
            hint="Look at the files it reads, or at the plugin that brings it: `avbench list datasets`.",
        )


def choose_device(asked: str) -> tuple[str, int]:
    """Return the device, ``auto`` being CUDA where there is one, and torch's number of intra-op threads.

    Raises:
        UsageError: The device is not there.
    """
    import torch

    there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    known = {"auto": "cuda" if there else "cpu", "cpu": "cpu"} | ({"cuda": "cuda"} if there else {})
    known |= {f"cuda:{number}": f"cuda:{number}" for number in range(there)}
    if asked not in known:
        raise UsageError(
            f"The device {asked!r} is not there: torch {torch.__version__} sees {there} CUDA devices.",
            hint=f"Use one of {', '.join(known)}; `avbench doctor` shows what torch sees.",
        )
    return known[asked], torch.get_num_threads()


def _check_args(record: ModelRecord, args: Args) -> None:
    signature = inspect.signature(record.load)
    try:
        signature.bind("cpu", **args)
    except TypeError as error:
        names = list(signature.parameters)[1:]
        raise UsageError(
            f"The model {record.name!r} cannot be loaded with these arguments: {error}.",
            hint=f"It takes --model-args: {', '.join(names) or 'none'}.",
        ) from error
