"""Rows that others published: read strictly, shown apart, and without any effect on who ranks where."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from avbench.boards.pages import as_json, page
from avbench.boards.published import HEADING, Published, read_published
from avbench.boards.ranking import boards, read_entries
from avbench.cli.leaderboard import command
from avbench.errors import DataError
from avbench.results import archive
from tests.results.test_document import result

SHIPPED = Path(__file__).parents[2] / "leaderboards" / "published"

TEXT = """
task = "t-retrieval"
[[tables]]
title = "A *bold* protocol"
protocol = "One frame."
gallery = 1545
source = "a paper"
columns = [
    { id = "v2a.recall@1", better = "higher", unit = "%" },
    { name = "FD_X", id = "fd.x", better = "lower" },
]
rows = [{ system = "theirs", values = ["99.90", "–"], note = "fine-tuned" }]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    archive.put(tmp_path / "results", result(), b"", b"")
    (tmp_path / "published").mkdir()
    (tmp_path / "published" / "t-retrieval.toml").write_text(TEXT)
    return tmp_path


def content(**fields: Any) -> dict[str, Any]:
    found = tomllib.loads(TEXT)
    found["tables"][0].update(fields)
    return found


def test_a_board_shows_them_apart_and_ranks_as_without_them(folder: Path) -> None:
    entries, _ = read_entries(folder / "results")
    (plain,), (made,) = boards(entries), boards(entries, read_published(folder / "published"))
    assert (made.rows, made.scale_rows, made.off) == (plain.rows, plain.scale_rows, plain.off)
    ours, heading, theirs = page(made, folder).partition(HEADING)
    assert heading
    assert page(plain, folder).strip() == ours.strip()
    assert "theirs" not in ours
    for said in ("Not run by us. One frame. Gallery of 1,545 clips. From a paper.", "| 99.90 |", "FD\\_X ↓"):
        assert said in " ".join(theirs.split())
    assert "A \\*bold\\* protocol" in theirs
    assert "Nearest of ours: FD\\_X `fd.x`." in theirs
    assert "- theirs: fine-tuned" in theirs
    assert as_json(made, folder)["published"][0]["rows"][0]["system"] == "theirs"


def test_a_task_nobody_ran_has_a_page_with_these_rows_alone(tmp_path: Path) -> None:
    (tmp_path / "published").mkdir()
    (tmp_path / "published" / "t-retrieval.toml").write_text(TEXT)
    done = CliRunner().invoke(command, ["build", "--out", str(tmp_path)], catch_exceptions=False)
    assert "0 on the board, 0 kept off, 1 published elsewhere" in done.stdout
    made = (tmp_path / "t-retrieval.md").read_text("utf-8")
    assert "Nobody has run this yet" in made
    assert "--task t-retrieval" in made
    assert "Spec version" not in made


def test_results_and_published_rows_give_one_board_a_task(folder: Path) -> None:
    (folder / "published" / "other.toml").write_text(TEXT.replace("t-retrieval", "other"))
    entries, _ = read_entries(folder / "results")
    made = boards(entries, read_published(folder / "published"))
    assert [board.task for board in made] == ["other", "t-retrieval"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"rows": [{"system": "s", "values": ["1.0"]}]}, "1 values, not 2"),
        ({"rows": [{"system": "s", "values": ["about 3", "–"]}]}, "pattern"),
        ({"rows": [{"system": "s", "values": [1.0, 2.0]}]}, "string"),
        ({"rows": []}, "at least 1"),
        ({"source": ""}, "at least 1 character"),
        ({"colums": []}, "not permitted"),
        ({"columns": [{"better": "higher"}, {"id": "a", "better": "lower"}]}, "an id or a name"),
        ({"columns": [{"id": "a", "better": "up"}, {"id": "b", "better": "lower"}]}, "'higher' or 'lower'"),
        ({"gallery": 1}, "greater than or equal to 2"),
    ],
)
def test_what_is_not_as_it_must_be_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Published.model_validate(content(**wrong))


@pytest.mark.parametrize("text", ["task = ", 'task = "t"', TEXT.replace("t-retrieval", "other")])
def test_a_wrong_file_is_named(folder: Path, text: str) -> None:
    path = folder / "published" / "t-retrieval.toml"
    path.write_text(text)
    with pytest.raises(DataError, match=r"t-retrieval\.toml"):
        read_published(folder / "published")


def test_every_shipped_table_says_where_it_stands_and_under_which_protocol() -> None:
    tables = [table for each in read_published(SHIPPED) for table in each.tables]
    assert len(tables) >= 10
    assert all(len(table.source) > 8 and len(table.protocol) > 20 for table in tables)


def test_what_is_known_of_no_protocol_says_so() -> None:
    (retrieval,) = (each for each in read_published(SHIPPED) if each.task == "vggsound-retrieval")
    (ours,) = (table for table in retrieval.tables if "GMS-CAVP" in table.title)
    assert ours.protocol.startswith("Protocol not published")
    assert ours.second_hand
    assert [(row.system, *row.values) for row in ours.rows] == [
        ("GMS-CAVP", "28.9", "30.5"),
        ("CAVP", "9.5", "11.1"),
    ]
