"""A clip: one stretch of one media file, and why it may be left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

REASONS: Mapping[str, str] = {
    "missing": "the file is not there",
    "empty": "the file has no bytes",
    "corrupt": "the file, or a part that is needed, cannot be decoded",
    "no-audio": "the file has no audio stream",
    "no-video": "the file has no video stream",
    "too-short": "a stream ends before the window the task asks for",
    "too-large": "the file exceeds the bounds on duration, pixels or streams",
    "timeout": "decoding took longer than allowed and was ended",
    "model": "the model returned nothing usable for the clip",
    "no-output": "the system that was to make the sound left none for the clip",
    "not-finite": "the sound holds NaN or infinity",
    "silent": "the sound is silence throughout",
    "still": "the picture stands still",
    "no-onsets": "nothing sounds anew while the picture lasts",
    "copy": "what was to be another recording is a copy of the clip",
    "no-offset": "the list of offsets has none for the clip",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """One stretch of one media file.

    Attributes:
        id: Unique within its dataset; the key under which results are kept.
        path: The media file.
        start: Where the clip begins in the file, in seconds of presentation time from the file's zero.
        end: Where it ends, in seconds, or ``None`` for the end of the file.
        source: The recording it was cut from: intervals are bootstrapped over sources. Default: ``id``.
        labels: What is known of the content (``class``, ``split`` …).
        truth: A side-car file with exact ground truth, where the dataset has one.
        part: Where in ``path``, a tar, the media file lies: its first byte and its bytes.
        classes: Every class it belongs to; one where a set gives each clip one label.
    """

    id: str
    path: Path
    start: float = 0.0
    end: float | None = None
    source: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    truth: Path | None = None
    part: tuple[int, int] | None = None
    classes: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """The recording this clip counts under when intervals are computed."""
        return self.source or self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """A set of clips that are candidates for each other.

    Attributes:
        name: ``standard`` for the gallery that makes the headline number; ``S0`` … ``S5`` for matched ones;
            of pairs what they differ in, ``binding`` or ``shift-S3@0.04``.
        clip_ids: The candidates; each is also a query in its own gallery.
    """

    name: str
    clip_ids: tuple[str, ...]


class Dataset(Protocol):
    """What a dataset record opens: the clips that are asked for, whether or not they are on disk.

    Attributes:
        name: The dataset's name.
        revision: What pins its content: a generator version, a list digest.
        clips: Every clip asked for, in the dataset's own fixed order.
        galleries: At least one named ``standard``; several galleries may share one name.
        notes: What a reader of any number from these data must know.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def revision(self) -> str: ...  # noqa: D102
    @property
    def clips(self) -> Sequence[Clip]: ...  # noqa: D102
    @property
    def galleries(self) -> Sequence[Gallery]: ...  # noqa: D102
    @property
    def notes(self) -> Sequence[str]: ...  # noqa: D102
