import numpy as np
import pytest

from avbench.media.channels import mixing_matrix

SIDE = np.sqrt(0.5)


def test_stereo_to_mono_is_the_mean():
    np.testing.assert_allclose(mixing_matrix(("FL", "FR"), 1), [[0.5, 0.5]])


def test_mono_to_stereo_is_the_same_twice():
    np.testing.assert_array_equal(mixing_matrix(("FC",), 2), [[1], [1]])


def test_surround_to_stereo_follows_bs_775_scaled_to_sum_to_one():
    left = np.array([1, 0, SIDE, 0, SIDE, 0]) / (1 + 2 * SIDE)
    right = np.array([0, 1, SIDE, 0, 0, SIDE]) / (1 + 2 * SIDE)
    names = ("FL", "FR", "FC", "LFE", "BL", "BR")
    np.testing.assert_allclose(mixing_matrix(names, 2), [left, right], rtol=1e-6)
    np.testing.assert_allclose(mixing_matrix(names, 1), [(left + right) / 2], rtol=1e-6)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("count", range(1, 10))
def test_no_mix_can_clip(channels: int, count: int):
    for names in (("NONE",) * count, ("FL", "FR", "FC", "BL", "BR", "SL", "SR", "BC", "LFE")[:count]):
        matrix = mixing_matrix(names, channels)
        assert matrix.shape == (channels, count)
        assert (matrix >= 0).all()
        np.testing.assert_allclose(matrix.sum(1), 1, rtol=1e-6)


def test_two_channels_without_a_name_are_left_and_right():
    np.testing.assert_array_equal(mixing_matrix(("NONE", "NONE"), 2), np.eye(2))
