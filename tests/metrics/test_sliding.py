"""Sliding tokens against a loop over tokens and offsets, and against sound that was really moved."""

import math

import numpy as np
import pytest

from avbench.metrics.sliding import slide

GRID = (-1.0, -0.5, 0.0, 0.5, 1.0)


def cosine(one, other):
    lengths = math.sqrt(sum(x * x for x in one)) * math.sqrt(sum(x * x for x in other))
    return sum(x * y for x, y in zip(one, other, strict=True)) / lengths if lengths else 0.0


def slow(video, audio, seconds, lead, offset):
    total = 0.0
    for k, token in enumerate(video):
        instant = (k + 0.5) * seconds / len(video) + lead + offset
        place = instant * len(audio) / (seconds + 2 * lead) - 0.5
        place = min(max(place, 0.0), len(audio) - 1.0)
        low = min(int(place), len(audio) - 2)
        between = [
            (low + 1 - place) * x + (place - low) * y for x, y in zip(audio[low], audio[low + 1], strict=True)
        ]
        total += cosine(token, between)
    return total / len(video)


@pytest.mark.parametrize(("seen", "heard"), [(12, 24), (25, 50), (7, 14), (100, 199)])
def test_scores_are_mean_cosines_token_by_token(seen, heard):
    random = np.random.default_rng(seen)
    video, audio = random.standard_normal((seen, 5)), random.standard_normal((heard, 5))
    found = slide(video, audio, seconds=2.0, lead=1.0, offsets=GRID)

    assert found.tolist() == pytest.approx([slow(video, audio, 2.0, 1.0, each) for each in GRID])


@pytest.mark.parametrize("late", [-1.0, -0.52, -0.12, 0.0, 0.04, 0.36, 1.0])
def test_sound_that_is_late_is_found_late(late):
    """Both streams are one smooth path in tokens of 25 a second, heard ``late`` seconds after it is seen."""
    offsets = [round(-1 + 0.04 * k, 2) for k in range(51)]

    def path(times):
        return np.stack([np.sin(1.7 * times), np.cos(2.9 * times), np.sin(4.1 * times + 1)], axis=1)

    video = path((np.arange(50) + 0.5) / 25)
    audio = path((np.arange(100) + 0.5) / 25 - 1.0 - late)
    scores = slide(video, audio, seconds=2.0, lead=1.0, offsets=offsets)

    assert offsets[int(scores.argmax())] == late


def test_the_length_of_a_token_says_nothing_and_one_of_zeros_scores_nothing():
    random = np.random.default_rng(0)
    video, audio = random.standard_normal((10, 4)), random.standard_normal((20, 4))
    once = slide(video, audio, seconds=2.0, lead=1.0, offsets=GRID)

    assert slide(7 * video, 0.1 * audio, seconds=2.0, lead=1.0, offsets=GRID) == pytest.approx(once)
    assert slide(0 * video, audio, seconds=2.0, lead=1.0, offsets=GRID).tolist() == [0] * 5
