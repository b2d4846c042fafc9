"""Two results on the same queries or sounds: paired, so that what they are like cancels out."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from avbench.boards.comparison import compare_results
from avbench.boards.ranking import Entry, told_apart
from avbench.cli.leaderboard import command
from avbench.errors import DataError
from avbench.metrics.onsets import OnsetCounts
from avbench.results import archive
from avbench.results.document import Score
from avbench.tasks.categories import CategoryQuery
from avbench.tasks.generation_pairs import SoundRecord
from avbench.tasks.retrieval_numbers import QueryRank
from tests.results.test_document import result, score

QUERIES = 60


def ranks(better: Sequence[int], gallery: str = "standard") -> list[QueryRank]:
    return [
        QueryRank(
            direction="a2v",
            gallery=gallery,
            part=0,
            query=f"clip{k:03}",
            recording=f"recording{k // 2}",
            better=each,
            tied=0,
            candidates=QUERIES,
        )
        for k, each in enumerate(better)
    ]


def put(folder: Path, better: Sequence[int], *, backwards: bool = False, **fields: object) -> Path:
    queries = ranks(better)
    lines = archive.record_lines(reversed(queries) if backwards else queries)
    found = float(np.mean(np.array(better) == 0))
    scores: tuple[Score, ...] = (score(value=found, n=QUERIES), score("a2v.medr", 2.0, unit="rank"))
    document = result(scores=scores, records_sha256=archive.digest(lines), **fields)
    return archive.put(folder, document, lines, b"")


HARD = [0 if k % 3 == 0 else 5 for k in range(QUERIES)]
EASIER = [0 if k % 3 < 2 else 5 for k in range(QUERIES)]


def test_the_difference_is_that_of_the_scores_and_its_interval_is_narrower_than_unpaired(
    tmp_path: Path,
) -> None:
    (better,) = compare_results(put(tmp_path / "a", EASIER), put(tmp_path / "b", HARD), seed=0)
    assert better.score.id == "a2v.recall@1"
    assert better.test.difference == pytest.approx(better.score.value - better.other)
    assert better.test.interval.low > 0
    assert better.test.p_value < 0.01


def test_turned_round_the_sign_changes(tmp_path: Path) -> None:
    first, second = put(tmp_path / "a", EASIER), put(tmp_path / "b", HARD)
    (forward,), (back,) = (compare_results(*pair, seed=0) for pair in ((first, second), (second, first)))
    assert back.test.difference == -forward.test.difference
    assert back.test.p_value == forward.test.p_value


def test_a_result_is_no_better_than_itself_whatever_the_order_of_its_lines(tmp_path: Path) -> None:
    (same,) = compare_results(put(tmp_path / "a", HARD), put(tmp_path / "b", HARD, backwards=True), seed=0)
    assert (same.test.difference, same.test.p_value) == (0.0, 1.0)


def test_results_on_other_clips_are_not_compared(tmp_path: Path) -> None:
    coverage = result().coverage.model_copy(update={"ids_sha256": "0" * 64})
    with pytest.raises(DataError, match="not of the same clips"):
        compare_results(put(tmp_path / "a", HARD), put(tmp_path / "b", HARD, coverage=coverage), seed=0)


def test_ranks_that_were_changed_afterwards_are_refused(tmp_path: Path) -> None:
    path = put(tmp_path, HARD)
    beside = path.with_suffix(".records.jsonl")
    beside.write_bytes(archive.record_lines(ranks(EASIER)))
    with pytest.raises(DataError, match="has changed since"):
        compare_results(path, path, seed=0)
    beside.write_text("{}")
    with pytest.raises(DataError, match="does not hold records"):
        compare_results(path, path, seed=0)
    beside.unlink()
    with pytest.raises(DataError, match="cannot be read"):
        compare_results(path, path, seed=0)


def sounds(hits: Sequence[int]) -> list[SoundRecord]:
    return [
        SoundRecord(
            clip=f"clip{k:03}",
            sample=0,
            recording=f"recording{k // 2}",
            values={"kl.tiny": 1.0 / (1 + found), "kl-eps.tiny": 2.0},
            onsets={"0.1": OnsetCounts(hits=found, detected=k % 5 + found, true=4)},
        )
        for k, found in enumerate(hits)
    ]


def put_sounds(folder: Path, hits: Sequence[int]) -> Path:
    records = sounds(hits)
    lines = archive.record_lines(records)
    detected = sum(each.onsets["0.1"].detected for each in records)
    scores = (
        score("fad.tiny", 3.0, unit="distance"),
        score("kl.tiny", float(np.mean([each.values["kl.tiny"] for each in records])), unit="nats"),
        score("onset.f1@0.1", 2 * sum(hits) / (detected + 4 * len(hits))),
    )
    task = result().task.model_copy(update={"kind": "generation"})
    document = result(scores=scores, records_sha256=archive.digest(lines), task=task)
    return archive.put(folder, document, lines, b"")


def test_of_generated_sounds_means_and_ratios_of_sums_are_compared_and_no_distance_between_sets(
    tmp_path: Path,
) -> None:
    paths = put_sounds(tmp_path / "a", [3, 4] * 20), put_sounds(tmp_path / "b", [2, 1] * 20)
    kl, f1 = compare_results(*paths, seed=0)
    assert (kl.score.id, f1.score.id) == ("kl.tiny", "onset.f1@0.1")
    for each in (kl, f1):
        assert each.test.difference == pytest.approx(each.score.value - each.other)
        assert each.test.p_value < 0.01


def test_a_board_marks_what_the_paired_test_does_not_tell_apart(tmp_path: Path) -> None:
    nearly = [0 if k == 1 else each for k, each in enumerate(HARD)]
    best, near, far = (
        Entry(result=archive.read(path), path=path, sha256="")
        for path in (
            put(tmp_path / name, ranks)
            for name, ranks in (("best", EASIER), ("near", [*EASIER[:-2], 5, 5]), ("far", nearly))
        )
    )
    column = best.result.scores[0]
    assert not told_apart(column, near, best)
    assert told_apart(column, far, best)


def test_where_no_ranks_were_kept_a_board_goes_by_the_intervals(tmp_path: Path) -> None:
    def entry(low: float, high: float) -> Entry:
        document = result(scores=(score(value=(low + high) / 2, low=low, high=high),))
        return Entry(result=document, path=tmp_path / "gone.json", sha256="")

    best = entry(0.5, 0.7)
    column = best.result.scores[0]
    assert told_apart(column, entry(0.2, 0.4), best)
    assert not told_apart(column, entry(0.4, 0.6), best)


def test_the_command_prints_both_values_the_difference_and_its_p_value(tmp_path: Path) -> None:
    paths = [str(put(tmp_path / name, better)) for name, better in (("a", EASIER), ("b", HARD))]
    done = CliRunner().invoke(command, ["compare", *paths], catch_exceptions=False)
    (row,) = (line for line in done.stdout.splitlines() if line.startswith("| A→V R@1"))
    _, _, first, second, difference, p, _ = (cell.strip() for cell in row.split("|"))
    assert (first, second) == ("66.7", "33.3")
    assert difference.startswith("+33.3 [+")
    assert float(p) < 0.01


LIST = "vggsound-test-15446"


def listed(part: range, folder: Path, better: Sequence[int]) -> Path:
    """Put a result that scored a part of the clips of a list, each rank in a gallery of that part."""
    queries = [
        dataclasses.replace(each, query=f"clip{k:03}", candidates=len(part))
        for k, each in zip(part, ranks(better), strict=True)
    ]
    lines = archive.record_lines(queries)
    base = result()
    document = result(
        scores=(score(value=float(np.mean(np.array(better) == 0)), n=len(part)),),
        records_sha256=archive.digest(lines),
        dataset=base.dataset.model_copy(update={"list_name": LIST}),
        coverage=base.coverage.model_copy(update={"ids_sha256": f"{part.start:064}"}),
    )
    return archive.put(folder, document, lines, b"")


def test_parts_of_one_list_are_compared_on_the_clips_both_have_in_a_gallery_of_that_size(
    tmp_path: Path,
) -> None:
    from scipy.stats import hypergeom

    ours, theirs = list(range(40)), [0, 3] * 15
    paths = listed(range(40), tmp_path / "a", ours), listed(range(10, 40), tmp_path / "b", theirs)
    (both,) = compare_results(*paths, seed=0)
    expected = np.mean([hypergeom.cdf(0, 39, rank, 29) for rank in ours[10:]])
    assert both.score.value == pytest.approx(expected)
    assert both.other == pytest.approx(0.5)
    assert both.score.n == 30
    assert both.test.difference == pytest.approx(expected - 0.5)
    done = CliRunner().invoke(command, ["compare", *map(str, paths)], catch_exceptions=False)
    assert "Compared on the 30 clips that both have, of 40 and 30." in done.stdout
    assert "expected in a gallery of 30" in done.stdout


def test_what_was_merely_found_is_on_no_list(tmp_path: Path) -> None:
    base = result()
    dataset = base.dataset.model_copy(update={"list_name": "vggsound@found-60"})
    coverages = [
        base.coverage.model_copy(
            update={"ids_sha256": digit * 64, "found_only": True, "partial": True, "complete": False}
        )
        for digit in "01"
    ]
    paths = [
        put(tmp_path / coverage.ids_sha256[:1], HARD, dataset=dataset, coverage=coverage)
        for coverage in coverages
    ]
    with pytest.raises(DataError, match="not of the same clips"):
        compare_results(*paths, seed=0)


def test_queries_by_category_are_compared_by_their_own_numbers(tmp_path: Path) -> None:
    def put_categories(folder: Path, values: Sequence[float]) -> Path:
        queries = [
            CategoryQuery(
                direction="a2v",
                gallery="standard",
                part=0,
                query=f"clip{k}",
                recording=f"recording{k}",
                classes=("rain",),
                right=3,
                candidates=50,
                values={"map": value},
            )
            for k, value in enumerate(values)
        ]
        lines = archive.record_lines(queries)
        task = result().task.model_copy(update={"protocol": {"agreement": "any"}})
        scores = (score("category.a2v.map", float(np.mean(values))),)
        document = result(scores=scores, records_sha256=archive.digest(lines), task=task)
        return archive.put(folder, document, lines, b"")

    rng = np.random.default_rng(0)
    worse = rng.random(50) / 2
    paths = put_categories(tmp_path / "a", worse + 0.3), put_categories(tmp_path / "b", worse)
    (found,) = compare_results(*paths, seed=0)
    assert found.test.difference == pytest.approx(0.3)
    assert found.test.p_value < 0.01
