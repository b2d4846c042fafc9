"""An alignment task scored: what each kind of pair gives, beside which chance, how sure, in what records."""

from itertools import product

import numpy as np
import pytest

from avbench.metrics import alignment
from avbench.tasks.alignment import AlignmentOutcome, score_alignment
from avbench.tasks.pairs import Pair

KINDS = ("true", "true", "shifted", "other")
PAIRS = 60
WEIGHTED = (alignment.weighted_balanced, alignment.weighted_auroc)


def outcome(logits: np.ndarray, kinds=KINDS) -> AlignmentOutcome:
    """Score logits of pairs whose kinds take turns, three clips a recording."""
    count = len(logits)
    pairs = [Pair(kind=kinds[k % len(kinds)], sound=f"clip{(k + 7) % count}") for k in range(count)]
    groups = [f"from{k // 3}" for k in range(count)]
    return score_alignment([f"clip{k}" for k in range(count)], groups, pairs, logits.tolist(), seed=0)


def by_id(found: AlignmentOutcome) -> dict:
    return {each.id: each for each in found.measurements}


def of_kind(**logits: float) -> np.ndarray:
    return np.array([logits[KINDS[k % 4]] for k in range(PAIRS)])


def test_a_judge_that_knows_is_right_of_every_kind_and_surely_so() -> None:
    found = by_id(outcome(of_kind(true=2.0, shifted=-1.0, other=-3.0)))

    assert {each.value for each in found.values()} == {1.0}
    assert found["align.accuracy"].interval.method == "clopper-pearson"
    assert found["align.accuracy"].interval.groups == found["align.balanced"].interval.groups == PAIRS // 3
    assert found["align.auroc"].interval is None  # one without width says nothing


def test_a_judge_of_meaning_alone_accepts_what_is_shifted() -> None:
    found = by_id(outcome(of_kind(true=2.0, shifted=2.0, other=-3.0)))

    assert found["align.acceptance"].value == found["align.accuracy@other"].value == 1.0
    assert found["align.accuracy@shifted"].value == 0.0
    assert (
        found["align.accuracy"].value == found["align.balanced"].value == found["align.auroc"].value == 0.75
    )


def test_who_accepts_everything_has_all_the_acceptance_and_the_accuracy_of_chance() -> None:
    found = by_id(outcome(np.ones(PAIRS), kinds=("true", "true", "other")))

    assert found["align.acceptance"].value == 1.0
    assert found["align.accuracy"].value == pytest.approx(found["align.accuracy"].chance)
    assert found["align.accuracy"].chance == pytest.approx(2 / 3)
    assert found["align.balanced"].value == found["align.auroc"].value == 0.5
    assert "align.accuracy@shifted" not in found


def test_of_one_sort_of_pair_only_shares_are_said() -> None:
    assert set(by_id(outcome(np.ones(8), kinds=("true",)))) == {"align.accuracy", "align.acceptance"}


def test_intervals_hold_their_values_and_noise_is_at_chance() -> None:
    random = np.random.default_rng(1)
    for signal in (0.0, 1.0):
        found = by_id(outcome(random.standard_normal(600) + signal * np.tile([1, 1, -1, -1], 150)))
        for each in found.values():
            assert each.interval.low < each.value < each.interval.high
            if signal == 0 and each.chance is not None:
                assert each.interval.low < each.chance < each.interval.high


def test_the_mean_of_the_records_values_is_what_is_reported() -> None:
    found = outcome(np.random.default_rng(2).standard_normal(PAIRS))
    measured = by_id(found)

    for name in ("align.accuracy", "align.acceptance", "align.accuracy@shifted", "align.accuracy@other"):
        values = [each.values[name] for each in found.records if name in each.values]
        assert len(values) == measured[name].n
        assert np.mean(values) == pytest.approx(measured[name].value)
    assert [each.recording for each in found.records[:4]] == ["from0", "from0", "from0", "from1"]


def test_weights_count_pairs_as_if_they_were_there_so_many_times() -> None:
    random = np.random.default_rng(3)
    logits, true = random.integers(-2, 3, 12).astype(float), np.arange(12) % 3 == 0
    weights = random.integers(0, 4, (20, 12))
    both = [each(logits, true, weights.astype(float)) for each in WEIGHTED]
    for row, *found in zip(weights, *both, strict=True):
        again, kinds = np.repeat(logits, row), np.repeat(true, row)
        wins = [(one > two) + (one == two) / 2 for one, two in product(again[kinds], again[~kinds])]
        balanced = (np.mean(again[kinds] > 0) + np.mean(again[~kinds] <= 0)) / 2
        assert found == pytest.approx([balanced, np.mean(wins)])
    assert all(np.isnan(each(logits, true, (~true)[None].astype(float))).all() for each in WEIGHTED)
