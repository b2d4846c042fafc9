import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from avbench.metrics import frechet
from avbench.metrics.frechet import Moments, MomentsStream, frechet_distance, merged, moments

# 2-D sets of four points: by hand, |mu1 - mu2|^2 = 5, and diagonal covariances with divisor 3.
CROSS = [(1, 0), (-1, 0), (0, 2), (0, -2)]
SHIFTED = [(3, 1), (1, 1), (2, 4), (2, -2)]


@pytest.fixture(params=[1, 512], ids=["products of columns", "rows themselves"])
def route(request, monkeypatch):
    """Large sets go by products of their columns where that loses nothing; both are held to the same."""
    monkeypatch.setattr(frechet, "LARGE", request.param)


def random_sets(n: int, dim: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.RandomState(0)
    return random.randn(n, dim), random.randn(n, dim) * 1.5 + 0.3


def distance(first, second) -> float:
    return frechet_distance(moments(first), moments(second))


def by_square_root(first: np.ndarray, second: np.ndarray) -> float:
    """The form the field's packages compute: covariances, and a matrix square root of their product."""
    from scipy.linalg import sqrtm

    one, other = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    apart = np.square(first.mean(0) - second.mean(0)).sum()
    return float(apart + np.trace(one) + np.trace(other) - 2 * np.trace(sqrtm(one @ other)).real)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([[0], [2]], [[1], [5]], 6.0),
        (CROSS, SHIFTED, 17 / 3),
        (*random_sets(500, 16), 5.984885),
        (*random_sets(20, 16), 16.508866),
        (*random_sets(10, 16), 27.778750),
        (*random_sets(100, 128), 167.33134),
        (*random_sets(100, 768), 1905.3422),
    ],
)
@pytest.mark.usefixtures("route")
def test_published_vectors(first, second, expected: float):
    assert distance(first, second) == pytest.approx(expected, rel=1e-6)
    assert distance(second, first) == pytest.approx(expected, rel=1e-6)


@pytest.mark.usefixtures("route")
@pytest.mark.parametrize("dim", [1, 3, 16])
def test_it_equals_the_matrix_square_root_where_that_is_defined(dim: int):
    first, second = random_sets(200, dim)
    if dim == 1:
        one, other = first.std(ddof=1), second.std(ddof=1)
        expected = (first.mean() - second.mean()) ** 2 + (one - other) ** 2
    else:
        expected = by_square_root(first, second)
    assert distance(first, second) == pytest.approx(expected, rel=1e-9)


def test_it_equals_torchmetrics_eigenvalue_route():
    from torchmetrics.image.fid import _compute_fid

    first, second = random_sets(300, 24)
    means_and_covariances = [
        torch.from_numpy(each)
        for rows in (first, second)
        for each in (rows.mean(0), np.cov(rows, rowvar=False))
    ]
    expected = _compute_fid(*means_and_covariances).item()
    assert distance(first, second) == pytest.approx(expected, rel=1e-9)


@pytest.mark.usefixtures("route")
@pytest.mark.parametrize(("n", "dim"), [(2, 5), (10, 16), (100, 768), (500, 16)])
def test_a_set_has_no_distance_from_itself(n: int, dim: int):
    rows = random_sets(n, dim)[1]
    assert 0 <= distance(rows, rows[::-1]) < 1e-9 * moments(rows).trace


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31), n=st.integers(2, 12), m=st.integers(2, 12), dim=st.integers(1, 8))
def test_order_rotation_and_scale(seed: int, n: int, m: int, dim: int):
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(n, dim)), rng.normal(1, 2, size=(m, dim))
    expected = distance(first, second)
    rotation = np.linalg.qr(rng.normal(size=(dim, dim)))[0]
    assert expected >= 0
    assert distance(rng.permutation(first), rng.permutation(second)) == pytest.approx(expected, abs=1e-9)
    assert distance(first @ rotation, second @ rotation) == pytest.approx(expected, abs=1e-9)
    assert distance(8 * first, 8 * second) == pytest.approx(64 * expected, abs=1e-7)
    assert distance(first + 100, second + 100) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=6),
    dim=st.integers(1, 6),
)
def test_parts_merge_to_the_whole_in_any_order_and_grouping(seed: int, sizes: list[int], dim: int):
    rng = np.random.default_rng(seed)
    rows = rng.normal(3, 2, size=(sum(sizes), dim))
    parts = [moments(each) for each in np.split(rows, np.cumsum(sizes)[:-1])]
    whole = moments(rows)
    shuffled = [parts[i] for i in rng.permutation(len(parts))]
    nested = merged([merged(shuffled[:2]), *shuffled[2:]])
    for together in (merged(parts), merged(shuffled), nested):
        assert together.n == whole.n
        assert len(together.factor) <= dim or len(together.factor) <= sum(sizes)
        np.testing.assert_allclose(together.mean, whole.mean, atol=1e-12)
        np.testing.assert_allclose(together.covariance(), whole.covariance(), atol=1e-11)


def test_moments_are_numpys():
    rows = random_sets(50, 7)[1]
    np.testing.assert_allclose(moments(rows).covariance(), np.cov(rows, rowvar=False), atol=1e-12)
    assert moments(rows).trace == pytest.approx(np.trace(np.cov(rows, rowvar=False)))
    assert moments(rows.astype(np.float16)).mean.dtype == np.float64


def test_a_stream_of_single_rows_is_the_whole_and_holds_few_of_them():
    rows = random_sets(3000, 4)[1]
    stream = MomentsStream()
    for row in rows:
        stream.add(row[None])
        assert sum(map(len, stream._pending)) <= 1024
    assert distance(rows, rows) == pytest.approx(frechet_distance(stream.moments(), moments(rows)), abs=1e-10)
    assert stream.moments().n == 3000


def test_a_stream_goes_on_after_it_was_asked():
    rows = random_sets(30, 4)[0]
    stream = MomentsStream()
    stream.add(rows[:10])
    assert stream.moments().n == 10
    stream.add(rows[10:10])
    stream.add(rows[10:])
    np.testing.assert_allclose(stream.moments().covariance(), moments(rows).covariance(), atol=1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused_with_their_row(bad: float):
    rows = np.ones((5, 3))
    rows[3, 1] = bad
    with pytest.raises(ValueError, match="row 3"):
        moments(rows)


@pytest.mark.parametrize("rows", [np.ones(3), np.ones((2, 3, 4)), np.ones((0, 3)), np.ones((3, 0)), [["a"]]])
def test_what_is_no_set_of_embeddings_is_refused(rows):
    with pytest.raises(ValueError, match="the set"):
        moments(rows)


def test_a_single_row_has_moments_and_no_distance():
    one = moments([[1.0, 2.0]])
    assert one.trace == 0
    with pytest.raises(ValueError, match="first set has 1 row"):
        frechet_distance(one, moments(CROSS))


def test_dimensions_that_differ_are_refused():
    with pytest.raises(ValueError, match="dimension 2, the second 1"):
        distance(CROSS, [[0], [2]])
    with pytest.raises(ValueError, match="cannot be merged"):
        merged([moments(CROSS), moments([[0], [2]])])
    stream = MomentsStream()
    stream.add(CROSS)
    with pytest.raises(ValueError, match="dimension 1"):
        stream.add([[1]])


def test_nothing_at_all_has_no_moments():
    with pytest.raises(ValueError, match="nothing to merge"):
        MomentsStream().moments()


@pytest.mark.usefixtures("route")
def test_an_overflow_is_refused_and_no_value_is_made_up():
    huge = np.array([[1e200], [-1e200]])
    with pytest.raises(ValueError, match="overflows"):
        distance(huge, [[0], [1]])


def test_identical_rows_have_a_distance_by_their_mean_alone():
    assert distance(np.ones((4, 3)), np.zeros((5, 3))) == pytest.approx(3.0)


def test_any_factor_of_the_scatter_gives_the_distance():
    first, second = random_sets(40, 6)
    triangle = np.linalg.cholesky(np.cov(first, rowvar=False) * 39).T
    other = Moments(n=40, mean=first.mean(0), factor=triangle)
    assert frechet_distance(other, moments(second)) == pytest.approx(distance(first, second), rel=1e-9)


def with_deviations(deviations: np.ndarray, n: int, seed: int) -> np.ndarray:
    """A set of mean 0 whose covariance is known: these deviations, along axes that are the same for all."""
    rng = np.random.default_rng(seed)
    uncorrelated = np.linalg.qr(np.hstack([np.ones((n, 1)), rng.normal(size=(n, len(deviations)))]))[0][:, 1:]
    axes = np.linalg.qr(np.random.default_rng(0).normal(size=(len(deviations), len(deviations))))[0]
    return uncorrelated * deviations * (n - 1) ** 0.5 @ axes


@pytest.mark.usefixtures("route")
@pytest.mark.parametrize(
    "wide",
    [
        np.ones(24),
        np.geomspace(1, 1e-3, 24),
        np.geomspace(1, 1e-8, 24),
        np.append(np.geomspace(1, 0.1, 23), 0),
    ],
    ids=["well conditioned", "less so", "ill conditioned", "singular"],
)
def test_covariances_that_commute_have_a_closed_form_however_singular_they_are(wide: np.ndarray):
    narrow = np.roll(wide, 5)
    found = distance(with_deviations(wide, 200, seed=1) + 0.5, with_deviations(narrow, 90, seed=2))
    assert found == pytest.approx(24 * 0.25 + np.square(wide - narrow).sum(), rel=1e-11)


@pytest.mark.usefixtures("route")
def test_columns_that_are_constant_or_repeated_lose_no_digit():
    first, second = random_sets(60, 8)
    expected = by_square_root(first, second)
    constant = [np.hstack([rows, np.full((60, 1), value)]) for rows, value in ((first, 2.0), (second, 5.0))]
    assert distance(*constant) == pytest.approx(expected + 9, rel=1e-11)
    # Columns that hold the same, over the root of two: a rotation of the set and a column of zeros.
    repeated = [
        np.hstack([rows[:, :1], rows[:, :1], 2**0.5 * rows[:, 1:]]) / 2**0.5 for rows in (first, second)
    ]
    assert distance(*repeated) == pytest.approx(expected, rel=1e-11)


@pytest.mark.usefixtures("route")
def test_values_whose_squares_vanish_keep_their_digits():
    first, second = random_sets(60, 8)
    expected = distance(first, second)
    assert distance(1e-150 * first, 1e-150 * second) == pytest.approx(1e-300 * expected, rel=1e-9, abs=0)


@pytest.mark.usefixtures("route")
def test_dimensions_of_very_different_spread_lose_no_digit():
    spread = np.geomspace(1, 1e-7, 8)
    first, second = random_sets(60, 8)
    centred = [(rows - rows.mean(0)) * spread for rows in (first, second)]
    plain = np.linalg.svd(centred[0] @ centred[1].T, compute_uv=False).sum() / 59
    both = moments(first * spread), moments(second * spread)
    apart = np.square(both[0].mean - both[1].mean).sum() + both[0].trace + both[1].trace
    assert frechet_distance(*both) == pytest.approx(apart - 2 * plain, rel=1e-11)
