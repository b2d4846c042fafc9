"""Rows noted on disk: those with an id of their own stay, in order; of the others the first are named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbench.datasets.row_register import RowRegister


def distinct(folder, names, shown=5):
    register = RowRegister(folder)
    for number, name in enumerate(names):
        register.add(name, number + 2, 10 * number)
    found = register.distinct(shown)
    return [found.places[number] for number in range(len(found.places))], found.repeated, list(found.first)


@pytest.fixture(autouse=True)
def small_steps(monkeypatch):
    """Have a few rows need several passes, several blocks, and ids put together while a pass goes on."""
    monkeypatch.setattr("avbench.datasets.row_register.MOST", 8)
    monkeypatch.setattr("avbench.datasets.row_register.BLOCK_ROWS", 3)


@given(names=st.lists(st.sampled_from([*"abcdefgh", "é", "a ", ""]) | st.text(max_size=2), max_size=60))
def test_the_first_row_of_each_id_stays(tmp_path_factory, names):
    known: set[str] = set()
    kept, repeated = [], []
    for number, name in enumerate(names):
        (repeated if name in known else kept).append(number)
        known.add(name)
    first = [(number + 2, 10 * number) for number in repeated[:5]]
    found = distinct(tmp_path_factory.mktemp("notes"), names)
    assert found == ([10 * number for number in kept], len(repeated), first)


def test_one_id_throughout_is_one_row(tmp_path):
    assert distinct(tmp_path, ["same"] * 50, shown=2) == ([0], 49, [(3, 10), (4, 20)])


def test_no_rows_are_none(tmp_path):
    assert distinct(tmp_path, []) == ([], 0, [])


def test_notes_have_no_names_that_an_interrupted_process_could_leave(tmp_path):
    register = RowRegister(tmp_path / "cache")
    register.add("a", 2, 0)

    assert list((tmp_path / "cache").iterdir()) == []
