"""A run of forced choices over side-cars: what each reference row can tell apart, and what it cannot."""

from pathlib import Path

import pytest

from avbench.boards.comparison import compare_results
from avbench.boards.tables import result_text
from avbench.datasets.avsynth.changes import CHANGES, SHIFTS
from avbench.datasets.avsynth.counterfactuals import NAME
from tests.running import Runs
from tests.runs.appearing import finder
from tests.runs.choosing import unrendered

STATES = 8


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    folder = tmp_path_factory.mktemp("choices")
    return Runs(folder, folder / "data")


@pytest.fixture(scope="module")
def done(runs: Runs):
    with pytest.MonkeyPatch.context() as patch:
        unrendered(patch)
        (done,) = runs.finished(finder(), model="oracle", tasks=(NAME,), dataset_args={"states": str(STATES)})
    return done


def row(done, name: str) -> dict[str, float]:
    (found,) = [each for each in done.result.scale_rows if each.model == name]
    return {each.id: each.value for each in found.scores}


def test_the_oracle_tells_every_pair_apart(done) -> None:
    shares = [each for each in done.result.scores if each.unit == "fraction"]
    assert len(shares) == len(CHANGES) + len(SHIFTS)
    assert {each.value for each in shares} == {1.0}
    for change in CHANGES:
        assert done.result.score(f"choice.{change.name}").n == STATES
        assert done.result.dataset.galleries[change.name] == (2,) * STATES
    for scale, shifts in SHIFTS.items():
        assert done.result.score(f"choice.shift-{scale}.threshold").value == pytest.approx(shifts[0] / 2)


def test_who_knows_only_the_classes_tells_apart_only_pairs_of_other_classes(done) -> None:
    found = row(done, "semantics-only")
    assert found.pop("choice.timbre") == 1.0
    assert set(found.values()) == {0.5}


def test_who_knows_everything_but_when_is_at_chance_where_time_is_what_differs(done) -> None:
    found = row(done, "time-shuffled")
    assert found["choice.timbre"] == 1.0
    for name in ("binding", "envelope", "mirror", *(f"shift-{scale}" for scale in SHIFTS)):
        assert 0.25 <= found[f"choice.{name}"] <= 0.75, name
    timed = [value for name, value in found.items() if "@" in name]
    assert 0.4 < sum(timed) / len(timed) < 0.6


def test_tables_show_every_kind_and_leave_the_points_of_curves_to_the_document(done) -> None:
    text = result_text(done.result)
    for heading in ("swapped binding ↑ (%)", "S3 shifted ↑ (%)", "S3 threshold ↓ (s)"):
        assert heading in text
    assert "0.04 s" not in text
    assert "choice.shift-S3@0.04" in {each.id for each in done.result.scores}


def test_two_results_are_compared_pair_by_pair(done, runs: Runs, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        unrendered(patch)
        (other,) = runs.finished(
            finder(), model="random", tasks=(NAME,), dataset_args={"states": str(STATES)}
        )
    found = {each.score.id: each for each in compare_results(done.path, other.path, seed=0)}

    assert set(found) == {each.id for each in done.result.scores if "@" not in each.id and each.unit != "s"}
    for name, each in found.items():
        assert each.other == other.result.score(name).value
        assert each.test.difference == pytest.approx(1.0 - each.other)
