"""Spectrograms and their colours: where a sound stands in time and pitch, how loud, and as what file."""

import doctest
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from avbench.pages import colours, drawings, png, text
from avbench.pages.colours import gradient, palette
from avbench.pages.drawings import instants, marks, track
from avbench.pages.png import coloured_png, indexed_png
from avbench.pages.spectrograms import COLUMNS, RANGE_DB, Bands, levels, pixels

RATE = 16_000


@pytest.mark.parametrize("module", [colours, drawings, png, text])
def test_the_examples_in_the_docstrings_hold(module) -> None:
    assert doctest.testmod(module).failed == 0


@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_a_picture_of_levels_is_read_back_by_another_reader(given_pixels) -> None:
    image = Image.open(io.BytesIO(indexed_png(given_pixels, palette())))
    assert image.mode == "P"
    assert np.array_equal(np.asarray(image.convert("RGB")), palette()[given_pixels])


@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))))
def test_a_frame_is_read_back_by_another_reader(frame) -> None:
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(coloured_png(frame)))), frame)


def test_lightness_rises_evenly_with_the_level() -> None:
    linear = np.where(palette() <= 10, palette() / 255 / 12.92, ((palette() / 255 + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    # CIELAB's lightness, another scale than the one the colours are made on.
    lightness = 116 * np.cbrt(luminance) - 16
    steps = np.diff(lightness[16:])
    assert steps.min() > -0.1
    smoothed = np.convolve(steps, np.ones(24) / 24, "valid")
    assert smoothed.max() < 2 * smoothed.min()


def test_the_gradient_runs_from_the_first_colour_to_the_last() -> None:
    first, *_, last = gradient()
    assert first == "#" + bytes(palette()[0]).hex()
    assert last == "#" + bytes(palette()[-1]).hex()


@pytest.mark.parametrize("instant", [0.3, 1.0, 1.7])
def test_a_click_is_in_the_column_of_its_instant(instant: float) -> None:
    sound = np.zeros((1, 2 * RATE))
    sound[0, round(instant * RATE)] = 1.0
    column = int(levels(sound, RATE, Bands.of(RATE)).sum(0).argmax())
    assert column == pytest.approx(instant / 2 * COLUMNS, abs=1.5)


@pytest.mark.parametrize("frequency", [200.0, 1000.0, 3000.0, 7000.0])
def test_a_tone_is_in_the_band_that_its_frequency_is_labelled_at(frequency: float) -> None:
    tone = np.sin(2 * np.pi * frequency * np.arange(2 * RATE) / RATE)[np.newaxis]
    bands = Bands.of(RATE)
    level = levels(tone, RATE, bands)[:, COLUMNS // 2]
    height = bands.height_of(frequency)
    assert height is not None
    assert level.argmax() == pytest.approx(height * len(level) - 0.5, abs=1)


def test_bands_end_at_half_the_rate() -> None:
    assert len(Bands.of(44_100).filters) == 128
    assert len(Bands.of(RATE).filters) < 128
    assert Bands.of(RATE).height_of(9000) is None
    assert Bands.of(44_100).height_of(9000) is not None


def test_ten_decibels_are_ten_decibels_and_the_highest_band_is_on_top() -> None:
    noise = 0.1 * np.random.default_rng(0).normal(size=(2, RATE))
    bands = Bands.of(RATE)
    assert levels(noise, RATE, bands) - levels(noise / np.sqrt(10), RATE, bands) == pytest.approx(
        10, abs=0.01
    )
    level = np.array([[0.0, -RANGE_DB / 2], [-RANGE_DB, -200.0]])
    assert pixels(level, 0.0).tolist() == [[0, 0], [255, 128]]


def test_stereo_is_shown_as_its_mean() -> None:
    left = np.random.default_rng(0).normal(size=RATE) / 10
    bands = Bands.of(RATE)
    assert np.array_equal(
        levels(np.stack([left, -left]), RATE, bands), levels(np.zeros((1, RATE)), RATE, bands)
    )


def test_shades_of_onsets_that_are_near_do_not_add_up_and_end_with_the_window() -> None:
    drawn = track(np.array([]), np.array([]), np.array([0.02, 0.1, 1.0, 1.96]), np.array([]), 2.0)
    assert drawn.count("<rect") == 3
    assert '<rect x="0" width="0.2"' in drawn
    assert '<rect x="0.9" width="0.2"' in drawn
    assert '<rect x="1.86" width="0.14"' in drawn


def test_where_no_onset_is_known_none_is_marked() -> None:
    assert "<line" not in marks(None, 2.0)
    assert "<rect" not in track(np.array([0.5]), np.ones(200), None, np.ones(200), 2.0)


def test_the_curve_of_a_sound_reaches_the_same_height_however_loud_it_is() -> None:
    bump = np.exp(-np.square(np.arange(800) - 300.0) / 900)
    loud, soft = (track(np.array([]), each, None, bump, 8.0) for each in (bump, bump / 50))
    assert loud == soft
    assert "loudness" not in track(np.array([]), np.zeros(800), None, bump, 8.0)


@given(st.floats(0.05, 5000))
def test_an_axis_has_few_instants_and_none_outside(seconds: float) -> None:
    found = instants(seconds)
    assert 2 <= len(found) <= 9
    assert found[0] == 0
    assert found[-1] <= seconds + 1e-6
