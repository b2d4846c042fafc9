"""Offset tasks on real media: found, masked, refused, kept; each clip once, however many offsets."""

import json
from pathlib import Path

import numpy as np
import pytest

from avbench.clips import REASONS
from avbench.errors import ModelError
from avbench.media.encode import write_clip
from avbench.specs import OffsetProtocol
from avbench.tasks.shifts import true_offsets
from tests.running import Runs, stable
from tests.runs.appearing import FPS, RATE, SECONDS, finder, tokens, tone, write_appearing, write_folder

TASK = ("folder-sync",)
INSTANTS = (2.1, 2.24, 2.36, 2.5, 2.6, 2.72, 2.84)
PROTOCOL = OffsetProtocol(window=3.0, reach=1.0, shifts="folder-sync")


@pytest.fixture(scope="module")
def appearing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("sync") / "clips", INSTANTS)


def value(result, score_id: str) -> float:
    score = result.score(score_id)
    assert score is not None
    return score.value


@pytest.mark.parametrize("source", [finder(), tokens(25.0), tokens(12.5)], ids=["own", "25 Hz", "12.5 Hz"])
def test_a_model_that_looks_and_listens_finds_every_offset(runs: Runs, appearing: Path, source: str) -> None:
    result = runs.result(source, tasks=TASK, data_root=appearing)

    assert value(result, "offset.top1") == 1.0
    assert value(result, "offset.mean-error") == pytest.approx(0.0)
    assert value(result, "offset.auc-corrected") == pytest.approx(1.0)
    assert result.coverage.complete
    assert any("decoder's own offset" in note for note in result.notes)


def test_every_clip_s_offset_and_scores_are_in_the_records(runs: Runs, appearing: Path) -> None:
    (done,) = runs.finished(finder(), tasks=TASK, data_root=appearing)
    lines = [json.loads(line) for line in done.path.with_suffix(".records.jsonl").read_text().splitlines()]

    ids = [line["clip"] for line in lines]
    assert {line["clip"]: line["offset"] for line in lines} == true_offsets(PROTOCOL, ids)
    assert len(ids) == len(INSTANTS)
    assert all(len(line["scores"]) == 11 and line["estimated"] == [line["offset"]] for line in lines)


def test_a_second_run_computes_nothing_and_says_the_same(runs: Runs, appearing: Path, decoded: list) -> None:
    plugin = runs.plugin(finder())
    first = runs.result(plugin, tasks=TASK, data_root=appearing)
    # Once for the masks, once for the picture from where it is compared, once for all the sound.
    assert len(decoded) == 3 * len(INSTANTS)
    decoded.clear()

    again = runs.result(plugin, tasks=TASK, data_root=appearing)
    assert stable(again) == stable(first)
    assert decoded == []
    assert (again.run.reused, again.run.computed) == (len(INSTANTS), 0)

    runs.result(tokens(), tasks=TASK, data_root=appearing)
    assert len(decoded) == 2 * len(INSTANTS)  # what can be seen and heard is known


def test_clips_without_anything_to_find_are_masked_and_the_run_is_whole(runs: Runs, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "clips", INSTANTS[:3])
    count = round(SECONDS * FPS)
    moving = [np.full((32, 32, 3), 255 * (k // 10 % 2), np.uint8) for k in range(count)]
    still = [np.full((32, 32, 3), 90, np.uint8)] * count
    noise = np.random.default_rng(0).normal(0, 0.1, (1, round(SECONDS * RATE))).astype(np.float32)
    files = {
        "silent.mp4": (moving, np.zeros_like(noise)),
        "still.mp4": (still, tone(2.5)),
        "humming.mp4": (moving, tone(0.0)),
        "hissing.mp4": (moving, noise),
    }
    for name, (frames, samples) in files.items():
        write_clip(folder / name, frames=frames, fps=FPS, samples=samples, sample_rate=RATE)

    (done,) = runs.finished(finder(), tasks=TASK, data_root=folder, fail_on_error=0)
    coverage = done.result.coverage

    assert coverage.masked == {
        "no-onsets": ("hissing.mp4", "humming.mp4"),
        "silent": ("silent.mp4",),
        "still": ("still.mp4",),
    }
    assert coverage.masked.keys() <= REASONS.keys()
    assert (coverage.asked, coverage.evaluated, coverage.reasons) == (7, 3, {})
    assert coverage.complete
    assert done.over_budget is None
    told = map(json.loads, done.path.with_suffix(".left-out.jsonl").read_text().splitlines())
    assert {line["clip"] for line in told} == files.keys()


def test_a_clip_that_is_too_short_is_a_failure_whatever_its_offset(runs: Runs, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "clips", INSTANTS[:2])
    for number in range(5):
        write_appearing(folder / f"short{number}.mp4", seconds=4.8)

    coverage = runs.result(finder(), tasks=TASK, data_root=folder).coverage

    assert coverage.reasons == {"too-short": tuple(f"short{number}.mp4" for number in range(5))}
    assert coverage.partial


@pytest.mark.parametrize("bad", ["nan", "inf"])
def test_scores_that_are_no_numbers_leave_the_clip_out(runs: Runs, appearing: Path, bad: str) -> None:
    spoilt = f"""
    whole = offset_scores
    def offset_scores(self, video, audio):
        scores = self.whole(video, audio)
        for row, clip in enumerate(audio.clips):
            if clip.id == "clip03.mp4":
                scores[row, 2] = float("{bad}")
        return scores
"""
    coverage = runs.result(finder(spoilt), tasks=TASK, data_root=appearing).coverage

    assert coverage.reasons == {"model": ("clip03.mp4",)}
    assert coverage.evaluated == len(INSTANTS) - 1


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        (tokens(2.0), "2 tokens a second; a grid of 0.2 s needs 2.5"),
        (tokens(25.0, 20.0), "25 tokens of picture a second and 20 of sound"),
        (tokens().replace("torch.stack([parts, 1 - parts], -1)", "parts"), "sliding tokens"),
        (finder().replace("late[:, None]).abs()", "late[:, None])[:, 1:]"), "for each offset"),
        (finder().replace("def offset_scores", "def offset_score"), "no method offset_scores"),
    ],
    ids=["coarse", "unlike rates", "one vector", "one offset short", "no method"],
)  # fmt: skip
def test_a_model_that_cannot_be_scored_is_told_why(
    runs: Runs, appearing: Path, source: str, complaint: str
) -> None:
    with pytest.raises(ModelError, match=complaint):
        runs.result(source, tasks=TASK, data_root=appearing)


def test_a_clip_is_scored_alike_alone_and_among_others(runs: Runs, appearing: Path) -> None:
    def scores(batch_size: int) -> list:
        (done,) = runs.finished(tokens(), tasks=TASK, data_root=appearing, batch_size=batch_size)
        return [
            json.loads(line)["scores"]
            for line in done.path.with_suffix(".records.jsonl").read_text().splitlines()
        ]

    assert np.array(scores(1)) == pytest.approx(np.array(scores(4)), abs=1e-6)
