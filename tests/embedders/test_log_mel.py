"""Mel filters and spectra against the published ones, written out filter by filter."""

import numpy as np
import pytest
import torch

from avbench.embedders.log_mel import MelSpectrum, centred, hann, mel_filters
from tests.embedders import slow_front_ends as slow


def test_triangles_straight_in_mel_are_those_of_vggish():
    own = mel_filters(sample_rate=16_000, n_fft=512, bins=64, low=125.0, high=7500.0, slopes="mel")

    np.testing.assert_allclose(own, slow.filters_in_mel(16_000, 512, 64, 125.0, 7500.0), atol=1e-6)
    assert not own[0].any()


def test_triangles_straight_in_hz_are_torchaudios():
    own = mel_filters(sample_rate=16_000, n_fft=512, bins=64, low=125.0, high=7500.0, slopes="hz")

    np.testing.assert_allclose(own, slow.filters_in_hz(16_000, 512, 64, 125.0, 7500.0), atol=1e-6)


@pytest.mark.parametrize(("rate", "n_fft", "high"), [(16_000, 512, 8000.0), (32_000, 1024, 14_000.0)])
def test_slaney_triangles_of_area_one_are_librosas(rate, n_fft, high):
    own = mel_filters(
        sample_rate=rate, n_fft=n_fft, bins=64, low=50.0, high=high, scale="slaney", slopes="hz", norm="area"
    )

    np.testing.assert_allclose(own, slow.filters_in_hz(rate, n_fft, 64, 50.0, high, area=True), atol=1e-8)


def test_the_weights_of_a_filter_sum_to_one_if_asked():
    own = mel_filters(
        sample_rate=44_100, n_fft=2048, bins=96, low=0.0, high=22_050.0, slopes="mel", norm="sum"
    )
    plain = slow.filters_in_mel(44_100, 2048, 96, 0.0, 22_050.0)

    np.testing.assert_allclose(own, plain / plain.sum(axis=0), atol=1e-6)
    np.testing.assert_allclose(own.sum(dim=0), np.ones(96), atol=1e-6)


@pytest.mark.parametrize("power", [1, 2])
def test_a_frame_is_padded_behind_and_an_incomplete_one_dropped(power):
    samples = np.random.default_rng(0).standard_normal(1000)
    filters = np.random.default_rng(1).uniform(size=(257, 5))
    mel = MelSpectrum(
        window=torch.hann_window(400),
        hop=160,
        n_fft=512,
        filters=torch.from_numpy(filters).float(),
        power=power,
    )

    expected = slow.magnitudes(samples, slow.hann(400), 160, 512) ** power @ filters
    assert expected.shape == (4, 5)
    np.testing.assert_allclose(mel(torch.from_numpy(samples).float()), expected, rtol=1e-4)


def test_the_window_stands_in_the_middle_of_its_frame():
    window = hann(400, 512)

    np.testing.assert_allclose(window[56:456], slow.hann(400), atol=1e-6)
    assert not window[:56].any() and not window[456:].any()


def test_centred_frames_begin_half_a_frame_early_in_a_mirror():
    samples = torch.arange(20.0)

    assert centred(samples, 8).tolist() == [4, 3, 2, 1, *range(20), 18, 17, 16, 15]
