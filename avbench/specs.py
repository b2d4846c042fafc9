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


TaskProtocol = RetrievalProtocol | GenerationProtocol
KINDS: dict[type, Capability] = {RetrievalProtocol: "retrieval", GenerationProtocol: "generation"}


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
