"""Data sets of listed clips: what a list asks for, joined with the files below the data root.

A file is a listed clip's if its name says the same stretch of the same video in any convention
(:mod:`avbench.datasets.file_names`); of several the one whose name says most. A clip that no file is named
for is kept, with a path that does not exist: the run counts it as missing.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from avbench.clips import Clip
from avbench.datasets.cliplist import ClipList, data_root, left_out_notes, none_found, reject_unknown
from avbench.datasets.file_names import ClipKey, read_name, samples_named
from avbench.datasets.folder import search
from avbench.errors import DataError, UsageError
from avbench.lists.greatest_hits import STAMP
from avbench.lists.id_list import IdList, ListedClip
from avbench.lists.origins import list_asked_for
from avbench.lists.panda70m import key_beside
from avbench.lists.small_sets import PLAIN_ID
from avbench.lists.synchformer import offsets_of
from avbench.records import Args, DatasetRequest
from avbench.results.document import ids_digest

SHIFTS = "shifts"
ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "vggsound": ("split", "vggsounder", SHIFTS),
    "audioset": ("classes",),
    "kinetics-sounds": ("classes",),
}
"""What a dataset takes beside ``list`` and ``subset``."""
# Read as milliseconds, 30_40 would be a clip of 10 ms: no data set has one so short.
SHORTEST_MS = 500
TEN_SECONDS = ("vggsound", "audiocaps", "avsync15")
# Their files are whole recordings, whatever stretch of one a list asks for.
UNCUT = ("greatesthits",)
NUMBERED = re.compile(r"([A-Za-z0-9_-]{1,64})\.(\d{1,5})", re.ASCII)


def video_keys(path: Path) -> Sequence[ClipKey]:
    """Return the clips of a YouTube video that a file's path can stand for, the likeliest first."""
    names = [each.name for each in samples_named(path.as_posix())]
    return tuple(dict.fromkeys(key for name in names for key in read_name(name) if _lasts(key)))


def _lasts(key: ClipKey) -> bool:
    return key.start is None or key.end is None or key.end - key.start >= SHORTEST_MS


def panda70m_keys(path: Path) -> Sequence[ClipKey]:
    """Return what a file of Panda-70M is: by the json beside it, by ``<video id>.<n>``, or as others are."""
    if key := key_beside(path):
        return (key,)
    if match := NUMBERED.fullmatch(path.stem):
        return (ClipKey(source=match[1], index=int(match[2])),)
    return video_keys(path)


def recording_keys(path: Path) -> Sequence[ClipKey]:
    """Return the recording of Greatest Hits that a file is the video of, ``<time of day>_denoised.mp4``."""
    stamp = path.stem.removesuffix("_denoised")
    return (ClipKey(source=stamp),) if STAMP.fullmatch(stamp) else ()


def plain_keys(path: Path) -> Sequence[ClipKey]:
    """Return the clip that a file is called after, where names follow no convention."""
    return (ClipKey(source=path.stem),) if PLAIN_ID.fullmatch(path.stem) else ()


def hits_beside(path: Path, source: str) -> Path | None:
    """Return the file of Greatest Hits that says when a recording's hits are heard."""
    times = path.with_name(f"{source}_times.txt")
    return times if times.is_file() else None


KEYS: Mapping[str, Callable[[Path], Sequence[ClipKey]]] = {
    "panda70m": panda70m_keys,
    "greatesthits": recording_keys,
    "foleybench": plain_keys,
    "moviegen": plain_keys,
}


@dataclass(slots=True)
class _Tree:
    """The files below a root by the videos their names name.

    Attributes:
        root: The data root.
        files: What each file can be, the likeliest first.
        unnamed: How many files name no clip.
        left_out: Entries that are not used, each with the reason.
    """

    root: Path
    files: dict[Path, Sequence[ClipKey]] = field(default_factory=dict)
    unnamed: int = 0
    left_out: Sequence[str] = ()

    def by_source(self) -> dict[str, list[tuple[ClipKey, Path]]]:
        found: dict[str, list[tuple[ClipKey, Path]]] = defaultdict(list)
        for path, keys in self.files.items():
            for key in keys:
                found[key.source].append((key, path))
        return found


def open_listed(dataset: str, request: DatasetRequest) -> ClipList:
    """Join the list that is asked for with the videos under ``--data-root``.

    Args:
        dataset: One of :data:`avbench.lists.origins.READERS`.
        request: ``args["list"]`` is a file of the data set's authors, or a known list's name;
            ``args["subset"]`` a known list's name, which the file must hold. Without either, the clips are
            those that the folder holds, and the result is partial. ``args["shifts"]``, of VGGSound alone, is
            a file of fixed offsets, which is also the list where no other is given.

    Returns:
        The clips in the list's order, or in that of their ids. The revision is the digest of the ids.

    Raises:
        UsageError: No root was given, or an unknown argument.
        DataError: The list cannot be used, or the folder holds no clip of it.
    """
    reject_unknown(request.args, ("list", "subset", *ARGUMENTS.get(dataset, ())), dataset)
    root, shifts = data_root(request, dataset), request.args.get(SHIFTS, "")
    asked = list_asked_for(dataset, {"list": shifts, **request.args} if shifts else request.args)
    tree = _scan(root, dataset)
    if asked is None:
        _require_no_choice(dataset, request.args)
        return _found(dataset, tree, request.args.get("subset", ""))
    clips = _joined(dataset, asked, tree)
    return _shifted(clips, Path(shifts).expanduser()) if shifts else clips


def _require_no_choice(dataset: str, args: Args) -> None:
    """Refuse what would choose from a list where there is none; a subset is told in a note."""
    if chosen := [name for name in ARGUMENTS.get(dataset, ()) if name in args]:
        raise UsageError(
            f"{chosen[0]}={args[chosen[0]]} says something of a list, and none was given.",
            hint="Add --list FILE, or leave it out.",
        )


def _shifted(clips: ClipList, path: Path) -> ClipList:
    """Return the clips with the offsets of a list, which are part of the data."""
    listed = offsets_of(path)
    offsets = {clip.id: listed[clip.id] for clip in clips.clips if clip.id in listed}
    if not offsets:
        raise DataError(
            f"The list {path} has an offset of none of the {len(clips.clips)} clips of {clips.list_name}.",
            hint="Give offsets of the same clips; without another list those of the offsets are taken.",
        )
    pinned = ids_digest([f"{clip_id} {offset:g}" for clip_id, offset in offsets.items()])
    note = f"True offsets are those of {path.name}, {len(offsets)} of them."
    return replace(
        clips,
        revision=f"{clips.revision}+offsets:{pinned[:16]}",
        notes=(*clips.notes, note),
        offsets=offsets,
    )


def _scan(root: Path, dataset: str) -> _Tree:
    found = search(root)
    tree = _Tree(root, left_out=found.left_out)
    keys_of = KEYS.get(dataset, video_keys)
    for path in found.files:
        if keys := keys_of(path):
            tree.files[path] = keys
        else:
            tree.unnamed += 1
    return tree


def _joined(dataset: str, asked: IdList, tree: _Tree) -> ClipList:
    found, siblings = tree.by_source(), defaultdict[str, int](int)
    for each in asked.clips:
        siblings[each.key.source] += 1
    clips: list[Clip] = []
    doubled: list[str] = []
    for each in asked.clips:
        alone = dataset in UNCUT or siblings[each.key.source] == 1
        paths = _paths(each.key, found[each.key.source], alone=alone)
        doubled += [each.id] if len(paths) > 1 else []
        clips.append(_clip(dataset, each, paths[0] if paths else tree.root / f"{each.id}.mp4"))
    if not any(clip.path in tree.files for clip in clips):
        raise none_found(
            f"No file in {tree.root} is named for any of the {len(clips)} clips of {asked.name}",
            tree.left_out,
            hint="Check --data-root; docs/datasets.md has the names that are understood.",
        )
    notes = [*asked.notes, *left_out_notes(tree.left_out)]
    if doubled:
        notes.append(
            f"{len(doubled)} clips have several files, {doubled[0]} one of them: the first is taken."
        )
    return ClipList(
        name=dataset,
        revision=f"sha256:{asked.digest[:16]}",
        clips=tuple(clips),
        notes=tuple(notes),
        list_name=asked.name,
    )


def _paths(wanted: ClipKey, found: Sequence[tuple[ClipKey, Path]], *, alone: bool) -> list[Path]:
    """Return the files of a clip whose names say most, in order.

    A name that says no place in the video is the clip's only where the list has no other clip of it.
    """
    said: dict[Path, int] = {}
    for key, path in found:
        places = sum(part is not None for part in (key.start, key.end, key.index))
        if key.agrees(wanted) and (places or alone):
            said[path] = max(places, said.get(path, 0))
    most = max(said.values(), default=0)
    return sorted(path for path, places in said.items() if places == most)


def _clip(dataset: str, listed: ListedClip, path: Path) -> Clip:
    labels = dict(listed.labels)
    if len(listed.classes) == 1:
        labels["class"] = listed.classes[0]
    start, end = (listed.key.start, listed.key.end) if dataset in UNCUT else (None, None)
    return Clip(
        id=listed.id,
        path=path,
        start=(start or 0) / 1000,
        end=None if end is None else end / 1000,
        source=listed.key.source,
        labels=labels,
        classes=listed.classes,
        truth=hits_beside(path, listed.key.source) if dataset == "greatesthits" else None,
    )


def _found(dataset: str, tree: _Tree, subset: str) -> ClipList:
    named: dict[str, Clip] = {}
    for path, keys in tree.files.items():
        clip = _clip(dataset, ListedClip(key=_whole(dataset, keys)), path)
        named.setdefault(clip.id, clip)
    if not named:
        raise none_found(
            f"No file in {tree.root} is named for a clip of {dataset}",
            tree.left_out,
            hint="Check --data-root; docs/datasets.md has the names that are understood, "
            "and `folder` takes any file.",
        )
    clips = tuple(named[each] for each in sorted(named))
    what = f"the subset {subset} cannot be told apart, and " if subset else ""
    notes = [f"No list was given: {what}the clips are what the folder holds. Give one by --list FILE."]
    if tree.unnamed:
        notes.append(f"Files of the folder that are named for no clip of {dataset}: {tree.unnamed}.")
    notes += left_out_notes(tree.left_out)
    name = f"{dataset}@found-{len(clips)}"
    return ClipList(
        name=name,
        revision=f"sha256:{ids_digest([clip.id for clip in clips])[:16]}",
        clips=clips,
        notes=tuple(notes),
        list_name=name,
        found_only=True,
    )


def _whole(dataset: str, keys: Sequence[ClipKey]) -> ClipKey:
    """Return the likeliest of a name's keys, the shortest of those that say where they end.

    Where all clips of the data set last as long, an end that is not said is filled in.
    """
    spans = [key for key in keys if key.start is not None and key.end is not None]
    if spans:
        return min(spans, key=lambda key: (key.end or 0) - (key.start or 0))
    first = keys[0]
    if first.start is None or dataset not in TEN_SECONDS:
        return first
    return replace(first, end=first.start + 10_000)
