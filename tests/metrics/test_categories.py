"""Category metrics against enumeration of every order of tied candidates, and against scikit-learn."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, ndcg_score

from avbench.metrics.categories import category_values, chance_values, tie_groups

CUTOFFS = (1, 2, 3, 5)


def values_of_an_order(right: tuple[bool, ...]) -> dict[str, float]:
    """Apply the textbook definitions to one order without ties."""
    places = [place for place, each in enumerate(right, 1) if each]
    found = {"map": sum(nth / place for nth, place in enumerate(places, 1)) / len(places)}
    for k in CUTOFFS:
        found[f"hit@{k}"] = float(any(place <= k for place in places))
        found[f"recall@{k}"] = sum(place <= k for place in places) / len(places)
        gain = sum(1 / math.log2(place + 1) for place in places if place <= k)
        most = sum(1 / math.log2(place + 1) for place in range(1, min(k, len(places)) + 1))
        found[f"ndcg@{k}"] = gain / most
    return found


def expected(scores: list[int], right: list[bool]) -> dict[str, float]:
    """Average over every order that the scores allow."""
    orders = [
        order
        for order in itertools.permutations(range(len(scores)))
        if all(scores[a] >= scores[b] for a, b in itertools.pairwise(order))
    ]
    found = [values_of_an_order(tuple(right[index] for index in order)) for order in orders]
    return {name: sum(each[name] for each in found) / len(found) for name in found[0]}


candidates = st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1, max_size=5)


@given(candidates.filter(lambda each: any(right for _, right in each)))
def test_every_number_is_the_mean_over_all_orders_of_tied_candidates(each: list[tuple[int, bool]]) -> None:
    scores, right = [score for score, _ in each], [is_right for _, is_right in each]
    found = category_values(tie_groups(np.array(scores, float), np.array(right)), CUTOFFS)
    assert found == pytest.approx(expected(scores, right))


def test_without_ties_it_is_what_scikit_learn_computes() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        scores, right = rng.normal(size=60), rng.random(60) < 0.2
        right[0] = True
        found = category_values(tie_groups(scores, right), (10,))
        assert found["map"] == pytest.approx(average_precision_score(right, scores))
        assert found["ndcg@10"] == pytest.approx(ndcg_score(right[None], scores[None], k=10))


def test_with_ties_ndcg_is_still_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        scores, right = rng.integers(0, 6, 60).astype(float), rng.random(60) < 0.2
        right[0] = True
        found = category_values(tie_groups(scores, right), (10,))
        assert found["ndcg@10"] == pytest.approx(ndcg_score(right[None], scores[None], k=10))


def test_with_one_right_candidate_they_are_the_instance_metrics() -> None:
    from avbench.metrics import retrieval

    scores = np.array([3.0, 2.0, 2.0, 2.0, 1.0])
    right = np.array([False, True, False, False, False])
    found = category_values(tie_groups(scores, right), (1, 2))
    better, tied = np.array([1]), np.array([2])
    assert found["map"] == pytest.approx(retrieval.reciprocal_rank(better, tied)[0])
    for k in (1, 2):
        expected_recall = pytest.approx(retrieval.recall(better, tied, k)[0])
        assert found[f"hit@{k}"] == expected_recall
        assert found[f"recall@{k}"] == expected_recall


def test_chance_is_the_mean_of_random_scores() -> None:
    rng = np.random.default_rng(2)
    right = np.arange(30) < 4
    drawn = [category_values(tie_groups(rng.normal(size=30), right), CUTOFFS) for _ in range(4000)]
    for name, value in chance_values(30, 4, CUTOFFS).items():
        sampled = np.array([each[name] for each in drawn])
        assert value == pytest.approx(sampled.mean(), abs=4 * sampled.std() / len(drawn) ** 0.5 + 1e-12), name
