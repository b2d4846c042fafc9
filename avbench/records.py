"""What a plugin contributes: frozen records, each cheap data with one callable that does the work.

Importing a plugin must stay cheap: torch is imported inside ``load``, never beside the record.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from avbench.clips import Dataset

Capability = Literal["retrieval", "generation", "synchrony"]
Direction = Literal["a2v", "v2a"]
Args = Mapping[str, str]


class Progress(Protocol):
    """Told how far a long piece of work has come: ``progress("rendering", 3, 100)``."""

    def __call__(self, what: str, done: int, total: int) -> None: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoInput:
    """The frames a model reads.

    Attributes:
        fps: Frames a second; frame ``k`` shows the instant ``k / fps``.
        height: Rows of a frame, in pixels.
        width: Columns of a frame, in pixels.
    """

    fps: float
    height: int
    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioInput:
    """The samples a model reads: ``sample_rate`` in Hz, ``channels`` 1 (mono) or 2 (stereo)."""

    sample_rate: int
    channels: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInputs:
    """What the harness decodes for a model; ``None`` where the model does not look at that stream.

    Attributes:
        video: Frames, or ``None``.
        audio: Samples, or ``None``.
        max_seconds: The longest clip the model takes, in seconds; ``None`` for any length.
    """

    video: VideoInput | None
    audio: AudioInput | None
    max_seconds: float | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecord:
    """A model, before anything of it is loaded.

    Attributes:
        name: What the user types after ``--model``.
        summary: One line for ``avbench list models``.
        load: ``load(device, **args)`` returns an object with the methods of its capabilities
            (:mod:`avbench.protocols`); the only moment torch is imported.
        inputs: What to decode for it, or a function of the model's arguments that says so.
        capabilities: The kinds of task it can run.
        identity: A function of the model's arguments that names everything its output depends on (config,
            weights digest) without loading it; results carry it and the store is keyed by it.
        train: Trains the model, where it can be trained by ``avbench train``.
        import_weights: Writes a weight file of the model from public checkpoints, where it knows any; raises
            nothing where keys do not match, but reports them.
        deterministic: Whether the same input twice gives the same output.
        scale_row: Whether it is no contestant but a row that gives other rows a scale (random, oracle …).
        training_data: Names of the datasets it has seen.
        license: SPDX identifier of the weights' licence.
    """

    name: str
    summary: str
    load: Callable[..., Any]
    inputs: ModelInputs | Callable[[Args], ModelInputs]
    capabilities: tuple[Capability, ...]
    identity: Callable[[Args], Mapping[str, str]] | None = None
    train: Callable[[TrainRequest, Progress], None] | None = None
    import_weights: Callable[[ImportRequest], ImportReport] | None = None
    deterministic: bool = True
    scale_row: bool = False
    training_data: tuple[str, ...] = ()
    license: str = ""

    def inputs_for(self, args: Args) -> ModelInputs:
        """Return what to decode for the model when it is loaded with ``args``."""
        return self.inputs(args) if callable(self.inputs) else self.inputs


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRequest:
    """What a run asks of a dataset.

    Attributes:
        cache: The user's cache folder, for data that are made rather than found.
        root: ``--data-root``: where the user's files are, or ``None``.
        args: The spec's ``dataset_args`` overlaid with the user's ``--dataset-args``.
        progress: Told about long work.
    """

    cache: Path
    root: Path | None
    args: Args
    progress: Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRecord:
    """A dataset: ``open(request)`` says which clips there are, rendering or scanning as it must."""

    name: str
    summary: str
    open: Callable[[DatasetRequest], Dataset]
    needs_root: bool = True
    license: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec:
    """Everything that changes a number, pinned: dataset, window, directions, metrics, tie rule, version.

    Attributes:
        name: What the user types after ``--task``.
        kind: How it runs; the capability a model needs.
        dataset: A dataset record's name.
        seconds: Length of the window taken from each clip, in seconds, from its start.
        version: Raised whenever a change makes old and new numbers incomparable.
        summary: One line for ``avbench list tasks``.
        dataset_args: Arguments the dataset is opened with.
        directions: ``a2v`` (audio queries, video gallery) and ``v2a``.
        recall_at: The cut-offs of recall@k.
        gallery_sizes: Fixed gallery sizes recall is also given for, so that runs over galleries of different
            size compare (``a2v.recall@1of100``).
        scale_rows: Models whose rows stand beside every result.
        note: What the number is worth; printed with it.
    """

    name: str
    kind: Capability
    dataset: str
    seconds: float
    version: int
    summary: str
    dataset_args: Args = field(default_factory=dict)
    directions: tuple[Direction, ...] = ("a2v", "v2a")
    recall_at: tuple[int, ...] = (1, 5, 10)
    gallery_sizes: tuple[int, ...] = ()
    scale_rows: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRecord:
    """A number's meaning: what it is, its unit, its direction, and where its definition comes from.

    Attributes:
        id: With its protocol: ``recall@1``, ``fad.vggish``.
        summary: One line: the formula in words.
        unit: ``fraction``, ``rank``, ``ms`` …
        higher_is_better: The direction.
        source: Paper, equation or protocol.
        equals: The published columns that this number equals, given the same inputs.
        differs: Those of the same name that it does not equal, and why.
    """

    id: str
    summary: str
    unit: str
    higher_is_better: bool
    source: str = ""
    equals: str = ""
    differs: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderRecord:
    """A frozen network that metrics look through."""

    name: str
    summary: str
    load: Callable[..., Any]
    license: str
    sha256: str = ""


Record = ModelRecord | DatasetRecord | TaskSpec | MetricRecord | EmbedderRecord
Records = Sequence[Record]
