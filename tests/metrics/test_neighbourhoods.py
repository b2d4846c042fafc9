import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from avbench.metrics import distances
from avbench.metrics.neighbourhoods import Neighbourhoods, neighbourhoods


def means(near: Neighbourhoods) -> list[float]:
    return [each.mean() for each in (near.precision, near.recall, near.density, near.coverage)]


def slow(generated, reference, k) -> list[float]:
    """The definitions from whole distance matrices, as the package prdc computes them."""
    own, theirs = (np.sort(cdist(rows, rows), 1)[:, k] for rows in (generated, reference))
    across = cdist(reference, generated)
    return [
        (across < theirs[:, None]).any(0).mean(),
        (across < own).any(1).mean(),
        (across < theirs[:, None]).sum(0).mean() / k,
        (across.min(1) < theirs).mean(),
    ]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31), k=st.integers(1, 4), n=st.integers(5, 20), m=st.integers(5, 20))
def test_the_four_numbers_are_their_definitions_in_any_order(seed: int, k: int, n: int, m: int):
    rng = np.random.default_rng(seed)
    generated, reference = rng.normal(size=(n, 3)), rng.normal(0.7, 1.2, size=(m, 3))
    found = means(neighbourhoods(generated, reference, k=k))
    assert found == pytest.approx(slow(generated, reference, k))
    shuffled = neighbourhoods(rng.permutation(generated), rng.permutation(reference), k=k)
    assert means(shuffled) == pytest.approx(found)
    assert means(neighbourhoods(8 * generated, 8 * reference, k=k)) == pytest.approx(found)


def test_blocks_change_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    generated, reference = rng.normal(size=(30, 3)), rng.normal(size=(20, 3))
    whole = means(neighbourhoods(generated, reference))
    monkeypatch.setattr(distances, "ENTRIES_AT_ONCE", 50)
    assert means(neighbourhoods(generated, reference)) == whole


def test_a_set_covers_itself_and_one_far_away_nothing():
    rows = np.random.default_rng(1).normal(size=(40, 2))
    precision, recall, _, coverage = means(neighbourhoods(rows, rows))
    assert (precision, recall, coverage) == (1, 1, 1)
    assert means(neighbourhoods(rows + 100, rows)) == [0, 0, 0, 0]


def test_a_collapsed_generator_is_precise_and_covers_little():
    reference = np.random.default_rng(2).normal(size=(100, 2))
    collapsed = np.zeros((100, 2)) + 1e-6 * np.random.default_rng(3).normal(size=(100, 2))
    precision, recall, _, coverage = means(neighbourhoods(collapsed, reference))
    assert precision == 1
    assert recall == 0
    assert coverage < 0.3


def test_too_few_rows_for_the_neighbours_are_refused():
    rows = np.eye(5)
    with pytest.raises(ValueError, match="5 rows; at least 6"):
        neighbourhoods(rows, np.eye(6)[:, :5])
    with pytest.raises(ValueError, match="at least 1"):
        neighbourhoods(rows, rows, k=0)
    with pytest.raises(ValueError, match="NaN"):
        neighbourhoods(rows * np.nan, rows, k=1)
