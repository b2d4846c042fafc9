"""WebDataset shards: tar files of samples, each a video with its side-cars, read where they are."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import lru_cache, partial
from pathlib import Path
from typing import overload

from avbench.clips import Clip, Gallery
from avbench.datasets.clip_chain import ClipChain
from avbench.datasets.cliplist import abridged, data_root, leaves, reject_unknown
from avbench.datasets.tar_index import Sample, TarIndex, indexed
from avbench.datasets.walk import walk
from avbench.errors import DataError
from avbench.records import DatasetRequest

READERS = 8
# Enough for the shards that are mixed while streaming, and the next ones.
KEPT_INDEXES = 64
COMPRESSED = (".tar.gz", ".tgz", ".tar.zst", ".tar.xz", ".tar.bz2")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardSet:
    """Clips of tar files with one gallery, ``standard``, that holds them all.

    Attributes:
        revision: A digest of the files' names and sizes.
        clips: Every clip, shard by shard.
        blocks: How many clips each shard has.
        notes: What was left out.
        name: The dataset's name.
    """

    revision: str
    clips: Sequence[Clip]
    blocks: tuple[int, ...]
    notes: tuple[str, ...] = ()
    name: str = "shards"

    @property
    def galleries(self) -> tuple[Gallery, ...]:
        """The one gallery."""
        return (Gallery(name="standard", clip_ids=tuple(clip.id for clip in self.clips)),)


class ShardClips(Sequence[Clip]):
    """The clips of one shard; of its index memory holds the length alone.

    Args:
        path: The tar.
        name: Its path below the data root.
        clips: How many clips it has.
        index_of: Returns the index of a tar.
    """

    def __init__(self, path: Path, name: str, clips: int, index_of: Callable[[Path], TarIndex]) -> None:
        self._path, self._name, self._clips, self._index_of = path, name, clips, index_of

    def __len__(self) -> int:
        return self._clips

    def __iter__(self) -> Iterator[Clip]:
        return map(self._clip, self._index_of(self._path).samples)

    @overload
    def __getitem__(self, index: int) -> Clip: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Clip]: ...
    def __getitem__(self, index: int | slice) -> Clip | Sequence[Clip]:
        samples = self._index_of(self._path).samples
        return (
            list(map(self._clip, samples[index])) if isinstance(index, slice) else self._clip(samples[index])
        )

    def _clip(self, sample: Sample) -> Clip:
        return Clip(
            id=f"{self._name}/{sample.key}",
            path=self._path,
            source=sample.source,
            part=(sample.offset, sample.size),
        )


def open_shards(request: DatasetRequest) -> ShardSet:
    """List the videos in the tar files under ``--data-root``.

    Tar files are found to any depth and taken in the order of their names; nothing is unpacked. What makes a
    sample is said in :mod:`avbench.datasets.tar_index`; a clip's id is the tar's path below the root, and the
    sample's key. Headers are read once: the index of a tar is kept in the cache folder for as long as the tar
    keeps its size and date.

    Args:
        request: ``args["shards"]`` is a pattern that paths below the root must match: ``train-*.tar``;
            ``args["source"]`` names the field of each sample's json that says which recording it was cut
            from.

    Returns:
        The clips; samples and tars that cannot be used are counted in the notes.

    Raises:
        UsageError: No root was given, or an unknown argument.
        DataError: The root is no folder, or its tars hold no video.
    """
    reject_unknown(request.args, ["shards", "source"], "shards")
    root = data_root(request, "shards")
    names, left_out = _tars(root, request.args.get("shards", "*"))
    cache, field = request.cache / "tar-indexes", request.args.get("source", "")
    index_of = partial(indexed, field=field, cache=cache)
    blocks: dict[str, int] = {}
    counts: Counter[str] = Counter()
    with ThreadPoolExecutor(READERS) as pool:
        read = pool.map(partial(_summary, index_of), [root / name for name in names])
        for done, (name, (clips, bad, damage)) in enumerate(zip(names, read, strict=True), start=1):
            request.progress("reading shards", done, len(names))
            counts.update(bad)
            left_out += [f"{name} {damage}"] if damage else []
            if clips:
                blocks[name] = clips
    left_out += [f"{what}: {count}" for what, count in sorted(counts.items()) if count]
    if not blocks:
        what = f"; left out: {abridged(left_out)}" if left_out else ""
        raise DataError(
            f"There is no tar with a video in {root}{what}.",
            hint="Each sample is a video and its side-cars, of one name up to the first dot.",
        )
    lately = lru_cache(maxsize=KEPT_INDEXES)(index_of)
    return ShardSet(
        revision=_revision(root, list(blocks)),
        clips=ClipChain([ShardClips(root / name, name, clips, lately) for name, clips in blocks.items()]),
        blocks=tuple(blocks.values()),
        notes=_notes(left_out),
    )


def _tars(root: Path, pattern: str) -> tuple[list[str], list[str]]:
    """Return the tars below the root that match, and those that cannot be used, with the reason."""
    names: list[str] = []
    left_out: list[str] = []

    def unreadable(folder: Path, error: OSError) -> None:
        name = folder.relative_to(root).as_posix()
        left_out.append(f"{name} cannot be read ({error.strerror or error})")

    for path in sorted(Path(entry.path) for entry in walk(root, unreadable)):
        name = path.relative_to(root).as_posix()
        if not fnmatch(name, pattern):
            continue
        if name.lower().endswith(COMPRESSED):
            left_out.append(f"{name} is compressed, so that no sample can be found by its place")
        elif name.lower().endswith(".tar") and path.is_file():
            if path.is_symlink() and leaves(root, path):
                left_out.append(f"{name} is a link that leaves the data root")
            else:
                names.append(name)
    return names, left_out


def _summary(index_of: Callable[[Path], TarIndex], path: Path) -> tuple[int, Mapping[str, int], str]:
    """Return how many clips a tar has, how many of what it leaves out, and what is wrong with it."""
    try:
        index = index_of(path)
    except OSError as error:
        return 0, {}, f"cannot be read ({error.strerror or error})"
    counts = {
        "samples without a video": index.without_video,
        "videos beside the first of their sample": index.second_videos,
        "samples that name no recording, each taken for one": index.sourceless,
    }
    return len(index.samples), counts, index.damage


def _revision(root: Path, names: Sequence[str]) -> str:
    lines = (f"{name}\t{(root / name).stat().st_size}\n" for name in names)
    return f"sha256:{hashlib.sha256(''.join(lines).encode()).hexdigest()[:16]}"


def _notes(left_out: Sequence[str]) -> tuple[str, ...]:
    return (f"Not all in the shards is used: {abridged(left_out)}.",) if left_out else ()
