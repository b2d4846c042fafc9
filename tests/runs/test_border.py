"""What a model must not return is an error that names it, never a bad score."""

from pathlib import Path

import pytest

from avbench.errors import ModelError
from tests.model_sources import seeing
from tests.running import Runs


@pytest.mark.parametrize(
    ("spoilt", "message"),
    [
        ("return rows[:, 0]", r"shape \(4,\) .* must be \(4, dim\)"),
        ("return rows[:, :, None, None]", r"shape \(4, 48, 1, 1\)"),
        ("return rows[:3]", r"shape \(3, 48\)"),
        ("return torch.cat([rows, rows])", r"shape \(8, 48\)"),
        ("return rows[:, :0]", r"shape \(4, 0\)"),
        ("return rows.long()", r"torch.int64"),
        ("return rows.numpy()", r"a ndarray"),
        ("return None", r"a NoneType"),
        ("return rows[:, :7]", r"cannot be compared: \(7,\) and \(48,\)"),
        ("return rows[:, None]", r"cannot be compared"),
        ("rows = rows * float('nan')", r"failed on every clip: embed_video returned NaN"),
        ("rows = rows + float('inf')", r"failed on every clip"),
        ("raise SystemExit('gone')", r"SystemExit: gone \(plugin\d+.py, line \d+\)"),
        ("raise RuntimeError('no such layer')", r"RuntimeError: no such layer \(plugin\d+.py, line \d+\)"),
    ],
)
def test_a_model_that_breaks_its_contract_is_named_with_what_it_did(
    runs: Runs, spoilt: str, message: str
) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        runs.result(seeing(video=spoilt))
    assert "seeing" in str(caught.value)
    assert caught.value.hint
    assert not list(runs.output.rglob("*.json"))


@pytest.mark.parametrize("stream", ["video", "audio"])
@pytest.mark.parametrize(
    "spoilt",
    [
        "rows = torch.stack([row * (float('nan') if clip.id == 'clip02.mp4' else 1) "
        "for row, clip in zip(rows, batch.clips)])",
        "assert all(clip.id != 'clip02.mp4' for clip in batch.clips)",
    ],
)
def test_a_clip_the_model_fails_on_costs_that_clip_alone(runs: Runs, stream: str, spoilt: str) -> None:
    result = runs.result(seeing(**{stream: spoilt}))
    assert result.coverage.reasons == {"model": ("clip02.mp4",)}
    assert result.coverage.evaluated == 11
    score = result.score("a2v.recall@1")
    assert score is not None
    assert score.value == 1


def test_constant_vectors_score_chance_and_a_note_says_why(runs: Runs) -> None:
    result = runs.result(seeing(video="return torch.ones(4, 48)"))
    for score in result.scores:
        assert score.value == pytest.approx(score.chance)
    assert any("distinct" in note for note in result.notes)


def test_time_aligned_tokens_are_compared_token_by_token(runs: Runs) -> None:
    source = seeing(video="return rows.unflatten(1, (6, 8))", audio="return rows.unflatten(1, (6, 8))")
    result = runs.result(source)
    assert result.score("v2a.recall@1") is not None
    assert runs.result(source).scores == result.scores


def test_half_precision_is_taken_as_float32(runs: Runs) -> None:
    result = runs.result(seeing(video="rows = rows.half().float()"))
    halved = runs.result(seeing(video="return (rows - rows.mean(1, keepdim=True)).half()"))
    assert halved.score("a2v.medr") == result.score("a2v.medr")


def test_a_model_that_is_not_steady_says_so_in_its_result(runs: Runs) -> None:
    source = seeing().replace("inputs=INPUTS,", "inputs=INPUTS, deterministic=False,")
    assert any("same output twice" in note for note in runs.result(source).notes)


def test_a_model_without_a_method_it_claims_is_refused_before_anything_is_decoded(
    runs: Runs, decoded: list[Path]
) -> None:
    with pytest.raises(ModelError, match="no method embed_audio"):
        runs.result(seeing().replace("def embed_audio", "def embed_sound"))
    assert decoded == []


def test_a_model_that_cannot_be_loaded_says_where(runs: Runs) -> None:
    with pytest.raises(ModelError, match=r"could not be loaded: FileNotFoundError.*plugin\d+.py, line"):
        runs.result(seeing().replace("load=lambda device: Seeing()", "load=lambda device: open('/no/such')"))
