"""What pages quote from the result documents: the run of the README, and the bundled models side by side."""

from pathlib import Path

from avbench.boards.ranking import Board, boards, read_entries
from avbench.boards.score_ids import ARROWS, gallery_of, is_shown, label
from avbench.boards.tables import number, result_text, table, with_interval
from avbench.results.document import RunResult, ScaleRow, Score

RESULTS = Path(__file__).parent.parent / "leaderboards" / "results"
TASK, SOUND_TASK = "avsynth-retrieval", "avsynth-v2a"
IN_TIME = {
    ("avsynth-sync", "offset.top1"): "which of 21 offsets, ±2 s by 0.2 s",
    ("avsynth-sync-fine", "offset.top1"): "which of 21 offsets, ±0.4 s by 0.04 s",
    ("avsynth-sync-fine", "offset.accuracy@0.1"): "the same, at most 0.1 s off",
    ("avsynth-within-clip", "a2v.recall@1"): "which 2 s of the clip, A→V",
    ("avsynth-within-clip", "v2a.recall@1"): "which 2 s of the clip, V→A",
    ("avsynth-counterfactuals", "choice.shift-S3"): "which of two: every landing 5 to 640 ms later",
    ("avsynth-counterfactuals", "choice.shift-S2"): "which of two: the slow envelope 40 to 640 ms later",
    ("avsynth-counterfactuals", "choice.envelope"): "which of two: the slow envelope backwards",
    ("avsynth-counterfactuals", "choice.binding"): "which of two: who lands when exchanged",
}
SCALES = {
    "S0": "S0 semantics",
    "S1": "S1 attributes",
    "S2": "S2 slow envelope",
    "S3": "S3 events",
    "S4": "S4 binding",
    "S5": "S5 space",
}


def quoted(page: str, block: str, text: str) -> str:
    """Return a page with what stands between ``<!-- block -->`` and ``<!-- /block -->`` replaced.

    Raises:
        LookupError: The page has no such block.
    """
    opening, closing = f"<!-- {block} -->\n", f"<!-- /{block} -->"
    before, found, rest = page.partition(opening)
    _, closed, after = rest.partition(closing)
    if not found or not closed:
        raise LookupError(f"no block {block}")
    return f"{before}{opening}{text}\n{closing}{after}"


def run_block() -> str:
    """Return what ``avbench run --model gmscavp`` printed, as a block of text."""
    return f"```text\n{result_text(result_of(board_of(), 'gmscavp'))}\n```"


def comparison_block() -> str:
    """Return R@1 of GMS-CAVP and CAVP with intervals: the standard gallery, then scale by scale."""
    board = board_of()
    ours, baseline = result_of(board, "gmscavp"), result_of(board, "cavp")
    rows = [
        [
            f"{_place(score)}, {ARROWS[score.id.split('.')[-2]]}",
            span(score),
            span(baseline.score(score.id)),
            number(score.chance, score.unit),
        ]
        for score in ours.scores
        if score.id.endswith(".recall@1")
    ]
    return table(["R@1, % (95 % interval)", "GMS-CAVP", "CAVP", "chance"], rows)


def sound_block() -> str:
    """Return the scores of generation that tables show, of both models and of the reference rows."""
    board = board_of(SOUND_TASK)
    ours, baseline = result_of(board, "gmscavp"), result_of(board, "cavp")
    rows = [row for row in ours.scale_rows if row.scores]
    body = [
        [
            label(score),
            with_interval(score),
            with_interval(baseline.score(score.id)),
            *(number(_value(row, score.id), score.unit) for row in rows),
        ]
        for score in ours.scores
        if is_shown(score.id)
    ]
    return table([f"{ours.coverage.evaluated} clips", "GMS-CAVP", "CAVP", *(row.model for row in rows)], body)


def synchrony_block() -> str:
    """Return whether models tell when: offsets, moments of a clip and pairs, beside what a guess gets."""
    rows: list[list[str]] = []
    for (task, score_id), what in IN_TIME.items():
        board = board_of(task)
        ours, baseline = (result_of(board, model).score(score_id) for model in ("gmscavp", "cavp"))
        assert ours is not None
        rows.append([what, span(ours), span(baseline), number(ours.chance, ours.unit)])
    return table(["right, % (95 % interval)", "GMS-CAVP", "CAVP", "chance"], rows)


def _value(row: ScaleRow, score_id: str) -> float | None:
    return next((score.value for score in row.scores if score.id == score_id), None)


def board_of(task: str = TASK) -> Board:
    """Return the board of a task."""
    entries, errors = read_entries(RESULTS)
    if errors:
        raise errors[0]
    return next(board for board in boards(entries) if board.task == task)


def result_of(board: Board, model: str) -> RunResult:
    """Return the best result of a model on a board, of those run without arguments."""
    named = (entry.result for entry in board.rows if entry.result.model.name == model)
    return next(result for result in named if not result.model.args)


def _place(score: Score) -> str:
    return SCALES.get(gallery_of(score.id), f"standard gallery, {score.n} clips")


def span(score: Score | None) -> str:
    """Return a value and its interval, ``12.5 (9.4 … 15.6)``."""
    if score is None:
        return "–"
    value, low, high = (
        number(each, score.unit, beside=score.value) for each in (score.value, score.low, score.high)
    )
    return f"{value} ({low} … {high})"
