"""A generation run: sounds made, heard and scored on the same clips, with rows that give them a scale."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from avbench.errors import ModelError
from avbench.media.encode import write_clip
from avbench.results.document import RunResult
from tests.media.muxing import mux, numbered_frame
from tests.running import Runs, stable
from tests.runs.sounding import FPS, RATE, sounding, write_flashes


@pytest.fixture(scope="module")
def flashes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flashes")
    write_flashes(folder, 12)
    return folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, flashes: Path) -> Runs:
    """Runs that share a store: what one test has made and heard, the next finds."""
    return Runs(tmp_path_factory.mktemp("runs"), flashes)


def generated(runs: Runs, source: str | Path = "", **options) -> RunResult:
    return runs.result(source or sounding(), **{"model": "clicking", "tasks": ("clicks",)} | options)


def values(result: RunResult, row: str = "") -> dict[str, float]:
    scores = next(each.scores for each in result.scale_rows if each.model == row) if row else result.scores
    return {score.id: score.value for score in scores}


def test_a_model_that_hears_with_its_eyes_is_told_from_silence_and_from_the_wrong_sound(runs: Runs) -> None:
    result = generated(runs)
    made, still, shuffled = values(result), values(result, "still"), values(result, "shuffled-truth")
    assert made["onset.f1@0.1"] > 0.8 > shuffled["onset.f1@0.1"]
    assert still["onset.f1@0.1"] == 0
    assert made["envelope.correlation"] > shuffled["envelope.correlation"]
    assert made["fad.bands"] < still["fad.bands"]
    assert shuffled["fad.bands"] == pytest.approx(0, abs=1e-9)
    assert shuffled["kl.bands"] > 0
    assert "fad.bands" in values(result, "truth-halves")
    assert "onset.f1@0.1" not in values(result, "truth-halves")


def test_what_a_row_cannot_be_had_for_is_said_and_nothing_else_is_lost(runs: Runs) -> None:
    result = generated(runs)
    (absent,) = (row for row in result.scale_rows if row.model == "nobody")
    assert absent.unavailable is not None
    assert "nobody" in absent.unavailable
    # Silence has an envelope that correlates with nothing, and detects nothing.
    assert "envelope.correlation" not in values(result, "still")
    assert "onset.precision@0.1" not in values(result, "still")
    assert all(np.isfinite(score.value) for score in result.scores)
    assert any("kid.bands is not measured" in note for note in result.notes)


def test_every_number_is_of_the_same_sounds_and_most_have_an_interval(runs: Runs) -> None:
    result = generated(runs)
    assert {score.n for score in result.scores if score.id.startswith(("kl", "onset", "envelope"))} == {12}
    (fad,) = (score for score in result.scores if score.id == "fad.bands")
    assert fad.low is not None
    assert fad.high is not None
    assert fad.low <= fad.value <= fad.high
    assert fad.interval is not None
    assert fad.interval.groups == 12
    assert result.networks["bands"]["embedder"] == "bands"
    assert result.task.kind == "generation"
    assert result.task.protocol["embedders"] == ["bands"]


def test_a_second_run_makes_and_hears_nothing_and_ends_with_the_same_document(
    tmp_path: Path, flashes: Path
) -> None:
    runs = Runs(tmp_path, flashes)
    plugin = runs.plugin(sounding())
    first, second = generated(runs, plugin), generated(runs, plugin)
    assert stable(first) == stable(second)
    assert (first.run.computed, first.run.reused) == (12, 0)
    assert (second.run.computed, second.run.reused) == (0, 12)


def test_the_seed_changes_the_sounds_and_not_the_clips(runs: Runs) -> None:
    plugin = runs.plugin(sounding())
    first, other = generated(runs, plugin), generated(runs, plugin, seed=7)
    assert values(first)["kl.bands"] != values(other)["kl.bands"]
    assert first.coverage.ids_sha256 == other.coverage.ids_sha256


def test_several_samples_of_a_clip_are_all_scored_and_count_as_one_recording(runs: Runs) -> None:
    result = generated(runs, tasks=("clicks-thrice",))
    (kl,) = (score for score in result.scores if score.id == "kl.bands")
    assert kl.n == 36
    assert kl.interval is not None
    assert kl.interval.groups == 12


def test_each_sound_has_a_record_of_its_own_beside_the_result(runs: Runs) -> None:
    (done,) = runs.finished(sounding(), model="clicking", tasks=("clicks",))
    lines = [json.loads(line) for line in done.path.with_suffix(".records.jsonl").read_text().splitlines()]
    assert [line["clip"] for line in lines] == sorted(line["clip"] for line in lines)
    mean = np.mean([line["values"]["kl.bands"] for line in lines])
    assert mean == pytest.approx(values(done.result)["kl.bands"])
    assert sum(line["onsets"]["0.1"]["true"] for line in lines) > 12


def test_the_cosine_with_the_picture_is_that_of_a_model_that_has_both_halves(runs: Runs) -> None:
    seen = generated(runs, tasks=("clicks-seen",))
    assert -1 <= values(seen)["av-similarity.gmscavp"] <= 1
    assert seen.networks["gmscavp"]["config"] == "small"


def test_in_stereo_place_is_measured_too(runs: Runs) -> None:
    assert values(generated(runs, tasks=("clicks-stereo",)))["pan.error"] == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("task", ["clicks", "clicks-centred"])
def test_a_constant_in_a_sound_is_heard_unless_the_protocol_takes_the_mean_off(runs: Runs, task: str) -> None:
    plain, lifted = (
        values(generated(runs, sounding(spoil), tasks=(task,))) for spoil in ("pass", "samples += 0.25")
    )
    for id in ("fad.bands", "kl.bands"):
        assert (lifted[id] == pytest.approx(plain[id], rel=1e-2)) == (task == "clicks-centred")


SPOILT = {
    "not-finite": "samples[[c.id for c in clips].index('clip1.mp4')] = float('nan') "
    "if any(c.id == 'clip1.mp4' for c in clips) else 0.0",
    "too-short": "return [AudioBatch(samples=samples[i:i+1, :, : RATE if c.id == 'clip1.mp4' else None], "
    "sample_rate=RATE, clips=(c,)) for i, c in enumerate(clips)]",
    "no-output": "return [MediaError('no-output', 'Nothing.') if c.id == 'clip1.mp4' else "
    "AudioBatch(samples=samples[i:i+1], sample_rate=RATE, clips=(c,)) for i, c in enumerate(clips)]",
    "model": "assert not any(c.id == 'clip1.mp4' for c in clips), 'not this one'",
}


@pytest.mark.parametrize("reason", ["too-short", "no-output", "model"])
def test_a_clip_without_a_usable_sound_is_left_out_under_its_reason(runs: Runs, reason: str) -> None:
    result = generated(runs, sounding(SPOILT[reason]))
    assert result.coverage.reasons == {reason: ("clip1.mp4",)}
    assert {score.n for score in result.scores if score.id.startswith("kl")} == {11}
    assert result.coverage.partial


def test_a_clip_without_a_sound_of_its_own_is_left_out_before_anything_is_made_for_it(
    runs: Runs, tmp_path: Path, flashes: Path
) -> None:
    folder = tmp_path / "clips"
    shutil.copytree(flashes, folder)
    write_clip(
        folder / "mute.mp4",
        frames=np.zeros((112, 32, 32, 3), np.uint8),
        fps=FPS,
        samples=None,
        sample_rate=RATE,
    )
    result = generated(runs, data_root=folder)
    assert result.coverage.reasons == {"no-audio": ("mute.mp4",)}
    assert result.coverage.evaluated == 12


def test_a_clip_whose_own_sound_holds_nan_is_left_out(runs: Runs, tmp_path: Path, flashes: Path) -> None:
    folder = tmp_path / "clips"
    shutil.copytree(flashes, folder)
    frames = [(number / FPS, numbered_frame(number)) for number in range(112)]
    samples = np.full((1, 5 * RATE), 0.1, np.float32)
    samples[0, RATE] = np.nan
    mux(folder / "holed.mov", frames=frames, sound=[(0.0, samples)], audio_codec="pcm_f32le")
    result = generated(runs, data_root=folder)
    assert result.coverage.reasons == {"not-finite": ("holed.mov",)}


def test_a_model_that_returns_something_else_ends_the_run(runs: Runs) -> None:
    with pytest.raises(ModelError, match="samples of shape"):
        generated(runs, sounding("samples = samples[:, 0]"))
    with pytest.raises(ModelError, match="failed on every clip"):
        generated(runs, sounding("raise ValueError('no')"))


def test_an_embedder_that_cannot_be_had_takes_nothing_else_down(runs: Runs) -> None:
    source = sounding().replace("license=", "requires=('nowhere_to_be_found',), license=")
    result = generated(runs, source)
    assert "onset.f1@0.1" in values(result)
    assert not any(score.id.startswith("fad") for score in result.scores)
    assert any("nowhere_to_be_found" in note for note in result.notes)


def test_an_embedder_that_the_user_names_is_added(runs: Runs) -> None:
    source = sounding().replace('embedders=("bands",), ', "")
    assert "fad.bands" not in values(generated(runs, source))
    assert "fad.bands" in values(generated(runs, source, embedders={"bands": None}))


def test_weights_that_the_user_gives_are_used_or_end_the_run_before_anything_is_made(
    tmp_path: Path, flashes: Path
) -> None:
    runs, wrong = Runs(tmp_path, flashes), tmp_path / "wrong.pth"
    wrong.write_bytes(b"weights")
    with pytest.raises(ModelError, match="not those of its record: their SHA-256"):
        generated(runs, embedders={"vggish": wrong})
    with pytest.raises(ModelError, match="has no weights: there is no file"):
        generated(runs, embedders={"vggish": tmp_path / "nowhere.pth"})
    assert runs.said == []


def test_the_audio_half_of_a_model_is_an_embedder(runs: Runs) -> None:
    result = generated(runs, embedders={"model:gmscavp": None})
    assert "fad.model:gmscavp" in values(result)
    assert result.networks["model:gmscavp"]["model.config"] == "small"


def test_one_clip_has_what_is_its_own_and_no_distance_between_sets_of_one_recording(
    runs: Runs, tmp_path: Path, flashes: Path
) -> None:
    folder = tmp_path / "one"
    folder.mkdir()
    shutil.copy(flashes / "clip3.mp4", folder)
    result = generated(runs, data_root=folder)
    assert "kl.bands" in values(result)
    assert [score.id for score in result.scores if score.interval] == []
    absent = {row.model: row.unavailable for row in result.scale_rows if row.unavailable}
    assert absent["truth-halves"] == "It needs two recordings at least."
    assert absent["shuffled-truth"] == "It needs two clips at least."
