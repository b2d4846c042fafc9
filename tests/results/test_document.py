"""The document survives a round trip, and refuses what it cannot mean."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from avbench.errors import DataError
from avbench.results.document import (
    Coverage,
    Interval,
    RunResult,
    ScaleRow,
    Score,
    from_json,
    ids_digest,
    json_schema,
    stable_part,
    to_json,
)

SCHEMA = Path(__file__).parents[2] / "docs" / "result.schema.json"


def score(score_id: str = "a2v.recall@1", value: float = 0.5, **fields: object) -> Score:
    return Score.model_validate(
        {"id": score_id, "value": value, "n": 4, "unit": "fraction", "higher_is_better": True, **fields}
    )


def coverage(**fields: object) -> Coverage:
    asked: dict[str, object] = {
        "asked": 3,
        "found": 3,
        "evaluated": 3,
        "limited": False,
        "partial": False,
        "complete": True,
        "ids_sha256": ids_digest(["a", "b", "c"]),
    }
    return Coverage.model_validate(asked | fields)


CONTENT: dict[str, object] = {
    "model": {"name": "m", "identity": {"weights": "ab"}, "inputs": {"video": None, "audio": None}},
    "task": {
        "name": "t-retrieval",
        "kind": "retrieval",
        "version": 1,
        "digest": "00",
        "seconds": 8.0,
        "protocol": {"directions": ["a2v", "v2a"], "recall_at": [1, 5, 10]},
    },
    "dataset": {"name": "d", "revision": "1", "clips": 3, "galleries": {"standard": (3,)}},
    "scores": (
        score(low=0.1, high=0.9, interval=Interval(method="b", level=0.95, resamples=9, seed=0, groups=4)),
    ),
    "coverage": coverage(),
    "provenance": {
        "avbench": "0.1.0",
        "python": "3.11",
        "platform": "Linux",
        "packages": {"torch": "2.13.0"},
        "decoder": "PyAV 18",
        "device": "cpu",
        "threads": 2,
        "batch_size": 8,
        "seed": 0,
    },
    "records_sha256": "00",
    "run": {
        "id": "x",
        "started_at": "2026-01-01T00:00:00Z",
        "finished_at": "2026-01-01T00:00:01Z",
        "seconds": {"score": 0.1},
        "workers": 2,
        "reused": 0,
        "computed": 6,
    },
}


def result(**fields: object) -> RunResult:
    return RunResult.model_validate(CONTENT | fields)


def test_a_document_survives_the_way_through_json() -> None:
    document = result(scale_rows=(ScaleRow(model="random", unavailable="no such model"),))
    assert from_json(to_json(document)) == document


def test_the_same_document_is_the_same_bytes() -> None:
    text = to_json(result())
    assert to_json(from_json(text)) == text
    assert list(json.loads(text))[:2] == ["schema_version", "model"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_score_that_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ValidationError):
        score(value=value)


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
def test_a_file_with_a_number_json_does_not_know_is_refused(token: str) -> None:
    text = to_json(result()).replace('"value": 0.5', f'"value": {token}')
    with pytest.raises(DataError, match="value"):
        from_json(text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"schema_version": 3', '"schema_version": 99'),
        ('"schema_version": 3', '"schema_version": 1, "surprise": 2'),
        ('"n": 4', '"n": "4"'),
        ('"n": 4', '"n": 0'),
        ('"scores": [', '"score": ['),
        ("}", ""),
    ],
)
def test_what_is_not_the_schema_is_refused_with_a_hint(old: str, new: str) -> None:
    text = to_json(result())
    assert old in text
    with pytest.raises(DataError) as caught:
        from_json(text.replace(old, new, 1))
    assert "avbench run" in caught.value.hint


@pytest.mark.parametrize(
    "fields",
    [
        {"evaluated": 2},
        {"evaluated": 2, "reasons": {"corrupt": ("a",)}},
        {"limited": True},
        {"found": 2},
        {"evaluated": 1, "reasons": {"corrupt": ("a",), "no-audio": ("a",)}, "partial": True},
        {"masked": {"still": ("a",)}},
        {"evaluated": 1, "reasons": {"corrupt": ("a",)}, "masked": {"still": ("a",)}, "partial": True},
    ],
)
def test_coverage_that_does_not_add_up_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        coverage(**fields)


def test_coverage_counts_what_was_left_out() -> None:
    partial = coverage(found=2, evaluated=2, reasons={"missing": ("c",)}, partial=True, complete=False)
    assert partial.asked == partial.evaluated + 1


def test_a_clip_that_the_protocol_masks_makes_no_run_partial() -> None:
    masked = coverage(evaluated=2, masked={"still": ("c",)})
    assert masked.complete
    assert not masked.partial


def test_documents_of_the_schema_before_masks_can_be_read() -> None:
    text = to_json(result()).replace('"schema_version": 3', '"schema_version": 2')
    assert '    "masked": {},\n' in text
    assert from_json(text.replace('    "masked": {},\n', "")).coverage.masked == {}


def test_a_scale_row_without_scores_says_why() -> None:
    with pytest.raises(ValidationError):
        ScaleRow(model="random")
    with pytest.raises(ValidationError):
        ScaleRow(model="random", scores=(score(),), unavailable="but it has scores")


def test_a_score_id_occurs_once() -> None:
    with pytest.raises(ValidationError, match="twice"):
        result(scores=(score(), score()))


def test_half_an_interval_is_refused() -> None:
    with pytest.raises(ValidationError):
        score(low=0.1)
    with pytest.raises(ValidationError):
        score(low=0.9, high=0.1)


def test_only_run_may_differ_between_two_runs() -> None:
    first, second = result(), result()
    later = second.model_copy(update={"run": second.run.model_copy(update={"id": "y", "reused": 6})})
    assert stable_part(first) == stable_part(later)
    assert "run" not in stable_part(first)


def test_the_digest_of_ids_does_not_depend_on_their_order() -> None:
    assert ids_digest(["b", "a"]) == ids_digest(["a", "b"]) != ids_digest(["ab"])


def test_the_published_schema_is_current() -> None:
    assert SCHEMA.read_text("utf-8") == json_schema(), "write it again: python scripts/generated_pages.py"
