"""From result documents, and nothing else, to who stands on a board and who is kept off it, and why."""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from avbench.boards.comparison import paired_test
from avbench.boards.kept_records import records_beside
from avbench.boards.published import Published
from avbench.boards.score_ids import CLEAN, gallery_of, is_ranked
from avbench.errors import DataError
from avbench.results import archive
from avbench.results.document import RunResult, ScaleRow, Score, from_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One document.

    Attributes:
        result: What it says.
        path: Where it is.
        sha256: Digest of its bytes.
    """

    result: RunResult
    path: Path
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One task's board.

    Attributes:
        task: The task's name.
        version: The spec's version; results of others are kept off. 0 where there is no result at all.
        rows: Contestants, best first.
        scale_rows: Reference rows, from the first row's document.
        off: Documents kept off, with the reason.
        apart: Results on other clips, of a list by name: boards of their own, never ranked with these rows.
        published: What others published for the task, which is not ranked.
    """

    task: str
    version: int
    rows: tuple[Entry, ...]
    scale_rows: tuple[ScaleRow, ...]
    off: tuple[tuple[Entry, str], ...]
    apart: "tuple[Board, ...]" = ()
    published: Published | None = None

    def columns(self) -> tuple[Score, ...]:
        """Return one score for every column, in the documents' order."""
        scores = {score.id: score for entry in self.rows for score in entry.result.scores}
        return tuple(score for score in scores.values() if is_ranked(score.id))


def read_entries(folder: Path) -> tuple[list[Entry], list[DataError]]:
    """Read every document under a folder; a file that is none is returned as an error.

    Raises:
        DataError: There is no such folder.
    """
    entries: list[Entry] = []
    errors: list[DataError] = []
    for path in archive.find(folder):
        try:
            content = archive.read_bytes(path)
            result = from_json(content, name=str(path))
            entries.append(Entry(result=result, path=path, sha256=archive.digest(content)))
        except DataError as error:
            errors.append(error)
    return entries, errors


def boards(entries: Iterable[Entry], published: Iterable[Published] = ()) -> list[Board]:
    """Return a board for every task with a document or a published row, in the order of their names."""
    by_task: dict[str, list[Entry]] = {}
    for entry in entries:
        by_task.setdefault(entry.result.task.name, []).append(entry)
    elsewhere = {each.task: each for each in published}
    return [
        board(by_task[task], elsewhere.get(task))
        if task in by_task
        else Board(task=task, version=0, rows=(), scale_rows=(), off=(), published=elsewhere[task])
        for task in sorted(by_task.keys() | elsewhere.keys())
    ]


def board(entries: Sequence[Entry], published: Published | None = None) -> Board:
    """Rank the documents of one task.

    A document stands on the board if it is complete, of the newest spec version, and was scored on the same
    clips of the same data as most are. Of the same model with the same arguments and identity the newest
    document counts. Contestants are ranked by the first score, then the next, then by name.
    """
    ordered = sorted(entries, key=_age, reverse=True)
    version = max(entry.result.task.version for entry in ordered)
    data = _most_used_data(each for each in ordered if each.result.task.version == version)
    reasons = {id(each): _why_off(each, version, data) for each in ordered}
    newest: dict[tuple[object, ...], Entry] = {}
    for entry in ordered:
        if not reasons[id(entry)]:
            newest.setdefault(_who(entry), entry)
    on = sorted(newest.values(), key=_rank)
    apart = [entry for entry in ordered if reasons[id(entry)] and _is_listed(entry, version)]
    off = [(entry, reason) for entry in ordered if (reason := reasons[id(entry)]) and entry not in apart]
    contestants = tuple(entry for entry in on if not entry.result.model.scale_row)
    return Board(
        task=ordered[0].result.task.name,
        version=version,
        rows=contestants,
        scale_rows=_references(on),
        off=tuple(sorted(off, key=lambda each: (each[0].result.model.name, each[0].sha256))),
        apart=_boards_apart(apart),
        published=published,
    )


def _is_listed(entry: Entry, version: int) -> bool:
    """Say whether a result is on a list that has a name, however much of it was there."""
    coverage = entry.result.coverage
    listed = bool(entry.result.dataset.list_name) and not (coverage.limited or coverage.found_only)
    return listed and entry.result.task.version == version


def _boards_apart(newest_first: Sequence[Entry]) -> tuple[Board, ...]:
    """Return a board for every set of clips, the largest first."""
    by_data: dict[tuple[object, ...], dict[tuple[object, ...], Entry]] = {}
    for entry in newest_first:
        by_data.setdefault(_data(entry), {}).setdefault(_who(entry), entry)
    found = [
        Board(
            task=rows[0].result.task.name,
            version=rows[0].result.task.version,
            rows=tuple(row for row in rows if not row.result.model.scale_row),
            scale_rows=(),
            off=(),
        )
        for entries in by_data.values()
        for rows in [sorted(entries.values(), key=_rank)]
        if any(not row.result.model.scale_row for row in rows)
    ]
    return tuple(sorted(found, key=lambda each: (-_size(each), each.rows[0].result.dataset.name)))


def _size(board: Board) -> int:
    return board.rows[0].result.coverage.evaluated


def overlaps(score: Score, best: Score) -> bool:
    """Return whether two scores' intervals overlap, so that the better one is not clearly better."""
    if score.low is None or score.high is None or best.low is None or best.high is None:
        return score.value == best.value
    return score.low <= best.high and best.low <= score.high


def best_of(column: Score, rows: Sequence[Entry]) -> Entry | None:
    """Return the row with the best score of a column, the first of several."""
    scored = [(score.value, entry) for entry in rows if (score := entry.result.score(column.id)) is not None]
    pick = max if column.higher_is_better else min
    return pick(scored, key=lambda pair: pair[0])[1] if scored else None


def told_apart(column: Score, entry: Entry, best: Entry) -> bool:
    """Return whether a row is clearly worse than the best of a column.

    By a paired test where there is one and the records of both can be read, else by whether their intervals
    overlap.
    """
    score, highest = entry.result.score(column.id), best.result.score(column.id)
    if score is None or highest is None:
        return True
    with suppress(DataError):
        ours, theirs = (records_beside(each.path, each.result) for each in (entry, best))
        if test := paired_test(score, highest, ours, theirs):
            return not test.interval.low <= 0 <= test.interval.high
    return not overlaps(score, highest)


def _most_used_data(newest_first: Iterable[Entry]) -> tuple[object, ...] | None:
    whole = [entry for entry in newest_first if entry.result.coverage.complete]
    models = dict.fromkeys((_who(entry), _data(entry)) for entry in whole)
    # Of equally frequent data the newest: most_common keeps the order in which they were met.
    used = Counter(data for _, data in models).most_common(1)
    return used[0][0] if used else None


def _why_off(entry: Entry, version: int, data: tuple[object, ...] | None) -> str:
    coverage, task = entry.result.coverage, entry.result.task
    if task.version != version:
        return f"spec version {task.version}, the board is of version {version}"
    if coverage.limited:
        return f"limited to {coverage.asked} of {entry.result.dataset.clips} clips"
    if coverage.found_only:
        return f"no list: the {coverage.evaluated} clips that were found"
    if coverage.partial:
        return f"partial: {coverage.evaluated} of {coverage.asked} clips evaluated"
    if _data(entry) != data:
        return "other data or arguments than the rows above"
    return ""


def _references(on: Sequence[Entry]) -> tuple[ScaleRow, ...]:
    rows = {row.model: row for entry in reversed(on) for row in entry.result.scale_rows if row.scores}
    for entry in on:
        if entry.result.model.scale_row:
            name = entry.result.model.name
            rows[name] = ScaleRow(model=name, scores=entry.result.scores)
    return tuple(rows[name] for name in sorted(rows))


def _data(entry: Entry) -> tuple[object, ...]:
    result = entry.result
    pinned = {str(name) for name in cast("list[str]", result.task.protocol.get("embedders", []))}
    seen_through = [(name, sorted(network.items())) for name, network in sorted(result.networks.items())]
    return (
        result.task.digest,
        result.dataset.name,
        result.dataset.revision,
        result.coverage.ids_sha256,
        repr([each for each in seen_through if each[0] in pinned]),
    )


def _who(entry: Entry) -> tuple[object, ...]:
    model = entry.result.model
    return model.name, tuple(sorted(model.args.items())), tuple(sorted(model.identity.items()))


def _age(entry: Entry) -> tuple[str, str]:
    return entry.result.run.finished_at, entry.sha256


def _rank(entry: Entry) -> tuple[object, ...]:
    # Clean scores are over clips of each row's own, and not every row has them.
    shown = [score for score in entry.result.scores if is_ranked(score.id)]
    scores = [score for score in shown if gallery_of(score.id) != CLEAN]
    signed = tuple(-score.value if score.higher_is_better else score.value for score in scores)
    return *signed, entry.result.model.name, entry.sha256
