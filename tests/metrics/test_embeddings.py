import numpy as np
import pytest

from avbench.errors import ModelError
from avbench.metrics.embeddings import check_pairs, distinct_rows, unit_rows


def test_dot_product_of_flattened_tokens_is_mean_cosine_over_time():
    rng = np.random.default_rng(0)
    video, audio = rng.normal(size=(2, 5, 7, 12))
    cosines = [
        [np.dot(v, a) / np.linalg.norm(v) / np.linalg.norm(a) for v, a in zip(clip_v, clip_a, strict=True)]
        for clip_v, clip_a in zip(video, audio, strict=True)
    ]
    product = (unit_rows(video) * unit_rows(audio)).sum(1)
    np.testing.assert_allclose(product, np.mean(cosines, 1), atol=1e-6)


def test_a_zero_vector_stays_zero_and_a_zero_token_counts_as_cosine_zero():
    assert not unit_rows(np.zeros((2, 3))).any()
    tokens = np.array([[[1.0, 0.0], [0.0, 0.0]]])
    np.testing.assert_allclose(unit_rows(tokens) @ unit_rows(tokens).T, [[0.5]], atol=1e-7)


def test_parallel_vectors_of_any_length_become_the_same_bytes():
    row = np.random.default_rng(1).normal(size=512)
    lengths = np.array([1.0, 3.0, 1e-30, 7e200, 0.1])
    _, row_of = distinct_rows(unit_rows(lengths[:, None] * row))
    assert row_of.tolist() == [0] * 5


def test_minus_zero_is_zero():
    _, row_of = distinct_rows(unit_rows(np.array([[0.0, 1.0], [-0.0, 1.0]])))
    assert row_of.tolist() == [0, 0]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("side", ["video", "audio"])
def test_values_that_are_not_finite_are_refused_with_their_row(bad: float, side: str):
    embeddings = {"video": np.ones((600, 4), np.float32), "audio": np.ones((600, 4), np.float32)}
    embeddings[side][523, 2] = bad
    with pytest.raises(ModelError, match=f"{side} embedding in row 523"):
        check_pairs(embeddings["video"], embeddings["audio"])


@pytest.mark.parametrize(
    ("video", "audio"),
    [
        ((3, 4), (3, 5)),
        ((3, 4), (2, 4)),
        ((3, 2, 4), (3, 3, 4)),
        ((3,), (3,)),
        ((0, 4), (0, 4)),
        ((2, 0), (2, 0)),
    ],
)
def test_shapes_that_cannot_be_compared_are_refused(video: tuple[int, ...], audio: tuple[int, ...]):
    with pytest.raises(ModelError, match="shape"):
        check_pairs(np.ones(video), np.ones(audio))
