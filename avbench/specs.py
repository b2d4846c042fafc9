"""Task specs: everything that changes a number, pinned, with a protocol for each kind of task."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from avbench.records import Args, Capability, Direction

OnsetTruth = Literal["side-car", "own-sound"]
Siblings = Literal["negative", "ignore"]
Agreement = Literal["any", "all"]

# Of a field that came after the first results: it counts only where it is set, so that their digests stay.
LATER = {"later": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalProtocol:
    """How retrieval is scored.

    Attributes:
        directions: ``a2v`` (audio queries, video gallery) and ``v2a``.
        recall_at: The cut-offs of recall@k.
        gallery_sizes: Fixed gallery sizes recall is also given for, so that runs over galleries of different
            size compare (``a2v.recall@1of100``).
        siblings: Clips cut from the query's own recording count as wrong (``negative``), or are no candidates
            for it (``ignore``); a note counts them. ``None``: they count as wrong, and nothing is said.
        percentile: Whether the mean percentile of the true candidate is given.
        by_class: Whether recall and reciprocal rank are also averaged class by class (``a2v.macro-mrr``).
        dual_softmax: Scale of a re-weighting by the other queries, whose numbers are given besides, under
            names of their own (``dual-softmax@10.a2v.recall@1``); ``None`` for none.
    """

    directions: tuple[Direction, ...] = ("a2v", "v2a")
    recall_at: tuple[int, ...] = (1, 5, 10)
    gallery_sizes: tuple[int, ...] = ()
    siblings: Siblings | None = field(default=None, metadata=LATER)
    percentile: bool = field(default=False, metadata=LATER)
    by_class: bool = field(default=False, metadata=LATER)
    dual_softmax: int | None = field(default=None, metadata=LATER)


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryProtocol:
    """How retrieval of anything of the same class is scored; clips of the query's own recording are left out.

    Attributes:
        directions: As in :class:`RetrievalProtocol`.
        cutoffs: Of hit@k, recall@k and nDCG@k.
        agreement: A candidate is right that shares ``any`` class with the query, or that has ``all`` of its.
        heard: The labels of a clip that name the classes of its sound, one a line; none for all it has.
        seen: Likewise of its picture.
    """

    directions: tuple[Direction, ...] = ("a2v", "v2a")
    cutoffs: tuple[int, ...] = (1, 5, 10)
    agreement: Agreement = "any"
    heard: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceProtocol:
    """How forced choices are scored: every gallery is two clips, and each asks which of two is its own.

    Galleries named ``NAME@SECONDS`` are the points of one curve, over how far the two clips are apart.

    Attributes:
        directions: As in :class:`RetrievalProtocol`; a pair is asked twice in each.
        threshold: The share of right choices at which a curve has its threshold; above one half.
    """

    directions: tuple[Direction, ...] = ("a2v", "v2a")
    threshold: float = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationProtocol:
    """How sound made for video is brought to a form and scored; the truth is the clip's own sound.

    Attributes:
        sample_rate: What every sound, made or true, is resampled to before anything else, in Hz.
        channels: 1 (mono) or 2 (stereo), likewise.
        embedders: The networks that metrics look through, by name.
        similarity: Audio-video models whose cosine of video and sound is a score.
        synchrony: Judges of how a sound goes with its picture, by name; a model that scores alignment is one.
        samples: Sounds made for every clip, with the seeds from the run's own on.
        onsets: What the onsets of a sound are matched with: those in the ``side-car`` of a clip, or those
            found in its ``own-sound``.
        captions: The label of a clip that says in words what is to be heard, one text a line; the cosine of
            words and sound is a score wherever a network reads. Empty where clips have none.
        centred: Whether each sound's mean is taken off before an embedder hears it, as av-benchmark does.
    """

    sample_rate: int = 16_000
    channels: int = 1
    embedders: tuple[str, ...] = ()
    similarity: tuple[str, ...] = ()
    synchrony: tuple[str, ...] = field(default=(), metadata=LATER)
    samples: int = 1
    onsets: OnsetTruth = "own-sound"
    captions: str = field(default="", metadata=LATER)
    centred: bool = field(default=False, metadata=LATER)


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetProtocol:
    """How well a model finds by how much sound and picture were shifted against each other.

    An offset above 0 says that the sound is late. Of W + 2R seconds of a clip the model gets all the sound,
    and W seconds of picture from R + offset on: every candidate of the grid compares the whole picture with
    as much real sound.

    Attributes:
        window: W, seconds of picture.
        reach: R, the largest offset either way, in seconds.
        step: Between neighbours of the grid, in seconds.
        tolerances: Errors up to which an estimate counts as right, in seconds; those finer than the step are
            not reported.
        shifts: Name of the list of true offsets: a stored one (:mod:`avbench.tasks.shifts`), or any other
            name, which draws an offset for every clip from name and clip id.
        onsets: Where the instants come from without which no offset can be seen: the ``side-car`` of a clip,
            or its ``own-sound``. A clip without one in its window is masked, not failed.
    """

    window: float = 4.0
    reach: float = 2.0
    step: float = 0.2
    tolerances: tuple[float, ...] = (0.04, 0.1, 0.2)
    shifts: str = "by-id"
    onsets: OnsetTruth = "own-sound"

    @property
    def offsets(self) -> tuple[float, ...]:
        """The grid, from ``-reach`` to ``reach``, in seconds.

        >>> OffsetProtocol(reach=0.4, step=0.2).offsets
        (-0.4, -0.2, 0.0, 0.2, 0.4)
        """
        steps = round(self.reach / self.step)
        return tuple(round(step * self.step, 9) for step in range(-steps, steps + 1))

    @property
    def seconds(self) -> float:
        """Sound a trial takes, and so the length a clip must have: W + 2R."""
        return round(self.window + 2 * self.reach, 9)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignmentProtocol:
    """How well a model tells true pairs of picture and sound from shifted ones and from other clips' sound.

    Of W + 2S seconds of a clip the sound is that of [S, S + W), and the picture that of
    [S + shift, S + shift + W): a shift above 0 says that the sound is late, and no pair is padded.

    Attributes:
        true: Share of pairs that are true.
        shifted: Share whose sound is the clip's own, at another time.
        other: Share whose sound is another recording's.
        smallest: The smallest shift either way, in seconds.
        largest: S, the largest, in seconds.
        window: W, seconds of picture and of sound.
        pairs: Name of the draw: with a clip's id it decides what the clip's pair is.
        onsets: Where the instants come from without which nothing can be in or out of time: the ``side-car``
            of a clip, or its ``own-sound``.
    """

    true: float = 0.5
    shifted: float = 0.25
    other: float = 0.25
    smallest: float = 0.2
    largest: float = 2.0
    window: float = 4.0
    pairs: str = "by-id"
    onsets: OnsetTruth = "own-sound"

    @property
    def seconds(self) -> float:
        """Length a clip must have: W + 2S."""
        return round(self.window + 2 * self.largest, 9)


TaskProtocol = (
    RetrievalProtocol
    | CategoryProtocol
    | ChoiceProtocol
    | GenerationProtocol
    | OffsetProtocol
    | AlignmentProtocol
)
KINDS: dict[type, Capability] = {
    RetrievalProtocol: "retrieval",
    CategoryProtocol: "retrieval",
    ChoiceProtocol: "retrieval",
    GenerationProtocol: "generation",
    OffsetProtocol: "synchrony",
    AlignmentProtocol: "alignment",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec:
    """Everything that changes a number, pinned: dataset, window, protocol, version.

    Attributes:
        name: What the user types after ``--task``.
        dataset: A dataset record's name.
        seconds: Length of the window taken from each clip, in seconds, from its start.
        version: Raised whenever a change makes old and new numbers incomparable.
        summary: One line for ``avbench list tasks``.
        protocol: How it is scored; its type is the kind of task.
        dataset_args: Arguments the dataset is opened with.
        scale_rows: Models whose rows stand beside every result.
        note: What the number is worth; printed with it.
        shortest: A clip that ends early but lasts so many seconds is filled up to the window, sound with
            silence, picture with its last frame; ``None``: it is ``too-short``.
        frame_at: The instant of the one frame that is shown throughout, in seconds from the clip's start;
            ``None`` for a picture that moves.
    """

    name: str
    dataset: str
    seconds: float
    version: int
    summary: str
    protocol: TaskProtocol = field(default_factory=RetrievalProtocol)
    dataset_args: Args = field(default_factory=dict)
    scale_rows: tuple[str, ...] = ()
    note: str = ""
    shortest: float | None = field(default=None, metadata=LATER)
    frame_at: float | None = field(default=None, metadata=LATER)

    @property
    def least(self) -> float:
        """Seconds a clip must last."""
        return self.seconds if self.shortest is None else self.shortest

    @property
    def kind(self) -> Capability:
        """How it runs: the capability a model needs."""
        return KINDS[type(self.protocol)]


def pinned(value: TaskSpec | TaskProtocol) -> dict[str, Any]:
    """Return the fields of a spec or a protocol; those of :data:`LATER` only where they are set.

    >>> pinned(RetrievalProtocol(directions=("v2a",), percentile=True))
    {'directions': ('v2a',), 'recall_at': (1, 5, 10), 'gallery_sizes': (), 'percentile': True}
    """
    unset = {
        each.name for each in fields(value) if each.metadata and getattr(value, each.name) == each.default
    }
    found = {name: each for name, each in asdict(value).items() if name not in unset}
    return found | {"protocol": pinned(value.protocol)} if isinstance(value, TaskSpec) else found
