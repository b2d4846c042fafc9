"""AV-Align: both of its rules as their authors' code counts, and what becomes of its division by zero."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from avbench.metrics.av_align import RULES, Rule, av_align, motion_peaks

FPS = 25
SOUND = st.lists(st.integers(0, 80).map(lambda frame: frame * 512 / 22050), max_size=12, unique=True)
PICTURE = st.lists(st.integers(0, 50).map(lambda frame: frame / FPS), max_size=12, unique=True)


def counted(sound: list[float], picture: list[float], *, once: bool) -> int:
    """Count as the authors' two loops do: a peak of the sound takes the first of the picture that fits."""
    hits = 0
    taken: set[int] = set()
    for onset in sound:
        for place, move in enumerate(picture):
            if move - 1 / FPS < onset < move + 1 / FPS and not (once and place in taken):
                hits += 1
                taken.add(place)
                break
    return hits


@settings(max_examples=300, deadline=None)
@given(sound=SOUND, picture=PICTURE, version=st.sampled_from(list(RULES)))
def test_each_rule_is_that_of_its_authors_loops(
    sound: list[float], picture: list[float], version: str
) -> None:
    assume(sound or picture)
    hits = counted(sorted(sound), sorted(picture), once=version == "2025")
    expected = hits / (len(sound) + len(picture) - hits)
    assert av_align(sound, picture, FPS, RULES[version]) == pytest.approx(expected, abs=1e-12)
    assert av_align(sound[::-1], picture[::-1], FPS, RULES[version]) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=300, deadline=None)
@given(sound=SOUND, picture=PICTURE)
def test_one_to_one_no_pairing_is_larger_so_the_score_is_at_most_one(
    sound: list[float], picture: list[float]
) -> None:
    assume(sound and picture)
    near = np.abs(np.array(sound)[:, None] - np.array(picture)) < 1 / FPS
    most = int((maximum_bipartite_matching(csr_matrix(near)) >= 0).sum())
    score = av_align(sound, picture, FPS, RULES["2025"])
    assert score == pytest.approx(most / (len(sound) + len(picture) - most), abs=1e-12)
    assert 0 <= score <= 1


@pytest.mark.parametrize(
    ("sound", "picture", "old", "new"),
    [
        ([0.5, 1.0], [0.52, 1.5], 1 / 3, 1 / 3),
        ([1.00, 1.01, 1.02], [1.0], 3.0, 1 / 3),  # three onsets share one peak: more than all of it
        ([1.03, 0.98], [1.00, 1.06], 1.0, 1.0),  # in any order
        ([1.0], [1.0 + 1 / FPS], 0.0, 0.0),  # a whole frame is too far
        ([], [1.0, 2.0], 0.0, 0.0),
        ([1.0], [], 0.0, 0.0),
    ],
)
def test_vectors(sound: list[float], picture: list[float], old: float, new: float) -> None:
    assert av_align(sound, picture, FPS, RULES["2023"]) == pytest.approx(old, abs=1e-12)
    assert av_align(sound, picture, FPS, RULES["2025"]) == pytest.approx(new, abs=1e-12)


@pytest.mark.parametrize("rule", RULES.values())
def test_where_neither_has_a_peak_there_is_no_score(rule: Rule) -> None:
    with pytest.raises(ValueError, match="neither the sound nor the picture has a peak"):
        av_align([], [], FPS, rule)


def test_a_peak_is_above_both_neighbours_and_the_first_two_frames_have_none() -> None:
    flow = [0.9, 0.9, 0.2, 0.3, 0.3, 0.1, 0.09, 0.1, 0.0, 0.2]
    assert motion_peaks(flow, 10, RULES["2023"]).tolist() == [0.7]
    assert motion_peaks([0, 0, 0.099, 0, 0.1, 0], 10, RULES["2023"]).tolist() == [0.2, 0.4]
    assert motion_peaks([0, 0, 0.099, 0, 0.1, 0], 10, RULES["2025"]).tolist() == [0.4]


@pytest.mark.parametrize("few", [[], [0.5], [0.5, 0.5]])
def test_a_picture_of_two_frames_has_no_peak(few: list[float]) -> None:
    assert not len(motion_peaks(few, 25, RULES["2023"]))


def test_nan_is_refused() -> None:
    with pytest.raises(ValueError, match="not a list of finite numbers"):
        motion_peaks([0.0, np.nan, 0.0], 25, RULES["2025"])
    with pytest.raises(ValueError, match="the peaks of the picture"):
        av_align([0.0], [np.inf], 25, RULES["2025"])
