import numpy as np
import pytest
import torch

from avbench.metrics.similarity import cosine_similarities


def test_the_cosine_is_torchs_pair_by_pair():
    first, second = np.random.default_rng(0).normal(size=(2, 9, 16))
    expected = torch.nn.functional.cosine_similarity(torch.from_numpy(first), torch.from_numpy(second))
    np.testing.assert_allclose(cosine_similarities(first, second), expected, atol=1e-12)


def test_tokens_are_compared_step_by_step_and_averaged():
    first, second = np.random.default_rng(1).normal(size=(2, 4, 5, 8))
    expected = torch.nn.functional.cosine_similarity(torch.from_numpy(first), torch.from_numpy(second), dim=2)
    np.testing.assert_allclose(cosine_similarities(first, second), expected.mean(1), atol=1e-12)


def test_the_scale_a_model_gives_its_embeddings_does_not_matter():
    first, second = np.random.default_rng(2).normal(size=(2, 6, 8))
    expected = cosine_similarities(first, second)
    for scale in (20.0, 1e200, 1e-200):
        np.testing.assert_allclose(cosine_similarities(scale * first, second), expected, atol=1e-12)


def test_a_pair_of_equals_never_exceeds_one():
    rows = np.random.default_rng(3).normal(size=(500, 7)).astype(np.float32)
    found = cosine_similarities(rows, rows)
    assert found.max() <= 1
    assert found == pytest.approx(np.ones(500))


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (np.ones((3, 4)), np.ones((3, 5)), "not pairs"),
        (np.ones((3, 4)), np.ones((2, 4)), "not pairs"),
        (np.ones(4), np.ones(4), "not pairs"),
        (np.ones((0, 4)), np.ones((0, 4)), "not pairs"),
        (np.ones((2, 4)), np.full((2, 4), np.nan), "second set holds NaN"),
        (np.array([[1.0], [0.0]]), np.ones((2, 1)), "zeros in row 1"),
        ([["a"]], [["a"]], "not real numbers"),
    ],
)
def test_what_has_no_cosine_is_refused(first, second, message):
    with pytest.raises(ValueError, match=message):
        cosine_similarities(first, second)
