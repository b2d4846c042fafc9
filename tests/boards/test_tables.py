"""Numbers as people read them."""

import doctest

from avbench.boards import tables
from avbench.results.document import ScaleRow, Score
from tests.results.test_document import coverage, result, score


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(tables).failed == 0


def test_a_value_stands_with_half_the_width_of_its_interval() -> None:
    assert tables.with_interval(score(value=0.5, low=0.45, high=0.57)) == "50.0 ± 6.0"
    assert tables.with_interval(score(value=0.995, low=0.989, high=0.9999)) == "99.5 ± 0.5"
    assert tables.with_interval(score(value=0.0025, low=0.0, high=0.005)) == "0.25 ± 0.25"
    assert tables.with_interval(score(value=0.5, low=0.5, high=0.5)) == "50.0 ± 0.0"
    assert tables.with_interval(score(value=0.5)) == "50.0"
    assert tables.with_interval(None) == "–"


def test_a_lopsided_interval_is_written_out() -> None:
    assert tables.with_interval(score(value=1.0, low=0.815, high=1.0)) == "100.0 [81.5, 100.0]"


def test_the_terminal_shows_reference_rows_the_profile_and_what_a_number_is_worth() -> None:
    scores = (score(chance=0.25), score("a2v.meanr", 2.0), score("S2.a2v.recall@1", 0.75))
    row = ScaleRow(model="oracle", scores=(score(value=1.0), score("S2.a2v.recall@1", 1.0)))
    text = tables.result_text(result(scores=scores, scale_rows=(row,), notes=("Take care.\n# not a title",)))
    lines = text.splitlines()
    (standard,) = (line for line in lines if line.startswith("| A→V R@1"))
    (profile,) = (line for line in lines if line.startswith("| S2 A→V R@1"))
    assert [cell.strip() for cell in standard.split("|")[2:-1]] == ["50.0", "4", "25.0", "100.0"]
    assert [cell.strip() for cell in profile.split("|")[2:-1]] == ["75.0", "4", "100.0"]
    assert "MeanR" not in text
    assert "note: Take care. # not a title" in lines
    assert "3 of 3 clips evaluated." in lines


def test_the_coverage_line_counts_what_was_left_out() -> None:
    partial = coverage(
        asked=5,
        found=4,
        evaluated=3,
        reasons={"corrupt": ("d",), "missing": ("e",)},
        partial=True,
        complete=False,
    )
    line = tables.coverage_line(result(coverage=partial))
    assert line == "3 of 5 clips evaluated; left out: 1 corrupt, 1 missing; kept off leaderboards."


def test_text_becomes_markdown_that_means_nothing_but_itself() -> None:
    assert tables.escaped("a*b_c`d`|e\n- f") == r"a\*b\_c\`d\`\|e - f"


def test_a_long_digest_is_cut_short_and_a_path_is_not() -> None:
    identity = {"config": "small", "weights": "ab" * 32, "list": "sha256:" + "cd" * 32}
    document = result(model={"name": "m", "identity": identity, "inputs": {"video": None}})
    assert tables.model_line(document) == "m (config small, weights abababababab, list cdcdcdcdcdcd)"


def test_a_table_sets_words_left_and_numbers_right() -> None:
    text = tables.table(["", "x"], [["a", "1"], ["bb", "22"]])
    assert text.splitlines()[1].startswith("|:")
    assert text.splitlines()[1].endswith(":|")


def test_scores_of_unknown_units_are_printed_as_they_are() -> None:
    odd = Score(id="offset", value=12.345, n=1, unit="ms", higher_is_better=False)
    assert tables.with_interval(odd) == "12.3"
