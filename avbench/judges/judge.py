"""What a judge is: its record, what it is shown, what it decides, and the methods it has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

from avbench.errors import MediaError
from avbench.protocols import AudioBatch, VideoBatch
from avbench.records import Checkpoint, VideoInput

Impression: TypeAlias = Mapping[str, Any]
"""Arrays of float32, float64 or int16, by name: what is kept of one picture, or of one sound."""

Verdict: TypeAlias = float | MediaError
"""A number, or why there is none for this sound: a reason code and a sentence. Returned, not raised."""


@runtime_checkable
class Judge(Protocol):
    """Looks at one picture and listens to one sound at a time, each once, then puts them together."""

    def see(self, video: VideoBatch) -> Impression:
        """Look at the picture of one clip (a batch of one)."""
        ...

    def hear(self, audio: AudioBatch) -> Impression:
        """Listen to one sound as long as the picture (a batch of one)."""
        ...

    def judge(self, seen: Impression, heard: Impression) -> Mapping[str, Verdict]:
        """Return a verdict for each of the record's criteria, by id."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """How a picture is brought before a judge, its proportions kept.

    Attributes:
        short_side: Of a frame, in pixels.
        fps: Frames a second; ``None`` for the file's own.
        enlarge: Whether a smaller picture is brought to that size too.
    """

    short_side: int
    fps: float | None = None
    enlarge: bool = True

    def of(self, height: int, width: int, fps: float) -> VideoInput:
        """Return the frames to decode of a file with frames of ``height`` × ``width`` at ``fps``."""
        short = min(height, width)
        side = self.short_side if self.enlarge else min(self.short_side, short)
        return VideoInput(
            fps=self.fps or fps, height=int(side * height / short), width=int(side * width / short)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """A number that a judge gives each sound; the score is its mean over sounds.

    Attributes:
        id: The metric's, with its protocol: ``sync.desync``.
        unit: ``fraction``, ``s`` …
        higher_is_better: The direction.
        chance: What a judge that guesses uniformly gives any sound, where there is such a thing.
    """

    id: str
    unit: str
    higher_is_better: bool
    chance: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeRecord:
    """A judge, before anything of it is loaded.

    Attributes:
        name: What the user types after ``--judge``, and what a spec names.
        summary: One line for ``avbench list judges``.
        load: ``load(device, weights)`` returns the judge; the only moment torch is imported. ``weights`` is
            ``None`` where there is no checkpoint.
        sight: How pictures are brought before it; a :class:`~avbench.records.VideoInput` for exactly those
            frames.
        sample_rate: What it hears, in Hz.
        criteria: What it decides.
        license: SPDX identifier of the weights' licence, or of the code's where it has none.
        channels: 1 (mono) or 2 (stereo).
        sees: Names of what it sees in a picture, which is kept; none where that is of no use without a sound.
        hears: Likewise of what it hears in a sound.
        shortest: Shortest clip it can judge, in seconds.
        longest: Longest one; ``None`` for any length.
        checkpoint: The weights it needs, if they are one file.
        shipped: Where the plugin brings that checkpoint itself.
        requires: Packages that must be importable.
        install: The command that installs them.
        identity: Names whatever else its verdicts depend on, loading nothing.
        notes: What a reader of its numbers must know.
    """

    name: str
    summary: str
    load: Callable[[str, Path | None], Judge]
    sight: Sight | VideoInput
    sample_rate: int
    criteria: tuple[Criterion, ...]
    license: str
    channels: int = 1
    sees: tuple[str, ...] = ()
    hears: tuple[str, ...] = ()
    shortest: float = 0.0
    longest: float | None = None
    checkpoint: Checkpoint | None = None
    shipped: Path | None = None
    requires: tuple[str, ...] = ()
    install: str = ""
    identity: Callable[[], Mapping[str, str]] | None = None
    notes: str = ""
