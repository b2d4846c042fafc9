import itertools
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchmetrics.functional.retrieval import retrieval_hit_rate, retrieval_reciprocal_rank

from avbench.metrics.ranks import rank_pairs
from avbench.metrics.retrieval import (
    bounds,
    chance,
    median_rank,
    median_rank_openclip,
    rank,
    recall,
    recall_in_smaller_gallery,
    reciprocal_rank,
)

counts = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda pair: np.array(pair)[:, None])


def embeddings_of(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Make embeddings whose cosines are ``scores / 4``: rows are padded to one length."""
    n = len(scores)
    padding = np.sqrt(16 - np.square(scores).sum(1, keepdims=True))
    return np.hstack([scores, padding]), np.hstack([np.eye(n), np.zeros((n, 1))])


def over_all_orders(scores: np.ndarray, query: int, value: Callable[[int], float]) -> float:
    """Average ``value(rank)`` over every order of the candidates, each sorted stably: random tie-breaking."""
    n = scores.shape[1]
    total = []
    for order in itertools.permutations(range(n)):
        ranking = sorted(order, key=lambda candidate: -scores[query, candidate])
        total.append(value(ranking.index(query) + 1))
    return float(np.mean(total))


ALL_ONES = np.ones((4, 4))
TIED_ROWS = np.array([[0.9, 0.1, 0.2], [0.9, 0.9, 0.1], [0.3, 0.8, 0.8]])


@pytest.mark.parametrize(
    ("scores", "k", "optimistic", "pessimistic", "expected"),
    [
        (ALL_ONES, 1, 1, 0, 0.25),
        (ALL_ONES, 2, 1, 0, 0.5),
        (TIED_ROWS, 1, 1, 1 / 3, 2 / 3),
        (TIED_ROWS - 1, 1, 1, 1 / 3, 2 / 3),
    ],
)
def test_recall_of_score_matrices_whose_values_are_known(scores, k, optimistic, pessimistic, expected):
    ranks = rank_pairs(*embeddings_of(scores)).by_direction["v2a"]
    best, worst = bounds(lambda better, tied: recall(better, tied, k), ranks.better, ranks.tied)
    values = recall(ranks.better, ranks.tied, k)
    found = best.mean(), worst.mean(), values.mean()
    assert found == pytest.approx((optimistic, pessimistic, expected), abs=1e-12)


def test_median_ranks_of_one_two_three_six():
    ranks = np.array([1.0, 2.0, 3.0, 6.0])
    assert median_rank(ranks) == 2.5
    assert median_rank_openclip(ranks) == 2


@pytest.mark.parametrize(
    "scores", [TIED_ROWS, np.array([[1, 1, 0, 1], [0, 1, 2, 1], [2, 2, 2, 2], [3, 1, 2, 0]])]
)
def test_expectations_equal_the_average_over_every_order_of_the_candidates(scores: np.ndarray):
    better = np.array([(row > row[i]).sum() for i, row in enumerate(scores)])
    tied = np.array([(row == row[i]).sum() - 1 for i, row in enumerate(scores)])
    for query in range(len(scores)):
        assert rank(better, tied)[query] == pytest.approx(over_all_orders(scores, query, lambda r: r))
        assert reciprocal_rank(better, tied)[query] == pytest.approx(
            over_all_orders(scores, query, lambda r: 1 / r)
        )
        for k in range(1, 5):
            expected = over_all_orders(scores, query, lambda r, k=k: float(r <= k))
            assert recall(better, tied, k)[query] == pytest.approx(expected)


@given(counts=counts, k=st.integers(1, 40))
def test_the_expectation_lies_between_its_bounds(counts: np.ndarray, k: int):
    better, tied = counts
    best, worst = bounds(lambda g, t: recall(g, t, k), better, tied)
    assert worst[0] <= recall(better, tied, k)[0] <= best[0]
    best, worst = bounds(reciprocal_rank, better, tied)
    assert worst[0] - 1e-12 <= reciprocal_rank(better, tied)[0] <= best[0] + 1e-12
    best, worst = bounds(rank, better, tied)
    assert best[0] <= rank(better, tied)[0] <= worst[0]


@pytest.mark.parametrize("n", [1, 2, 7, 400])
def test_chance_of_a_gallery_is_k_over_n_half_the_ranks_and_the_harmonic_mean(n: int):
    assert chance(lambda g, t: recall(g, t, 5), n) == pytest.approx(min(5 / n, 1))
    assert chance(rank, n) == (n + 1) / 2
    assert chance(reciprocal_rank, n) == pytest.approx(sum(1 / r for r in range(1, n + 1)) / n)


@pytest.mark.parametrize("n", [2, 11, 200])
@pytest.mark.parametrize("k", [1, 5, 10])
def test_without_ties_recall_equals_torchmetrics_and_the_definition_of_clip_benchmark(n: int, k: int):
    rng = np.random.default_rng(n)
    audio = rng.normal(size=(n, 16)).astype(np.float32)
    video = (audio + 1.5 * rng.normal(size=audio.shape)).astype(np.float32)
    ranks = rank_pairs(video, audio).by_direction
    unit = [torch.nn.functional.normalize(torch.from_numpy(x)) for x in (video, audio)]
    scores = {"v2a": unit[0] @ unit[1].T, "a2v": unit[1] @ unit[0].T}
    for direction, matrix in scores.items():
        better, tied = ranks[direction].better, ranks[direction].tied
        assert not tied.any()
        target = torch.eye(n, dtype=torch.bool)
        # torchmetrics counts a score of zero or less as irrelevant in its reciprocal rank: shift the cosines.
        rows = list(zip(matrix + 2, target, strict=True))
        hits = [retrieval_hit_rate(row, true, top_k=min(k, n)).item() for row, true in rows]
        assert recall(better, tied, k).tolist() == hits
        reciprocal = [retrieval_reciprocal_rank(row, true).item() for row, true in rows]
        np.testing.assert_allclose(reciprocal_rank(better, tied), reciprocal, rtol=1e-6)
        np.testing.assert_array_equal(recall(better, tied, k), clip_benchmark_hits(matrix, target, min(k, n)))


def clip_benchmark_hits(scores: torch.Tensor, positive: torch.Tensor, k: int) -> np.ndarray:
    """Recall as LAION-AI/CLIP_benchmark defines it (zeroshot_retrieval.py): a positive in the top k."""
    top = torch.topk(scores, k, dim=1).indices
    return (positive.gather(1, top).sum(1) > 0).double().numpy()


def test_the_reference_above_is_what_clip_benchmark_computes(monkeypatch: pytest.MonkeyPatch):
    import sys
    from types import ModuleType

    progress = ModuleType("tqdm")
    progress.tqdm = iter  # type: ignore[attr-defined]  # the package asks for it at import, and not for this
    monkeypatch.setitem(sys.modules, "tqdm", progress)
    module = pytest.importorskip("clip_benchmark.metrics.zeroshot_retrieval")
    scores, positive = torch.randn(30, 30, generator=torch.Generator().manual_seed(0)), torch.eye(30) > 0
    for k in (1, 5, 10):
        theirs = (module.recall_at_k(scores, positive, k) > 0).double().numpy()
        np.testing.assert_array_equal(clip_benchmark_hits(scores, positive, k), theirs)


@pytest.mark.parametrize(("better", "tied"), [(0, 0), (2, 0), (1, 3), (0, 5), (5, 0), (3, 2)])
@pytest.mark.parametrize("size", [1, 2, 4, 6])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_recall_in_a_smaller_gallery_is_the_mean_over_every_such_gallery(better, tied, size, k):
    candidates = 6
    others = [1] * better + [0] * tied + [-1] * (candidates - 1 - better - tied)
    hits = []
    for gallery in itertools.combinations(others, size - 1):
        above, level = gallery.count(1), gallery.count(0)
        hits.append(np.mean([above + place < k for place in range(level + 1)]))
    value = recall_in_smaller_gallery(
        np.array([better]), np.array([tied]), k, candidates=candidates, size=size
    )
    assert value[0] == pytest.approx(np.mean(hits))


def test_recall_in_the_full_gallery_is_recall():
    better, tied = np.array([0, 3, 9, 4]), np.array([5, 0, 0, 2])
    np.testing.assert_allclose(
        recall_in_smaller_gallery(better, tied, 5, candidates=10, size=10), recall(better, tied, 5)
    )
    with pytest.raises(ValueError, match="outside"):
        recall_in_smaller_gallery(better, tied, 5, candidates=10, size=11)
