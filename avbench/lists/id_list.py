"""A list of clips: what is asked for, whether or not anything of it is on disk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from avbench.datasets.file_names import ClipKey


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedClip:
    """One clip that a list asks for.

    Attributes:
        key: The stretch of the video.
        classes: Every class the list gives it.
        labels: What else the list says of it.
    """

    key: ClipKey
    classes: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The key's canonical name."""
        return self.key.name


@dataclass(frozen=True, slots=True, kw_only=True)
class IdList:
    """A list of clips.

    Attributes:
        name: Its name, ``vggsound-test-15446``.
        clips: The clips, in the list's order.
        notes: What a reader of any number on the list must know.
    """

    name: str
    clips: Sequence[ListedClip]
    notes: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """The SHA-256 of the sorted ids, one a line."""
        from avbench.results.document import ids_digest

        return ids_digest([clip.id for clip in self.clips])
