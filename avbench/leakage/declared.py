"""What a model says it was trained on, against what a task asks for."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any

from avbench.clips import Clip, Dataset, Gallery
from avbench.leakage.ids import clip_keys, read_ids
from avbench.records import ModelRecord

CLEAN = "clean"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A dataset with what is known of leaks: notes, and a gallery ``clean`` without them.

    Attributes:
        original: The dataset; whatever else it says of itself is asked of it.
        galleries: Its galleries; then one named ``clean``, where clips of the standard gallery leak.
        notes: Its notes; then what leaks.
    """

    original: Dataset
    galleries: Sequence[Gallery]
    notes: Sequence[str]

    @property
    def name(self) -> str:
        """The dataset's name."""
        return self.original.name

    @property
    def revision(self) -> str:
        """The dataset's revision."""
        return self.original.revision

    @property
    def clips(self) -> Sequence[Clip]:
        """The dataset's clips."""
        return self.original.clips

    def __getattr__(self, name: str) -> Any:
        """Ask the dataset for what only some have."""
        return getattr(self.original, name)


def examined(dataset: Dataset, record: ModelRecord, asked: str) -> Dataset:
    """Return a dataset with what a model declares of its training data.

    Args:
        dataset: What it is tested on.
        record: The model's; one that declares nothing gets the dataset as it is.
        asked: The name of the dataset's record.

    Raises:
        DataError: A file of ids that the model names cannot be read.
    """
    if record.training_ids:
        videos = seen_videos(record)
        seen = {clip.id for clip in dataset.clips if any(key.source in videos for key in clip_keys(clip))}
        return _without(dataset, seen, f"of videos that {record.name}")
    splits = {
        split for name, _, split in (each.partition("/") for each in record.training_data) if name == asked
    }
    if "" in splits:
        note = (
            f"{record.name} declares {asked} among its training data, and not which clips of it: how many of "
            "these it has seen is not known."
        )
        return Examined(original=dataset, galleries=dataset.galleries, notes=(*dataset.notes, note))
    seen = {clip.id for clip in dataset.clips if clip.labels.get("split") in splits} if splits else set[str]()
    return _without(dataset, seen, f"of a split that {record.name}") if seen else dataset


def _without(dataset: Dataset, seen: Set[str], what: str) -> Dataset:
    note = f"{len(seen)} of {len(dataset.clips)} clips are {what} declares it was trained on" + (
        f"; of retrieval and generation, scores named {CLEAN} are over the others." if seen else "."
    )
    clean = tuple(
        Gallery(name=CLEAN, clip_ids=tuple(each for each in gallery.clip_ids if each not in seen))
        for gallery in dataset.galleries
        if gallery.name == "standard" and seen & set(gallery.clip_ids)
    )
    return Examined(original=dataset, galleries=(*dataset.galleries, *clean), notes=(*dataset.notes, note))


def unseen(dataset: Dataset) -> Set[str] | None:
    """Return the ids of the clips that are left where clips leak; ``None`` where none is known to."""
    clean = [gallery for gallery in dataset.galleries if gallery.name == CLEAN]
    return {each for gallery in clean for each in gallery.clip_ids} if clean else None


def seen_videos(record: ModelRecord) -> frozenset[str]:
    """Return the videos that the files of ids of a model name.

    Raises:
        DataError: A file cannot be read.
    """
    return frozenset(video for path in record.training_ids for video in read_ids(path).sources)
