"""What a plugin contributes: frozen records, each cheap data with one callable that does the work.

Importing a plugin must stay cheap: torch is imported inside ``load``, never beside the record.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from avbench.clips import Dataset

if TYPE_CHECKING:
    from avbench.protocols import AudioEmbedder
    from avbench.requests import ImportReport, ImportRequest, TrainRequest

Capability = Literal["retrieval", "generation", "synchrony", "alignment"]
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

    @property
    def unread(self) -> bool:
        """Whether the model looks at neither stream."""
        return self.video is None and self.audio is None


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
        identities: Likewise, by capability, name what only its output on tasks of that kind depends on,
            besides ``identity``: a generator's weights, those of a head.
        train: Trains the model, where it can be trained by ``avbench train``.
        import_weights: Writes a weight file of the model from public checkpoints, where it knows any; raises
            nothing where keys do not match, but reports them.
        recipes: Files for ``avbench train --recipe``, by name.
        deterministic: Whether the same input twice gives the same output.
        scale_row: Whether it is no contestant but a row that gives other rows a scale (random, oracle …).
        training_data: Names of the datasets it has seen, ``NAME/SPLIT`` where it was one split of them.
        training_ids: Files that name the clips it has seen: lists as their authors distribute them, or one id
            a line. Scores named ``clean`` then leave out every clip of their videos.
        license: SPDX identifier of the weights' licence.
    """

    name: str
    summary: str
    load: Callable[..., Any]
    inputs: ModelInputs | Callable[[Args], ModelInputs]
    capabilities: tuple[Capability, ...]
    identity: Callable[[Args], Mapping[str, str]] | None = None
    identities: Mapping[Capability, Callable[[Args], Mapping[str, str]]] = field(default_factory=dict)
    train: "Callable[[TrainRequest, Progress], None] | None" = None
    import_weights: "Callable[[ImportRequest], ImportReport] | None" = None
    recipes: Mapping[str, Path] = field(default_factory=dict)
    deterministic: bool = True
    scale_row: bool = False
    training_data: tuple[str, ...] = ()
    training_ids: tuple[Path, ...] = ()
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
        limit: How many clips of the dataset's order the run is going to look at; ``None`` for all. All are
            listed whatever it is, but those beyond need not be made.
    """

    cache: Path
    root: Path | None
    args: Args
    progress: Progress
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRecord:
    """A dataset, before anything of it is looked at.

    Attributes:
        name: By which a task spec names it.
        summary: One line.
        open: Given a request, says which clips there are, rendering or scanning as it must.
        needs_root: Whether it lies on the user's disk, so that a run needs ``--data-root``.
        license: Of the clips; empty where it depends on the files.
    """

    name: str
    summary: str
    open: Callable[[DatasetRequest], Dataset]
    needs_root: bool = True
    license: str = ""


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
class Checkpoint:
    """Weights that an embedder needs, and how to know them.

    Attributes:
        file: The file's name, looked for under ``<cache>/checkpoints``; a folder's where there are ``parts``.
        url: Where the publisher offers it; empty where it cannot simply be fetched.
        sha256: Its digest; empty where the publisher states none: then any file is taken, and the digest
            found is recorded.
        source: Who published it: paper, repository.
        parts: The files of a folder, each fetched from ``url/part``; ``a|b`` is a, or b where there is no a.
    """

    file: str
    url: str = ""
    sha256: str = ""
    source: str = ""
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderRecord:
    """A frozen network that metrics look through.

    Attributes:
        name: The last part of the ids of its metrics: ``vggish`` in ``fad.vggish``.
        summary: One line for ``avbench list embedders``.
        load: ``load(device, weights)`` returns the network; the only moment torch is imported. ``weights`` is
            ``None`` where there is no checkpoint.
        sample_rate: What it hears, in Hz, mono.
        dim: Columns of a row; 0 where only the loaded network knows.
        window_seconds: What one row is computed from, in seconds; ``None`` where a row is a whole clip.
        hop_seconds: From one row to the next, in seconds; ``None`` where a row is a whole clip.
        classes: Logits it gives for a clip, if any.
        reads: Whether the network has ``read(texts)`` too, so that captions can be scored through it.
        distance: What the field calls the Fréchet distance seen through it: ``fad.NAME`` or ``fd.NAME``.
        license: SPDX identifier of the weights' licence.
        checkpoint: The weights it needs, if they are one file or folder.
        shipped: Where the plugin brings that checkpoint itself.
        requires: Packages that must be importable.
        install: The command that installs them.
        identity: Names whatever else its output depends on, loading nothing.
        notes: What a reader of any number seen through it must know.
    """

    name: str
    summary: str
    load: "Callable[[str, Path | None], AudioEmbedder]"
    sample_rate: int
    dim: int
    license: str
    window_seconds: float | None = None
    hop_seconds: float | None = None
    classes: int = 0
    reads: bool = False
    distance: Literal["fad", "fd"] = "fad"
    checkpoint: Checkpoint | None = None
    shipped: Path | None = None
    requires: tuple[str, ...] = ()
    install: str = ""
    identity: Callable[[], Mapping[str, str]] | None = None
    notes: str = ""
