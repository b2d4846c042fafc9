"""An offset task scored: what is reported at a grid, beside which chance, how sure, and from what records."""

import numpy as np
import pytest

from avbench.metrics import offsets
from avbench.metrics.offsets import Trials
from avbench.specs import OffsetProtocol
from avbench.tasks.synchrony import OffsetOutcome, score_offsets

COARSE = OffsetProtocol()
FINE = OffsetProtocol(reach=0.4, step=0.04)
CLIPS = 60


def outcome(protocol: OffsetProtocol, sharpness: float, scale="logits", clips: int = CLIPS) -> OffsetOutcome:
    """Score a model that sees the truth through noise; the sharper, the surer."""
    random = np.random.default_rng(0)
    grid = np.array(protocol.offsets)
    true = random.choice(grid, clips)
    distance = np.abs(grid - true[:, None]) / protocol.step
    trials = Trials.of(grid, true, random.standard_normal(distance.shape) - sharpness * distance)
    ids = [f"clip{k}" for k in range(clips)]
    return score_offsets(protocol, ids, [f"from{k // 3}" for k in range(clips)], trials, scale, seed=0)


def by_id(found: OffsetOutcome) -> dict:
    return {each.id: each for each in found.measurements}


def test_only_tolerances_that_a_grid_tells_apart_are_reported() -> None:
    def names(protocol):
        return [each for each in by_id(outcome(protocol, 1.0)) if "accuracy" in each]

    assert names(COARSE) == ["offset.accuracy@0.2"]
    assert names(FINE) == ["offset.accuracy@0.04", "offset.accuracy@0.1", "offset.accuracy@0.2"]


def test_a_model_that_knows_is_perfect_and_its_shares_have_an_exact_interval() -> None:
    found = by_id(outcome(COARSE, 100.0))

    assert found["offset.top1"].value == 1.0
    assert found["offset.top1"].interval.method == "clopper-pearson"
    assert found["offset.top1"].interval.groups == CLIPS // 3
    assert found["offset.mean-error"].value == found["offset.median-error"].value == 0.0
    assert found["offset.auc-corrected"].value == 1.0
    assert found["offset.choice@0.2"].value == 1.0
    assert "offset.margin-auroc" not in found  # none is wrong


def test_over_one_recording_alone_no_interval_looks_sure() -> None:
    found = by_id(outcome(COARSE, 1.0, clips=3))

    intervals = [each.interval for each in found.values() if each.interval is not None]
    assert found["offset.auc-corrected"].interval is found["offset.mean-error"].interval is None
    assert {(each.method, each.groups) for each in intervals} <= {("clopper-pearson", 1)}


def test_a_model_that_sees_nothing_is_at_chance_of_every_number() -> None:
    found = by_id(outcome(COARSE, 0.0, clips=900))

    for each in found.values():
        if each.chance is not None and each.interval is not None and "median" not in each.id:
            assert each.interval.low <= each.chance + 0.03, each
            assert each.interval.high >= each.chance - 0.03, each


def test_the_sharper_the_better_and_every_interval_holds_its_value() -> None:
    blunt, sharp = by_id(outcome(COARSE, 0.2)), by_id(outcome(COARSE, 1.0))

    for name in ("offset.top1", "offset.auc-corrected", "offset.choice@0.4"):
        assert sharp[name].value > blunt[name].value > blunt[name].chance
    errors = [each["offset.mean-error"].value for each in (sharp, blunt)]
    assert errors[0] < errors[1] < blunt["offset.mean-error"].chance
    for each in (*blunt.values(), *sharp.values()):
        assert each.interval is None or each.interval.low <= each.value <= each.interval.high


def test_cosines_claim_no_probability() -> None:
    assert "offset.ece" in by_id(outcome(COARSE, 1.0, "logits"))
    assert "offset.ece" not in by_id(outcome(COARSE, 1.0, "cosines"))
    assert "offset.margin-auroc" in by_id(outcome(COARSE, 1.0, "cosines"))


def test_numbers_are_means_of_what_their_records_say() -> None:
    found = outcome(COARSE, 0.5)
    means = by_id(found)

    for name in found.records[0].values:
        given = [record.values[name] for record in found.records if name in record.values]
        assert np.mean(given) == pytest.approx(means[name].value)
        assert len(given) == means[name].n
    assert len(found.records) == CLIPS
    assert all(record.estimated[0] in COARSE.offsets for record in found.records)


def test_forced_choices_reach_as_far_as_the_grid() -> None:
    distances = [each.id for each in outcome(FINE, 0.5, clips=2000).measurements if "choice" in each.id]

    assert distances[0] == "offset.choice@0.04"
    assert distances[-1] == "offset.choice@0.8"
    assert len(distances) == 20


def test_chance_of_the_median_is_that_of_a_guess_and_not_of_its_expectation() -> None:
    grid = np.array(COARSE.offsets)
    guess = Trials.of(grid, grid, np.zeros((21, 21)))
    every = sorted(abs(g - true) for true in grid for g in grid)

    assert np.median(offsets.pooled_errors(guess)) == pytest.approx(np.median(every))
