import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avbench.errors import ModelError
from avbench.metrics.ranks import Ranks, rank_pairs


def slow_counts(scores: np.ndarray) -> tuple[list[int], list[int]]:
    """Count candidates above and level with the true one, query by query, in plain Python."""
    better, tied = [], []
    for query, row in enumerate(scores):
        others = [score for candidate, score in enumerate(row) if candidate != query]
        better.append(sum(score > row[query] for score in others))
        tied.append(sum(score == row[query] for score in others))
    return better, tied


def pool_of(size: int, dim: int = 6) -> np.ndarray:
    """Return directions in general position: only equal ones have equal cosines."""
    return np.random.default_rng(7).normal(size=(size, dim))


def cosines(video: np.ndarray, audio: np.ndarray) -> np.ndarray:
    video, audio = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (video, audio))
    return video @ audio.T


def assert_same(first: Ranks, second: Ranks):
    np.testing.assert_array_equal(first.better, second.better)
    np.testing.assert_array_equal(first.tied, second.tied)


picks = st.integers(1, 24).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(0, 7), min_size=n, max_size=n)] * 2)
)


@settings(deadline=None, max_examples=60)
@given(picks=picks, tile=st.integers(1, 9))
def test_counts_equal_a_slow_count_with_any_duplicates_and_any_tile(picks: tuple, tile: int):
    video_of, audio_of = map(np.array, picks)
    video_pool, audio_pool = pool_of(16)[:8], pool_of(16)[8:]
    scores = cosines(video_pool, audio_pool)[np.ix_(video_of, audio_of)]
    ranks = rank_pairs(video_pool[video_of], audio_pool[audio_of], tile=tile).by_direction
    for direction, matrix in (("v2a", scores), ("a2v", scores.T)):
        better, tied = slow_counts(matrix)
        assert ranks[direction].better.tolist() == better
        assert ranks[direction].tied.tolist() == tied
        assert ranks[direction].candidates == len(video_of)


@settings(deadline=None, max_examples=30)
@given(picks=picks, seed=st.integers(0, 99))
def test_a_joint_permutation_of_the_pairs_permutes_the_counts(picks: tuple, seed: int):
    video, audio = pool_of(16)[np.array(picks[0])], pool_of(16)[np.array(picks[1]) + 8]
    order = np.random.default_rng(seed).permutation(len(video))
    before = rank_pairs(video, audio, tile=4).by_direction
    after = rank_pairs(video[order], audio[order], tile=4).by_direction
    for direction in before:
        np.testing.assert_array_equal(before[direction].better[order], after[direction].better)
        np.testing.assert_array_equal(before[direction].tied[order], after[direction].tied)


@settings(deadline=None, max_examples=20)
@given(picks=picks, scale=st.floats(1e-3, 1e3))
def test_the_length_of_an_embedding_changes_nothing(picks: tuple, scale: float):
    video, audio = pool_of(16)[np.array(picks[0])], pool_of(16)[np.array(picks[1]) + 8]
    lengths = np.geomspace(1, scale, len(video))[:, None]
    before, after = rank_pairs(video, audio).by_direction, rank_pairs(video * lengths, audio).by_direction
    for direction in before:
        assert_same(before[direction], after[direction])


# One row more than a tile: the last tile is a row, and a product of that shape rounds another way.
@pytest.mark.parametrize(("n", "tile"), [(2, 5), (33, 16), (65, 64), (66, 64), (700, 1024), (1025, 1024)])
@pytest.mark.parametrize("dim", [1, 37, 512])
def test_a_model_that_returns_one_vector_ties_with_everything(n: int, tile: int, dim: int):
    video = np.tile(np.random.default_rng(n + dim).normal(size=dim).astype(np.float32), (n, 1))
    pairs = rank_pairs(video, -0.3 * video, tile=tile)
    assert (pairs.distinct_video, pairs.distinct_audio) == (1, 1)
    for ranks in pairs.by_direction.values():
        assert set(ranks.better) == {0}
        assert set(ranks.tied) == {n - 1}


def test_a_model_that_returns_zeros_ties_with_everything():
    for ranks in rank_pairs(
        np.zeros((9, 4)), np.random.default_rng(0).normal(size=(9, 4))
    ).by_direction.values():
        assert set(ranks.better) == {0}
        assert set(ranks.tied) == {8}


def test_one_collapsed_side_ties_for_the_queries_of_the_other():
    rng = np.random.default_rng(0)
    video, audio = np.tile(rng.normal(size=32), (300, 1)), rng.normal(size=(300, 32))
    ranks = rank_pairs(video, audio, tile=64).by_direction
    assert set(ranks["a2v"].tied) == {299}
    # Every video asks the same question: one audio wins, one comes second, and so on.
    assert sorted(ranks["v2a"].better) == list(range(300))


@pytest.mark.parametrize("tile", [16, 100, 499, 1024])
def test_duplicates_far_apart_tie_exactly(tile: int):
    rng = np.random.default_rng(3)
    video, audio = rng.normal(size=(2, 500, 96)).astype(np.float32)
    video[499], audio[499] = video[2], audio[2]
    ranks = rank_pairs(video, audio, tile=tile).by_direction
    for direction in ("v2a", "a2v"):
        assert ranks[direction].tied[[2, 499]].tolist() == [1, 1]
        assert ranks[direction].tied.sum() == 2


@pytest.mark.parametrize("tile", [1, 7, 128, 299, 300, 301])
def test_the_tile_changes_nothing(tile: int):
    rng = np.random.default_rng(4)
    audio = rng.normal(size=(300, 16))
    video = audio + rng.normal(size=audio.shape)
    if tile == 1:
        video, audio = video[:40], audio[:40]
    whole = rank_pairs(video, audio).by_direction
    tiled = rank_pairs(video, audio, tile=tile).by_direction
    for direction in whole:
        assert_same(whole[direction], tiled[direction])


def test_tokens_are_scored_by_their_mean_cosine_over_time():
    rng = np.random.default_rng(5)
    audio = rng.normal(size=(40, 6, 8))
    video = audio + 2 * rng.normal(size=audio.shape)
    scores = np.mean([cosines(video[:, t], audio[:, t]) for t in range(6)], axis=0)
    ranks = rank_pairs(video, audio).by_direction
    assert ranks["v2a"].better.tolist() == slow_counts(scores)[0]
    assert ranks["a2v"].better.tolist() == slow_counts(scores.T)[0]


def test_half_precision_and_integers_are_taken_as_they_are():
    rows = np.random.default_rng(6).integers(-9, 9, size=(30, 5))
    expected = rank_pairs(rows.astype(np.float64), rows.astype(np.float64)).by_direction
    for dtype in (np.float16, np.int64):
        ranks = rank_pairs(rows.astype(dtype), rows.astype(dtype)).by_direction
        assert_same(ranks["a2v"], expected["a2v"])


def test_nan_is_refused():
    with pytest.raises(ModelError, match="NaN"):
        rank_pairs(np.full((3, 2), np.nan), np.ones((3, 2)))
