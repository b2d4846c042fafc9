"""A dataset that is a plain list of clips, all of them candidates for each other."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from avbench.clips import Clip, Gallery
from avbench.errors import DataError, UsageError
from avbench.records import Args, DatasetRequest

LEAVING = "a link that leaves the data root"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipList:
    """Clips with one gallery, ``standard``, that holds them all.

    Attributes:
        name: The dataset's name.
        revision: A digest of the list.
        clips: Every clip, in the list's order.
        notes: What was left out, and what else a reader of any number must know.
        list_name: The list that was asked for: a known one's name, or ``name@found-14`` without any list.
        found_only: Whether no list was given, so that the clips are what the folder holds.
        offsets: How late a task of synchrony is to make the sound, in seconds by clip id, where a list says
            so.
        distinct: Whether whoever opened it has seen to it that it has clips, and no id twice.
    """

    name: str
    revision: str
    clips: Sequence[Clip]
    notes: tuple[str, ...] = ()
    list_name: str = ""
    found_only: bool = False
    offsets: Mapping[str, float] | None = None
    distinct: bool = False

    @property
    def galleries(self) -> tuple[Gallery, ...]:
        """The one gallery."""
        return (Gallery(name="standard", clip_ids=tuple(clip.id for clip in self.clips)),)


def data_root(request: DatasetRequest, dataset: str) -> Path:
    """Return the resolved folder given as ``--data-root``.

    Raises:
        UsageError: None was given.
        DataError: It is no folder.
    """
    if request.root is None:
        raise UsageError(
            f"The dataset {dataset!r} is read from a folder of yours, and none was given.",
            hint="Add --data-root DIR.",
        )
    root = request.root.expanduser().resolve()
    if not root.is_dir():
        raise DataError(
            f"The data root {request.root} is not a folder.", hint="Give an existing folder as --data-root."
        )
    return root


def reject_unknown(args: Args, known: Sequence[str], dataset: str) -> None:
    """Raise ``UsageError`` for the first argument that the dataset does not take."""
    for name in args:
        if name not in known:
            raise UsageError(
                f"The dataset {dataset!r} takes no argument {name!r}.",
                hint=f"--dataset-args takes: {', '.join(f'{each}=…' for each in known)}.",
            )


def leaves(root: Path, path: Path) -> bool:
    """Say whether ``path``, with every link followed, lies outside ``root`` (itself resolved)."""
    try:
        return not path.resolve().is_relative_to(root)
    except (OSError, RuntimeError, ValueError):  # links in a circle, a name too long, a zero byte
        return True


def left_out_notes(left_out: Sequence[str]) -> tuple[str, ...]:
    """Return the note on entries of a folder that are not used, each with its reason."""
    entries = (
        "1 entry of the folder is" if len(left_out) == 1 else f"{len(left_out)} entries of the folder are"
    )
    return (f"{entries} left out: {abridged(left_out)}.",) if left_out else ()


def none_found(message: str, left_out: Sequence[str], *, hint: str) -> DataError:
    """Return the error for a folder that holds nothing to use; where links leave it, the hint is of them."""
    what = f"; left out: {abridged(left_out)}" if left_out else ""
    leaving = any(each.endswith(LEAVING) for each in left_out)
    advice = "Links are followed inside the folder alone: give the one that holds what they lead to."
    return DataError(f"{message}{what}.", hint=advice if leaving else hint)


def abridged(lines: Iterable[str], *, most: int = 5) -> str:
    """Join the first few lines and say how many more there are."""
    listed = list(lines)
    more = f"; and {len(listed) - most} more" if len(listed) > most else ""
    return "; ".join(listed[:most]) + more
