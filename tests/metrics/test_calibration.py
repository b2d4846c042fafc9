"""Calibration of offset scores against slow references, and intervals that hold what they are of."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbench.metrics import calibration
from avbench.metrics.offsets import Trials, within
from tests.metrics.test_offsets import GRID, trials


@given(trials(), st.permutations(range(6)))
def test_the_order_of_clips_says_nothing(found, order):
    order = [each for each in order if each < len(found.offsets)]
    turned = Trials.of(GRID, found.offsets[order], found.scores[order])

    assert calibration.calibration_error(turned) == pytest.approx(calibration.calibration_error(found))
    assert calibration.margin_area(turned) == pytest.approx(calibration.margin_area(found))


@given(trials())
def test_the_margin_area_is_that_of_all_pairs_of_clips(found):
    right = within(found, 0.0)
    margins = [sorted(row)[-1] - sorted(row)[-2] for row in found.scores]
    won = weight = 0.0
    for one, margin in enumerate(margins):
        for other, rival in enumerate(margins):
            pair = right[one] * (1 - right[other])
            weight += pair
            won += pair * (1.0 if margin > rival else 0.5 if margin == rival else 0.0)

    area = calibration.margin_area(found)
    assert (area is None) if weight == 0 else area == pytest.approx(won / weight)


@given(trials())
def test_the_calibration_error_is_that_of_bins_one_by_one(found):
    sure, right = [], within(found, 0.0)
    for row in found.scores:
        powers = [math.exp(each) for each in row]
        sure.append(max(powers) / sum(powers))
    total = 0.0
    for low, high in pairwise(np.linspace(0, 1, calibration.BINS + 1)):
        inside = [k for k, p in enumerate(sure) if low <= p < high or (high == 1 and p == 1)]
        total += abs(sum(sure[k] - right[k] for k in inside))

    assert calibration.calibration_error(found) == pytest.approx(total / len(sure), abs=1e-9)


def claiming(share: float, clips: int, seed: int) -> Trials:
    """Return clips that claim 0.75 of one of two candidates, and are right in a share of them."""
    right = np.random.default_rng(seed).random(clips) < share
    return Trials.of([0.0, 1.0], np.where(right, 0.0, 1.0), np.tile([math.log(3), 0.0], (clips, 1)))


def recordings(clips: int) -> list[str]:
    return [f"from{k // 2}" for k in range(clips)]


def test_the_interval_of_the_error_holds_that_of_other_clips_as_often_as_it_says() -> None:
    clips = 120
    truth = np.mean([calibration.calibration_error(claiming(0.6, clips, 1000 + k)) for k in range(300)])
    held = [
        found.low <= truth <= found.high
        for k in range(40)
        for found in [calibration.calibration_interval(claiming(0.6, clips, k), recordings(clips), seed=0)]
    ]

    assert truth == pytest.approx(0.15, abs=0.01)
    assert sum(held) >= 34


def test_the_interval_of_the_error_narrows_with_clips_and_holds_the_value() -> None:
    widths = []
    for clips in (60, 960):
        found = claiming(0.6, clips, 0)
        interval = calibration.calibration_interval(found, recordings(clips), seed=0)
        assert 0 <= interval.low <= calibration.calibration_error(found) <= interval.high
        assert interval.method == "bootstrap-recentred"
        assert interval.groups == clips // 2
        widths.append(interval.high - interval.low)

    assert widths[1] == pytest.approx(widths[0] / 4, rel=0.35)


def test_margins_that_say_nothing_are_at_chance_and_those_that_tell_are_above() -> None:
    random = np.random.default_rng(0)
    right = np.arange(300) % 2 == 0
    for said, telling in ((random.random(300), False), (random.random(300) + 0.5 * right, True)):
        scores = np.stack([said, np.zeros(300)], 1)
        found = Trials.of([0.0, 1.0], np.where(right, 0.0, 1.0), scores)
        interval = calibration.margin_interval(found, [str(k) for k in range(300)], seed=0)
        assert interval is not None
        assert interval.low < calibration.margin_area(found) < interval.high
        assert (interval.low > 0.5) is telling


def test_margins_that_tell_all_apart_have_no_interval() -> None:
    found = Trials.of([0.0, 1.0], [0.0, 0.0, 1.0, 1.0], [[9, 0], [8, 0], [1, 0], [2, 0]])

    assert calibration.margin_area(found) == 1.0
    assert calibration.margin_interval(found, list("abcd"), seed=0) is None
