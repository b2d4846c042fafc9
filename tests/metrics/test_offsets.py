"""Offset numbers against slow references: one clip, one candidate at a time, ties broken in every way."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from avbench.metrics import offsets
from avbench.metrics.offsets import Trials

GRID = [-0.4, -0.2, 0.0, 0.2, 0.4]


@st.composite
def trials(draw):
    count = draw(st.integers(1, 6))
    levels = st.integers(0, 3).map(float)  # few levels: ties are the rule
    scores = draw(arrays(np.float64, (count, len(GRID)), elements=levels))
    true = [draw(st.sampled_from(GRID)) for _ in range(count)]
    return Trials.of(GRID, true, scores)


def slow(found, value):
    """Mean over clips of the mean of ``value(estimate, truth)`` over the clip's winners."""
    total = 0.0
    for true, row in zip(found.offsets, found.scores, strict=True):
        winners = [g for g, score in zip(GRID, row, strict=True) if score == max(row)]
        total += sum(value(g, true) for g in winners) / len(winners)
    return total / len(found.offsets)


@given(trials())
def test_every_mean_is_that_over_winners_one_by_one(found):
    assert offsets.within(found, 0.0).mean() == pytest.approx(slow(found, lambda g, true: g == true))
    for tolerance in (0.2, 0.3, 0.4):
        expected = slow(found, lambda g, true, t=tolerance: abs(g - true) < t + 1e-6)
        assert offsets.within(found, tolerance).mean() == pytest.approx(expected)
    assert offsets.absolute_error(found).mean() == pytest.approx(slow(found, lambda g, true: abs(g - true)))


@given(trials())
def test_the_area_is_the_integral_of_the_share_within_a_tolerance(found):
    steps = 4000
    middles = (np.arange(steps) + 0.5) * 0.4 / steps
    integral = np.mean([offsets.within(found, each).mean() for each in middles[::20]])

    assert offsets.tolerance_area(found).mean() == pytest.approx(integral, abs=0.01)


@given(trials())
def test_choices_are_counted_pair_by_pair(found):
    curve = offsets.forced_choice(found)

    assert list(curve) == pytest.approx([0.2, 0.4, 0.6, 0.8])
    for distance, values in curve.items():
        for row, value in enumerate(values):
            own = found.scores[row, GRID.index(found.offsets[row])]
            rivals = [
                score
                for g, score in zip(GRID, found.scores[row], strict=True)
                if math.isclose(abs(g - found.offsets[row]), distance)
            ]
            won = [1.0 if own > rival else 0.5 if own == rival else 0.0 for rival in rivals]
            assert np.isnan(value) if not won else value == pytest.approx(sum(won) / len(won))


@given(trials())
def test_the_confusion_matrix_holds_every_clip_once_and_top1_on_its_diagonal(found):
    matrix = offsets.confusion(found)

    assert matrix.sum() == pytest.approx(len(found.offsets))
    assert matrix.trace() / len(found.offsets) == pytest.approx(offsets.within(found, 0.0).mean())
    for place, g in enumerate(GRID):
        assert matrix[place].sum() == pytest.approx(np.sum(found.offsets == g))


def test_a_uniform_guess_at_clips_in_sync_is_off_by_22_of_21_seconds():
    guess = Trials.of(np.arange(-10, 11) / 5, np.zeros(3), np.zeros((3, 21)))

    assert offsets.absolute_error(guess).tolist() == pytest.approx([22 / 21] * 3)
    assert offsets.within(guess, 0.0).tolist() == pytest.approx([1 / 21] * 3)
    assert offsets.within(guess, 0.2).tolist() == pytest.approx([3 / 21] * 3)


def test_chance_is_what_drawing_comes_to():
    random = np.random.default_rng(0)
    true = random.choice(GRID, 20_000)
    drawn = Trials.of(GRID, true, random.random((20_000, len(GRID))))

    for measure in (offsets.absolute_error, offsets.tolerance_area, lambda t: offsets.within(t, 0.2)):
        assert measure(drawn).mean() == pytest.approx(measure(drawn.guessed()).mean(), abs=0.01)
    medians = [np.median(offsets.pooled_errors(each)) for each in (drawn, drawn.guessed())]
    assert medians[0] == pytest.approx(medians[1])


@given(trials())
def test_pooled_errors_hold_every_way_of_breaking_ties_equally_often(found):
    pooled = offsets.pooled_errors(found)

    assert pooled.mean(1) == pytest.approx(offsets.absolute_error(found))


def test_a_grid_resolves_no_tolerance_below_its_step():
    assert offsets.resolved((0.04, 0.1, 0.2), 0.2) == [0.2]
    assert offsets.resolved((0.04, 0.1, 0.2), 0.04) == [0.04, 0.1, 0.2]


@pytest.mark.parametrize(
    ("true", "scores"),
    [([0.0], [[0.0, math.nan, 0, 0, 0]]), ([0.0], [[math.inf, 0, 0, 0, 0]]), ([0.1], [[0.0] * 5]),
     ([0.0, 0.2], [[0.0] * 5]), ([], np.zeros((0, 5)))],
)  # fmt: skip
def test_what_cannot_be_scored_is_refused(true, scores):
    with pytest.raises(ValueError):
        Trials.of(GRID, true, scores)
