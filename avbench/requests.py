"""What the commands ask for: a run, a training, an import of weights; and what an import reports."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from avbench.clips import Dataset
from avbench.records import Args, Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What the user asks for.

    Attributes:
        model: A model's name.
        tasks: Task names.
        model_args: Passed to the model's ``load``.
        dataset_args: Laid over the spec's own.
        data_root: Where the user's files are.
        output: The folder results are written under.
        limit: Evaluate only the first so many clips of the dataset's order.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        batch_size: Clips embedded at once; results are the same bytes only for the same batch size.
        workers: Decoding processes; ``None`` for one a core.
        seed: Seeds the intervals and scale rows that draw at random.
        fail_on_error: How many clips may fail, as a count or (a float) as a fraction; ``None`` for any.
        recompute: Whether to pass over what the store has.
        embedders: Generation: weights of embedders by name; one that the task does not name is added to it.
        judges: Generation: weights of judges by name; one that the task does not name is added to it.
        references: Generation: statistics files by embedder, that distances are taken from too.
        allow_download: Whether weights that are not there may be fetched.
        page: The folder that receives a page of the run, of generation, synchrony or alignment; ``None`` for
            no page.
        page_clips: Generation and alignment: how many clips it shows, at most.
    """

    model: str
    tasks: tuple[str, ...]
    model_args: Args = field(default_factory=dict)
    dataset_args: Args = field(default_factory=dict)
    data_root: Path | None = None
    output: Path = Path("results")
    limit: int | None = None
    device: str = "auto"
    batch_size: int = 8
    workers: int | None = None
    seed: int = 0
    fail_on_error: int | float | None = None
    recompute: bool = False
    embedders: Mapping[str, Path | None] = field(default_factory=dict[str, Path | None])
    judges: Mapping[str, Path | None] = field(default_factory=dict[str, Path | None])
    references: Mapping[str, Path] = field(default_factory=dict[str, Path])
    allow_download: bool = False
    page: Path | None = None
    page_clips: int = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainRequest:
    """What ``avbench train`` asks of a model: a config, a folder to write to and resume from, a budget.

    Attributes:
        config: A named configuration of the model, or a path to one.
        output: The folder that receives checkpoints, logs and weights; unfinished training is resumed.
        steps: Optimiser steps in all; ``None`` for the config's own number.
        device: ``cpu``, ``cuda`` or ``cuda:N``.
        seed: Seeds initialisation and the order of the data.
        args: Whatever else the user passed as ``--train-args key=value``.
        open_datasets: Opens the datasets that were named; ``None`` for the model's own data.
        prepare: Only make the data ready.
        say: Told a line now and then: losses, validation.
    """

    config: str
    output: Path
    steps: int | None
    device: str
    seed: int
    args: Args = field(default_factory=dict)
    open_datasets: Callable[[Progress], Sequence[Dataset]] | None = None
    prepare: bool = False
    say: Callable[[str], None] = print


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What ``avbench weights import`` asks of a model.

    Attributes:
        config: A named configuration of the model.
        files: Public checkpoints; a later one wins over an earlier one. No code from them may be run.
        output: The weight file to write, if every file has something for the model.
        seed: Seeds what no file fills.
    """

    config: str
    files: tuple[Path, ...]
    output: Path
    seed: int = 0


class ImportedFile(Protocol):
    """How the keys of one public checkpoint met those of a model.

    Attributes:
        path: The file.
        source: Which public checkpoint it was taken for.
        matched: Keys of the file that were taken.
        unmatched: Keys of the file that have no place in the model.
        mismatched: Keys of the file that have one of another shape: key, shape there, shape in the model.
    """

    @property
    def path(self) -> Path: ...  # noqa: D102
    @property
    def source(self) -> str: ...  # noqa: D102
    @property
    def matched(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def unmatched(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def mismatched(self) -> Sequence[tuple[str, tuple[int, ...], tuple[int, ...]]]: ...  # noqa: D102


class ImportReport(Protocol):
    """How the keys of all ``files`` met those of a model, and which of its keys are ``missing`` from all."""

    @property
    def files(self) -> Sequence[ImportedFile]: ...  # noqa: D102
    @property
    def missing(self) -> Sequence[str]: ...  # noqa: D102
