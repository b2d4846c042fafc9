"""Which clips a page shows: chosen by a rule, over the whole range of quality."""

import doctest
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbench.metrics.onsets import OnsetCounts
from avbench.pages import ranking
from avbench.pages.ranking import place_name, ranked, spread
from avbench.tasks.generation_pairs import SoundRecord

sizes = st.integers(1, 400)


def record(clip: str, hits: int | None = None, sample: int = 0, **values: float) -> SoundRecord:
    counts = {} if hits is None else {"0.1": OnsetCounts(hits=hits, detected=4, true=4)}
    values = {name.replace("_", "."): value for name, value in values.items()}
    return SoundRecord(clip=clip, sample=sample, recording=clip, values=values, onsets=counts)


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(ranking).failed == 0


def test_onsets_order_clips_then_envelopes_then_divergence_then_names() -> None:
    given_records = [
        record("few", 1, envelope_correlation=0.9, kl_net=0.0),
        record("many", 3, envelope_correlation=0.1, kl_net=9.0),
        record("even", 2, envelope_correlation=0.5, kl_net=2.0),
        record("closer", 2, envelope_correlation=0.5, kl_net=1.0),
        record("a twin", 2, envelope_correlation=0.5, kl_net=2.0),
        record("loud", 2, envelope_correlation=0.6, kl_net=5.0),
    ]
    order = ranked(given_records)
    assert order.clips == ("many", "loud", "closer", "a twin", "even", "few")
    assert order.by == ("onset.f1@0.1", "envelope.correlation", "kl.net")
    assert ranked(given_records[::-1]).clips == order.clips


def test_what_has_no_number_comes_last_and_what_nobody_knows_orders_nothing() -> None:
    order = ranked([record("still"), record("far", kl_net=3.0), record("near", kl_net=1.0)])
    assert order.clips == ("near", "far", "still")
    assert order.by == ("kl.net",)
    assert ranked([record("b"), record("a")]).clips == ("a", "b")
    assert ranked([record("b"), record("a")]).by == ()


def test_of_several_samples_the_onsets_are_counted_together() -> None:
    order = ranked(
        [
            record("steady", 2),
            record("steady", 2, 1),
            record("lucky", 4),
            record("lucky", 1, 1),
            record("poor", 1),
        ]
    )
    assert order.clips == ("lucky", "steady", "poor")


@given(sizes, st.integers(1, 40))
def test_places_are_as_many_as_asked_for_in_order_and_hold_the_ends(clips: int, shown: int) -> None:
    places = spread(clips, shown)
    assert len(places) == min(clips, shown)
    assert places == sorted(set(places))
    assert places[0] == 0
    assert all(0 <= place < clips for place in places)
    if shown > 1:
        assert places[-1] == clips - 1


@given(sizes, st.integers(1, 40))
def test_asking_for_one_more_keeps_those_there_are(clips: int, shown: int) -> None:
    assert set(spread(clips, shown)) <= set(spread(clips, shown + 1))


@given(sizes, st.integers(5, 40))
def test_no_gap_is_more_than_twice_another(clips: int, shown: int) -> None:
    places = spread(clips, shown)
    gaps = [after - before for before, after in pairwise(places)]
    assert not gaps or max(gaps) <= 2 * min(gaps) + 1


@given(st.integers(5, 400), st.integers(5, 40))
def test_the_ends_the_middle_and_the_quartiles_are_always_among_them_and_named(
    clips: int, shown: int
) -> None:
    named = {place_name(place, clips): place for place in spread(clips, shown)}
    assert list(filter(None, named)) == ["best", "upper quartile", "median", "lower quartile", "worst"]


@pytest.mark.parametrize(("clips", "names"), [(1, [""]), (2, ["best", "worst"]), (3, ["best", "", "worst"])])
def test_few_clips_have_a_best_and_a_worst_alone(clips: int, names: list[str]) -> None:
    assert [place_name(place, clips) for place in range(clips)] == names
