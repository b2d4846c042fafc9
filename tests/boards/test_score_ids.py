"""What the id of a score says."""

import doctest

import pytest

from avbench.boards import score_ids
from tests.results.test_document import score


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(score_ids).failed == 0


@pytest.mark.parametrize(
    ("score_id", "shown"),
    [
        ("a2v.recall@1", True),
        ("v2a.medr", True),
        ("a2v.meanr", False),
        ("a2v.medr_openclip", False),
        ("a2v.recall@1of100", False),
        ("S0.v2a.recall@1", True),
        ("S0.v2a.mrr", False),
        ("fad.vggish", True),
        ("fad-population.vggish", False),
        ("onset.f1@0.1", True),
        ("onset.f1@0.05", False),
        ("kl-eps.passt", False),
    ],
)
def test_tables_show_the_main_scores_of_each_kind_of_task(score_id: str, shown: bool) -> None:
    assert score_ids.is_shown(score_id) == shown


@pytest.mark.parametrize(
    ("score_id", "unit", "higher", "label"),
    [
        ("a2v.recall@10", "fraction", True, "A→V R@10 ↑ (%)"),
        ("S4.v2a.recall@1", "fraction", True, "S4 V→A R@1 ↑ (%)"),
        ("a2v.medr", "rank", False, "A→V MedR ↓"),
        ("offset", "ms", False, "offset ↓ (ms)"),
        ("fad.vggish", "distance", False, "FAD vggish ↓"),
        ("onset.f1@0.1", "fraction", True, "onset F1@0.1 ↑ (%)"),
        ("av-similarity.cavp", "cosine", True, "av-similarity cavp ↑"),
    ],
)
def test_a_heading_has_direction_arrow_and_unit(score_id: str, unit: str, higher: bool, label: str) -> None:
    assert score_ids.label(score(score_id, unit=unit, higher_is_better=higher)) == label
