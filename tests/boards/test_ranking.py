"""A board is a function of the documents: who stands on it, in which order, and who is kept off."""

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from avbench.boards.pages import as_json, page
from avbench.boards.ranking import Board, Entry, board, boards, read_entries
from avbench.errors import DataError
from avbench.results import archive
from avbench.results.document import RunResult, ScaleRow, Score, ids_digest
from tests.results.test_document import result


def score(score_id: str, value: float, *, half: float = 0.05, unit: str = "fraction") -> Score:
    return Score(
        id=score_id,
        value=value,
        n=100,
        low=value - half,
        high=value + half,
        unit=unit,
        higher_is_better=unit == "fraction",
        chance=0.01,
    )


def changed(base: RunResult, **parts: Mapping[str, Any]) -> RunResult:
    """Return a document with some fields of some parts changed."""
    updates = {name: getattr(base, name).model_copy(update=dict(fields)) for name, fields in parts.items()}
    return base.model_copy(update=updates)


def document(name: str, a2v: float, v2a: float = 0.5, /, **parts: Mapping[str, Any]) -> RunResult:
    scores = (score("a2v.recall@1", a2v), score("v2a.recall@1", v2a), score("S2.a2v.recall@1", a2v))
    base = changed(result(scores=scores), model={"name": name})
    return changed(base, **parts)


def entry(document: RunResult, number: int = 0) -> Entry:
    return Entry(result=document, path=Path(f"results/{number}.json"), sha256=f"{number:064}")


def names(board: Board) -> list[str]:
    return [each.result.model.name for each in board.rows]


LIMITED = {"limited": True, "complete": False, "limit": 3}
PARTIAL = {"partial": True, "complete": False, "asked": 4, "reasons": {"corrupt": ("d",)}}


def test_rows_are_ranked_by_the_first_score_then_the_next() -> None:
    documents = [document("low", 0.1), document("b", 0.3, 0.2), document("a", 0.3, 0.4)]
    for order in itertools.permutations(enumerate(documents)):
        assert names(board([entry(each, number) for number, each in order])) == ["a", "b", "low"]


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"coverage": LIMITED}, "limited to 3 of 3"),
        ({"coverage": PARTIAL}, "partial: 3 of 4"),
        ({"task": {"version": 0}}, "spec version 0"),
        ({"coverage": {"ids_sha256": ids_digest(["x"])}}, "other data"),
        ({"dataset": {"revision": "2"}}, "other data"),
        ({"task": {"digest": "11"}}, "other data"),
    ],
)
def test_what_cannot_be_compared_is_kept_off_with_its_reason(
    parts: Mapping[str, Mapping[str, Any]], reason: str
) -> None:
    good = [entry(document(name, 0.2), number) for number, name in enumerate(("a", "b"))]
    odd = entry(document("odd", 0.9, **parts), 9)
    made = board([odd, *good])
    assert names(made) == ["a", "b"]
    ((kept_off, why),) = made.off
    assert kept_off is odd
    assert reason in why
    assert "- odd: " in page(made, Path())


def test_the_newest_spec_version_is_the_boards_even_if_few_results_have_it() -> None:
    old = [entry(document(name, 0.2), number) for number, name in enumerate(("a", "b"))]
    new = entry(document("new", 0.1, task={"version": 2}), 5)
    made = board([*old, new])
    assert (made.version, names(made)) == (2, ["new"])
    assert len(made.off) == 2


def test_of_one_model_the_newest_document_counts() -> None:
    old = document("m", 0.9, run={"finished_at": "2026-01-01T00:00:00Z"})
    new = document("m", 0.1, run={"finished_at": "2026-02-01T00:00:00Z"})
    made = board([entry(new, 1), entry(old, 2)])
    assert [each.result for each in made.rows] == [new]
    assert made.off == ()


def test_one_model_with_other_weights_or_arguments_is_another_row() -> None:
    rows = [
        document("m", 0.3),
        document("m", 0.2, model={"args": {"config": "base"}}),
        document("m", 0.1, model={"identity": {"weights": "cd"}}),
    ]
    assert len(board([entry(each, number) for number, each in enumerate(rows)]).rows) == 3


def test_many_runs_of_one_model_do_not_outvote_two_models() -> None:
    many = [
        entry(document("m", 0.2, dataset={"revision": "2"}, run={"finished_at": f"2026-03-0{day}T00:00:00Z"}))
        for day in range(1, 6)
    ]
    two = [entry(document(name, 0.2), number) for number, name in enumerate(("a", "b"), 10)]
    assert names(board([*many, *two])) == ["a", "b"]


def test_reference_models_stand_apart() -> None:
    row = ScaleRow(model="random", scores=(score("a2v.recall@1", 0.01),))
    contestant = document("m", 0.3).model_copy(update={"scale_rows": (row,)})
    reference = document("oracle", 1.0, model={"scale_row": True})
    made = board([entry(contestant, 0), entry(reference, 1)])
    assert names(made) == ["m"]
    assert [each.model for each in made.scale_rows] == ["oracle", "random"]
    text = page(made, Path())
    assert text.index("| m ") < text.index("| oracle ") < text.index("| random ")


def test_the_best_is_bold_and_what_cannot_be_told_from_it_is_marked() -> None:
    documents = [document("best", 0.50), document("near", 0.45), document("far", 0.20)]
    text = page(board([entry(each, number) for number, each in enumerate(documents)]), Path())
    rows = [line.split("|") for line in text.splitlines() if line.startswith("|")]
    first = {cells[1].strip(): cells[3].strip() for cells in rows if len(cells) == 9}
    assert first["best"] == "**50.0 ± 5.0**"
    assert first["near"] == "45.0 ± 5.0 ≈"
    assert first["far"] == "20.0 ± 5.0"


def test_a_lower_rank_is_better() -> None:
    documents = [
        changed(result(scores=(score("a2v.medr", value, unit="rank", half=0.1),)), model={"name": name})
        for name, value in (("worse", 9.0), ("better", 2.0))
    ]
    made = board([entry(each, number) for number, each in enumerate(documents)])
    assert names(made) == ["better", "worse"]
    text = page(made, Path())
    assert "A→V MedR ↓" in text
    assert "**2.0 ± 0.1**" in text


def test_a_page_names_its_units_clips_coverage_and_documents() -> None:
    text = page(board([entry(document("m", 0.3), 7)]), Path("leaderboards"))
    for part in ("A→V R@1 ↑ (%)", " N |", " 100% |", "3 clips", "Spec version 1", "[`000000000000`]"):
        assert part in text
    assert "](../results/7.json)" in text
    assert "## Scale profile" in text


def test_the_same_documents_in_any_order_are_the_same_bytes() -> None:
    documents = [document(name, 0.3) for name in "abc"] + [document("off", 0.1, coverage=LIMITED)]
    entries = [entry(each, number) for number, each in enumerate(documents)]
    pages = {page(board(order), Path()) for order in itertools.permutations(entries)}
    assert len(pages) == 1


def test_names_cannot_break_the_page() -> None:
    evil = "m|<script>alert(1)</script>`\n# [x](javascript:y)"
    text = page(board([entry(document(evil, 0.3))]), Path())
    assert "<script>" not in text
    assert "\n# [x]" not in text
    lines = [line for line in text.splitlines() if "alert" in line]
    assert [line.replace(r"\|", "").count("|") for line in lines] == [8, 3]
    assert r"\[x\](javascript:y)" in text


def test_a_path_in_the_arguments_is_not_published() -> None:
    text = page(board([entry(document("m", 0.3, model={"args": {"weights": "/home/me/w.st"}}))]), Path())
    assert "/home/me" not in text
    assert "weights=w.st" in text


def test_a_board_without_a_complete_result_says_so() -> None:
    made = board([entry(document("m", 0.3, coverage=LIMITED))])
    assert made.rows == ()
    assert "No result is complete yet." in page(made, Path())


def test_the_json_of_a_board_has_its_rows_and_what_is_kept_off() -> None:
    made = board([entry(document("m", 0.3), 1), entry(document("off", 0.9, coverage=LIMITED), 2)])
    values = as_json(made, Path())
    assert [row["model"] for row in values["rows"]] == ["m"]
    assert values["rows"][0]["scores"][0]["id"] == "a2v.recall@1"
    assert [row["model"] for row in values["off"]] == ["off"]


def test_documents_are_found_at_any_depth_and_other_files_are_named(tmp_path: Path) -> None:
    archive.put(tmp_path, document("m", 0.3), b"", b"")
    archive.put(tmp_path, document("n", 0.3, task={"name": "other"}), b"", b"")
    (tmp_path / "notes.json").write_text("{}")
    (tmp_path / ".hidden.json").write_text("{}")
    entries, errors = read_entries(tmp_path)
    assert [each.task for each in boards(entries)] == ["other", "t-retrieval"]
    (error,) = errors
    assert "notes.json" in error.message


def test_a_folder_that_is_not_there_is_an_error() -> None:
    with pytest.raises(DataError, match="no folder"):
        read_entries(Path("/no/such/folder"))


LISTED = {"name": "vggsound-test-15446@93.1", "list_name": "vggsound-test-15446"}


def test_a_part_of_a_named_list_stands_apart_by_its_clips_and_is_ranked_with_no_other() -> None:
    part = {"partial": True, "complete": False, "asked": 4, "reasons": {"missing": ("d",)}}
    whole = {"name": "vggsound-test-15446", "list_name": "vggsound-test-15446"}
    made = board(
        [
            entry(document("all", 0.2, dataset=whole), 1),
            entry(document("part", 0.9, dataset=LISTED, coverage=part), 2),
            entry(document("same", 0.5, dataset=LISTED, coverage=part), 3),
            entry(document("less", 0.7, dataset=LISTED, coverage={**part, "ids_sha256": "f" * 64}), 4),
            entry(document("limited", 0.9, dataset=LISTED, coverage=LIMITED), 5),
        ]
    )
    assert names(made) == ["all"]
    assert sorted(names(each) for each in made.apart) == [["less"], ["part", "same"]]
    assert [each.result.model.name for each, _ in made.off] == ["limited"]
    text = page(made, Path())
    assert text.count("## vggsound-test-15446@93.1") == 2
    assert "another gallery, so not ranked with other rows" in text


def test_what_was_found_without_a_list_is_off_every_board() -> None:
    found = {"partial": True, "complete": False, "found_only": True}
    listed = {"name": "vggsound@found-3", "list_name": "vggsound@found-3"}
    made = board([entry(document("found", 0.9, dataset=listed, coverage=found))])
    assert (made.rows, made.apart) == ((), ())
    assert [reason for _, reason in made.off] == ["no list: the 3 clips that were found"]
