"""Bring the index of a tree up to date: only what is new or changed is probed."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from avbench.datasets.cliplist import abridged
from avbench.digests import RACY_SECONDS
from avbench.errors import DataError
from avbench.index.entries import Entry, entry_of
from avbench.index.table import journal_line, read_index, read_journal, write_index
from avbench.index.tree import Stamp, Tree, walk_tree
from avbench.media.probing import probe_files
from avbench.records import Progress
from avbench.store import appended, cache_folder

# Walks over a tree that changes meanwhile, before what still changes is left out.
ROUNDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """An index that is up to date.

    Attributes:
        path: The Parquet file.
        entries: Every file, in the order of the paths.
        probed: How many files were probed; the others were known.
        removed: How many files of the former index are no longer there.
        notes: What was left out, and what changed meanwhile.
    """

    path: Path
    entries: Sequence[Entry]
    probed: int
    removed: int
    notes: tuple[str, ...] = ()


def default_path(root: Path) -> Path:
    """Return where the index of a tree is kept: in the cache folder, named for the resolved root."""
    return cache_folder() / "indexes" / f"{hashlib.sha256(str(root).encode()).hexdigest()[:32]}.parquet"


def scan(
    root: Path, path: Path, progress: Progress, *, processes: int, digests: bool = True, retry: bool = False
) -> Scan:
    """Index a tree, going on where an earlier scan was interrupted.

    A file is probed again when its size or date is another, when it was so young that a change could have
    kept its date, or when a digest is asked for that is not there. After probing the tree is walked again,
    and what changed meanwhile is probed in its turn.

    Args:
        root: The folder.
        path: The index to bring up to date.
        progress: Told how many files have been probed.
        processes: How many processes probe.
        digests: Whether the SHA-256 of each file is taken.
        retry: Probe again what could not be opened.

    Raises:
        DataError: ``root`` is no folder, or ``path`` no index of it.
        StorageError: The index cannot be written.
    """
    if not root.is_dir():
        raise DataError(f"{root} is not a folder.", hint="Give the folder that holds the media files.")
    root = root.resolve()
    former = read_index(path, root)
    journal = path.with_name(f".{path.name}.journal")
    known = former | {entry.path: entry for entry in read_journal(journal, root)}
    known = {name: entry for name, entry in known.items() if _settled(entry, digests, retry)}
    tree, probed, meanwhile = walk_tree(root), 0, 0
    for round_ in range(ROUNDS):
        waiting = {name: stamp for name, stamp in tree.files.items() if not _fits(known.get(name), stamp)}
        if not waiting:
            break
        meanwhile += len(waiting) if round_ else 0
        probed += len(waiting)
        known |= _probe(root, waiting, journal, progress, processes, digests)
        tree = walk_tree(root)
    entries = [known[name] for name, stamp in tree.files.items() if _fits(known.get(name), stamp)]
    if probed or entries != list(former.values()):
        write_index(path, root, entries)
    journal.unlink(missing_ok=True)
    removed = len(former.keys() - tree.files.keys())
    notes = _notes(tree, meanwhile, len(tree.files) - len(entries))
    return Scan(path=path, entries=entries, probed=probed, removed=removed, notes=notes)


def _settled(entry: Entry, digests: bool, retry: bool) -> bool:
    """Say whether an earlier run's entry holds as long as the file keeps its stamp."""
    if entry.reason is not None:
        return not retry and entry.reason not in ("timeout", "missing")
    old = entry.probed_ns - entry.mtime_ns > RACY_SECONDS * 1e9
    return old and (entry.digest is not None or not digests)


def _fits(entry: Entry | None, stamp: Stamp) -> bool:
    return entry is not None and (entry.bytes, entry.mtime_ns) == (stamp.bytes, stamp.mtime_ns)


def _probe(
    root: Path,
    waiting: Mapping[str, Stamp],
    journal: Path,
    progress: Progress,
    processes: int,
    digests: bool,
) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    facts = probe_files((root / name for name in waiting), digests=digests, processes=processes)
    with appended(journal) as file:
        for (name, stamp), each in zip(waiting.items(), facts, strict=True):
            found[name] = entry_of(name, stamp, time.time_ns(), each)
            file.write(journal_line(root, found[name]))
            progress("probing", len(found), len(waiting))
    return found


def _notes(tree: Tree, meanwhile: int, restless: int) -> tuple[str, ...]:
    reasons: dict[str, list[str]] = {}
    for entry, reason in (each.rsplit(": ", 1) for each in tree.left_out):
        reasons.setdefault(reason, []).append(entry)
    notes = [f"left out: {abridged(entries)}: {reason}" for reason, entries in reasons.items()]
    if meanwhile:
        notes.append(f"the tree changed meanwhile; files that were probed again or came late: {meanwhile}")
    if restless:
        notes.append(f"the tree still changes; files that are left out: {restless}; index it again")
    return tuple(notes)
