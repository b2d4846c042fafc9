"""Audit the files of an index: each is decoded once, what was measured is kept, findings follow from it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from avbench.digests import RACY_SECONDS
from avbench.errors import MediaError
from avbench.index.entries import Entry
from avbench.index.findings import Finding, duplicates, judged
from avbench.media.info import Measured
from avbench.media.probing import measure_files
from avbench.records import Progress
from avbench.store import appended, write_whole

FORMAT = 1

Outcome = Measured | MediaError
Stamped = tuple[str, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What is wrong with the files of a tree.

    Attributes:
        files: How many there are.
        measured: How many were decoded now; of the others it was known what they hold.
        findings: What is wrong, in the order of the paths.
    """

    files: int
    measured: int
    findings: Sequence[Finding]

    @property
    def flawed(self) -> int:
        """How many paths something is wrong with."""
        return len({finding.path for finding in self.findings})


def check(
    root: Path,
    entries: Sequence[Entry],
    journal: Path,
    progress: Progress,
    *,
    processes: int,
    seconds: float | None = None,
) -> Audit:
    """Audit the files of an index.

    What is measured is noted at once, by path, size and date: an interrupted audit goes on, and another
    ``seconds`` decodes nothing again.

    Args:
        root: The folder that was indexed.
        entries: Its files, with digests.
        journal: Where what was measured is kept.
        progress: Told how many files have been decoded.
        processes: How many processes decode.
        seconds: How long each stream is to last; ``None`` if that is not judged.

    Raises:
        StorageError: The journal cannot be written.
    """
    opened = [entry for entry in entries if entry.reason is None]
    known = _read(journal)
    waiting = [entry for entry in opened if _stamp(entry) not in known]
    found = known | _measured(root, waiting, journal, progress, processes)
    kept = {_stamp(entry): found[_stamp(entry)] for entry in opened if _old(entry)}
    write_whole(journal, "".join(_line(stamp, outcome) for stamp, outcome in kept.items()).encode())
    findings = [*_findings(entries, found, seconds), *duplicates(entries)]
    return Audit(
        files=len(entries),
        measured=len(waiting),
        findings=sorted(findings, key=lambda each: each.path),
    )


def _findings(
    entries: Sequence[Entry], found: Mapping[Stamped, Outcome], seconds: float | None
) -> Iterator[Finding]:
    for entry in entries:
        if entry.reason is not None:
            yield Finding(path=entry.path, code=entry.reason, message=entry.message or "")
            continue
        outcome = found[_stamp(entry)]
        if isinstance(outcome, MediaError):
            yield Finding(path=entry.path, code=outcome.reason, message=outcome.message)
            continue
        for code, message in judged(entry, outcome, seconds):
            yield Finding(path=entry.path, code=code, message=message)


def _measured(
    root: Path, waiting: Sequence[Entry], journal: Path, progress: Progress, processes: int
) -> dict[Stamped, Outcome]:
    found: dict[Stamped, Outcome] = {}
    asked = ((root / each.path, each.video is not None, each.audio is not None) for each in waiting)
    with appended(journal) as file:
        outcomes = measure_files(asked, processes=processes)
        for entry, outcome in zip(waiting, outcomes, strict=True):
            found[_stamp(entry)] = outcome
            if _old(entry):
                file.write(_line(_stamp(entry), outcome))
            progress("decoding", len(found), len(waiting))
    return found


def _stamp(entry: Entry) -> Stamped:
    return entry.path, entry.bytes, entry.mtime_ns


def _old(entry: Entry) -> bool:
    """Say whether a file was old enough when it was probed that a change could not have kept its date."""
    return entry.probed_ns - entry.mtime_ns > RACY_SECONDS * 1e9


def _line(stamp: Stamped, outcome: Outcome) -> str:
    if isinstance(outcome, MediaError):
        facts = {"reason": outcome.reason, "message": outcome.message}
    else:
        facts = asdict(outcome)
    return json.dumps([FORMAT, *stamp, facts]) + "\n"


def _read(journal: Path) -> dict[Stamped, Outcome]:
    """Return what earlier audits measured; a line that was cut off is skipped, a timeout tried again."""
    known: dict[Stamped, Outcome] = {}
    if not journal.exists():
        return known
    with journal.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                version, path, size, mtime, facts = json.loads(line)
                outcome = MediaError(**facts) if "reason" in facts else Measured(**facts)
            except (ValueError, TypeError):
                continue
            retried = isinstance(outcome, MediaError) and outcome.reason in ("timeout", "missing")
            if version == FORMAT and not retried:
                known[path, size, mtime] = outcome
    return known
