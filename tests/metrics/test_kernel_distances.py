import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from avbench.metrics import distances
from avbench.metrics.distances import lower_median_distance, neighbour_radii
from avbench.metrics.kernel_distances import (
    gaussian,
    kernel_audio_distance,
    kernel_inception_distance,
    polynomial,
    squared_mmd,
    squared_mmd_jackknife,
)

FIRST = [(0, 0), (1, 0), (0, 2), (3, 1)]
SECOND = [(1, 1), (2, 2), (4, 0), (1, 3)]


def slow_mmd(rows, others, kernel) -> float:
    """The definition, one pair at a time."""

    def mean(one, other, skip):
        pairs = [
            kernel(x, y) for i, x in enumerate(one) for j, y in enumerate(other) if not (skip and i == j)
        ]
        return sum(pairs) / len(pairs)

    return mean(rows, rows, True) + mean(others, others, True) - 2 * mean(rows, others, False)


def sets(n: int = 13, m: int = 9, dim: int = 4, seed: int = 0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, dim)), rng.normal(0.5, 1.3, size=(m, dim))


@pytest.fixture(params=[1, 40, 10**6])
def block_size(request, monkeypatch):
    monkeypatch.setattr(distances, "ENTRIES_AT_ONCE", request.param)


@pytest.mark.usefixtures("block_size")
def test_both_kernels_give_the_definition_whatever_the_block():
    rows, others = sets()
    expected = slow_mmd(rows, others, lambda x, y: np.exp(-np.square(x - y).sum() / (2 * 1.7**2 + 1e-8)))
    assert squared_mmd(rows, others, gaussian(1.7)) == pytest.approx(expected, abs=1e-12)
    expected = slow_mmd(rows, others, lambda x, y: (x @ y / 4 + 1) ** 3)
    assert squared_mmd(rows, others, polynomial()) == pytest.approx(expected, abs=1e-12)


def test_published_vectors_of_kad_with_the_bandwidth_of_either_set():
    first, second = (np.array(rows, float) for rows in (FIRST, SECOND))
    bandwidths = lower_median_distance(second), lower_median_distance(first)
    assert bandwidths == pytest.approx((2.0, 5**0.5), abs=1e-12)
    by_hand = [
        100 * slow_mmd(first, second, lambda x, y, b=b: np.exp(-np.square(x - y).sum() / (2 * b**2 + 1e-8)))
        for b in bandwidths
    ]
    assert by_hand == pytest.approx([-4.2313941, -3.4610218], abs=5e-8)
    # In the published code the second argument gives the bandwidth, whichever set it is.
    found = kernel_audio_distance(FIRST, SECOND), kernel_audio_distance(SECOND, FIRST)
    assert found == pytest.approx(by_hand, abs=1e-9)
    by_generated = kernel_audio_distance(SECOND, FIRST, bandwidth_of="generated")
    assert by_generated == pytest.approx(by_hand[0], abs=1e-9)


def test_the_published_vector_of_kid():
    one, other = [(1, 0), (0, 1), (1, 1)], [(1, 0), (2, 1), (0, 0)]
    assert squared_mmd(one, other, polynomial()) == pytest.approx(-89 / 36, abs=1e-12)


def test_kid_of_one_subset_of_everything_is_torchmetrics():
    from torchmetrics.image.kid import poly_mmd

    rows, others = sets(12, 12)
    expected = poly_mmd(torch.from_numpy(rows), torch.from_numpy(others)).item()
    kid = kernel_inception_distance(rows, others, subsets=1, subset_size=12)
    assert kid.mean == pytest.approx(expected, abs=1e-10)
    assert kid.std == 0


def test_kid_draws_its_subsets_as_published():
    rows, others = sets(30, 25)
    random, values = np.random.RandomState(2020), []
    for _ in range(5):
        first = rows[random.choice(30, 10, replace=False)]
        second = others[random.choice(25, 10, replace=False)]
        values.append(slow_mmd(first, second, lambda x, y: (x @ y / 4 + 1) ** 3))
    kid = kernel_inception_distance(rows, others, subsets=5, subset_size=10)
    assert (kid.mean, kid.std) == pytest.approx((np.mean(values), np.std(values)), abs=1e-10)
    assert kernel_inception_distance(rows, others, subsets=2).subset_size == 25


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_order_and_scale_change_nothing(seed: int):
    rows, others = sets(seed=seed)
    rng = np.random.default_rng(seed)
    expected = kernel_audio_distance(rows, others)
    assert kernel_audio_distance(rng.permutation(rows), rng.permutation(others)) == pytest.approx(
        expected, abs=1e-9
    )
    # Up to the 1e-8 in the published bandwidth.
    assert kernel_audio_distance(100 * rows + 3, 100 * others + 3) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("kernel", [gaussian(1.5), polynomial()])
def test_the_jackknife_leaves_out_each_recording_exactly(kernel):
    rows, others = sets(12, 9)
    groups = list("aabcccdefgha")
    found = squared_mmd_jackknife(rows, others, kernel, groups)
    whole = squared_mmd(rows, others, kernel)
    members = [np.array(groups) == name for name in sorted(set(groups))]
    parts = np.array([12 / mask.sum() for mask in members])
    without = np.array([squared_mmd(rows[~mask], others, kernel) for mask in members])
    corrected = len(parts) * whole - ((1 - 1 / parts) * without).sum()
    assert found.value == pytest.approx(corrected, abs=1e-10)
    error = np.sqrt(np.mean((parts * whole - (parts - 1) * without - corrected) ** 2 / (parts - 1)))
    assert found.interval.high - found.value == pytest.approx(2.364624 * error, rel=1e-5)  # t of 7 degrees


def test_an_unbiased_distance_is_what_the_jackknife_of_single_clips_returns():
    rows, others = sets(20, 15)
    found = squared_mmd_jackknife(rows, others, gaussian(2.0), [str(i) for i in range(20)])
    assert found.value == pytest.approx(squared_mmd(rows, others, gaussian(2.0)), abs=1e-12)


def test_nineteen_of_twenty_intervals_hold_the_distance():
    others = np.random.default_rng(0).normal(size=(40, 2))
    rng = np.random.default_rng(1)
    target = squared_mmd(rng.normal(0.5, 1, size=(4000, 2)), others, gaussian(1.5))
    held, trials = 0, 200
    for _ in range(trials):
        rows = rng.normal(0.5, 1, size=(40, 2))
        interval = squared_mmd_jackknife(rows, others, gaussian(1.5), [str(i) for i in range(40)]).interval
        held += interval.low <= target <= interval.high
    assert held / trials >= 0.9


@pytest.mark.usefixtures("block_size")
@pytest.mark.parametrize("n", [2, 3, 4, 30])
def test_the_median_distance_is_the_lower_middle_one(n: int):
    rows = sets(n=n)[0]
    pairs = sorted(np.linalg.norm(rows[i] - rows[j]) for i in range(n) for j in range(i))
    assert lower_median_distance(rows) == pytest.approx(pairs[(len(pairs) - 1) // 2], abs=1e-9)
    by_torch = torch.tensor(pairs, dtype=torch.float64).median().item()
    assert lower_median_distance(rows) == pytest.approx(by_torch, abs=1e-9)


@pytest.mark.usefixtures("block_size")
def test_distances_that_all_tie_have_a_median_too():
    assert lower_median_distance(np.array([[0.0], [1.0]] * 10)) == pytest.approx(1.0)
    assert lower_median_distance(np.ones((10, 3))) == pytest.approx(0.0, abs=1e-7)


@pytest.mark.usefixtures("block_size")
def test_radii_are_those_of_scikit_learn():
    from sklearn.neighbors import NearestNeighbors

    rows = sets(n=25)[0]
    nearest = NearestNeighbors(n_neighbors=4).fit(rows).kneighbors(rows)[0]
    np.testing.assert_allclose(neighbour_radii(rows, 3), nearest[:, 3], atol=1e-9)


@pytest.mark.parametrize("metric", [kernel_audio_distance, kernel_inception_distance])
def test_what_cannot_be_compared_is_refused(metric):
    rows, others = sets()
    with pytest.raises(ValueError, match="at least 2"):
        metric(rows[:1], others)
    with pytest.raises(ValueError, match="dimension 3"):
        metric(rows[:, 1:], others)
    with pytest.raises(ValueError, match="NaN or an infinite value in row 2"):
        metric(rows, np.where(np.arange(9)[:, None] == 2, np.nan, others))


def test_a_collapsed_reference_gives_no_bandwidth():
    with pytest.raises(ValueError, match="no bandwidth"):
        kernel_audio_distance(FIRST, np.zeros((4, 2)))
    with pytest.raises(ValueError, match="too few rows remain"):
        squared_mmd_jackknife(FIRST, SECOND, gaussian(1.0), ["a"] * 4)
