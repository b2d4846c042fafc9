"""Task specs: everything that changes a number, pinned, with a protocol for each kind of task."""

from dataclasses import dataclass, field
from typing import Literal

from avbench.records import Args, Capability, Direction

OnsetTruth = Literal["side-car", "own-sound"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalProtocol:
    """How retrieval is scored.

    Attributes:
        directions: ``a2v`` (audio queries, video gallery) and ``v2a``.
        recall_at: The cut-offs of recall@k.
        gallery_sizes: Fixed gallery sizes recall is also given for, so that runs over galleries of different
            size compare (``a2v.recall@1of100``).
    """

    directions: tuple[Direction, ...] = ("a2v", "v2a")
    recall_at: tuple[int, ...] = (1, 5, 10)
    gallery_sizes: tuple[int, ...] = ()


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
    """

    sample_rate: int = 16_000
    channels: int = 1
    embedders: tuple[str, ...] = ()
    similarity: tuple[str, ...] = ()
    synchrony: tuple[str, ...] = ()
    samples: int = 1
    onsets: OnsetTruth = "own-sound"


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


TaskProtocol = RetrievalProtocol | GenerationProtocol | OffsetProtocol
KINDS: dict[type, Capability] = {
    RetrievalProtocol: "retrieval",
    GenerationProtocol: "generation",
    OffsetProtocol: "synchrony",
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

    @property
    def kind(self) -> Capability:
        """How it runs: the capability a model needs."""
        return KINDS[type(self.protocol)]
