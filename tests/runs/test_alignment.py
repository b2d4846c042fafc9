"""Alignment on real media: pairs as they were drawn, judged, masked, left out, kept."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from avbench.boards.comparison import compare_results, paired_test
from avbench.boards.ranking import board, read_entries, told_apart
from avbench.errors import DataError, ModelError, PluginError
from avbench.media.encode import write_clip
from avbench.metrics import alignment
from avbench.results import archive
from avbench.specs import AlignmentProtocol
from avbench.tasks.alignment import AlignmentRecord
from avbench.tasks.pairs import Pair, drawn_pairs
from tests.running import Runs, stable
from tests.runs.appearing import FPS, RATE, tone

WINDOW, LARGEST, SECONDS = 2.0, 0.6, 3.2
PROTOCOL = AlignmentProtocol(window=WINDOW, smallest=0.3, largest=LARGEST, pairs="appearing")
# Apart by a multiple of 0.16 s, so that two clips are never in time with each other.
INSTANTS = tuple(1.24 + 0.08 * k for k in range(10))
MASKED = 1.0
SOURCE = """
import torch
from avbench import (
    AlignmentProtocol, AudioInput, ModelInputs, ModelRecord, TaskSpec, VideoInput, hookimpl,
)

class Model:
    def alignment_scores(self, video, audio):
        light = video.frames.float().mean((2, 3, 4))
        seen = ((light > 127).float().argmax(1) - 0.5) / video.fps
        heard = (audio.samples[:, 0].abs() > 0.05).float().argmax(1) / audio.sample_rate
        return 0.04 - (seen - heard).abs()
{changed}

@hookimpl
def avbench_models():
    return [ModelRecord(
        name="seeing", summary="Looks for what appears.", load=lambda device: Model(),
        inputs=ModelInputs(video=VideoInput(fps=25, height=32, width=32),
                           audio=AudioInput(sample_rate=16_000)),
        capabilities=("alignment",))]

@hookimpl
def avbench_tasks():
    return [TaskSpec(
        name="appearing", dataset="folder", seconds={seconds}, version=1, summary="",
        protocol=AlignmentProtocol(window=2.0, smallest=0.3, largest={largest}, pairs="appearing"),
        scale_rows=("random", "oracle"))]
"""


def judge(changed: str = "", *, seconds: float = SECONDS, largest: float = LARGEST) -> str:
    return SOURCE.format(changed=changed, seconds=seconds, largest=largest)


@pytest.fixture(scope="module")
def appearing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("alignment")
    for number, instant in enumerate(INSTANTS):
        write(folder / f"clip{number}.mp4", instant)
    return folder


def write(path: Path, instant: float, *, seconds: float = SECONDS) -> None:
    """Write a clip: black and silent, then white, with a tone, from an instant on."""
    first = round(instant * FPS)
    frames = (np.full((32, 32, 3), 255 * (k >= first), np.uint8) for k in range(round(seconds * FPS)))
    write_clip(path, frames=frames, fps=FPS, samples=tone(first / FPS, seconds), sample_rate=RATE)


def pairs_of(ids) -> dict[str, Pair]:
    return drawn_pairs(PROTOCOL, {each: each for each in ids})


def records(done) -> list[dict]:
    return [json.loads(line) for line in done.path.with_suffix(".records.jsonl").read_text().splitlines()]


def values(result) -> dict[str, float]:
    return {each.id: each.value for each in result.scores}


def test_a_judge_that_looks_and_listens_tells_all_pairs_apart(runs: Runs, appearing: Path) -> None:
    (done,) = runs.finished(judge(), tasks=("appearing",), data_root=appearing)

    assert values(done.result) == dict.fromkeys(
        (
            "align.accuracy", "align.acceptance", "align.accuracy@shifted", "align.accuracy@other",
            "align.balanced", "align.auroc",
        ),
        1.0,
    )  # fmt: skip
    assert done.result.coverage.complete
    told = records(done)
    drawn = pairs_of(each["clip"] for each in told)
    assert {
        each["clip"]: Pair(kind=each["kind"], sound=each["sound"], shift=each["shift"]) for each in told
    } == drawn
    assert {pair.kind for pair in drawn.values()} == {"true", "shifted", "other"}


def test_a_pair_is_given_as_it_was_drawn_to_the_frame(runs: Runs, appearing: Path) -> None:
    said = "\n        return heard - seen\n"
    (done,) = runs.finished(
        judge().replace("\n        return 0.04 - (seen - heard).abs()\n", said),
        tasks=("appearing",),
        data_root=appearing,
    )
    instants = {f"clip{number}.mp4": round(each * FPS) / FPS for number, each in enumerate(INSTANTS)}

    for each in records(done):
        late = instants[each["sound"]] - instants[each["clip"]] + each["shift"]
        assert each["logit"] == pytest.approx(late, abs=0.5 / FPS + 0.002), each


def test_random_is_no_judge_and_the_oracle_says_that_it_has_no_truth(runs: Runs, appearing: Path) -> None:
    rows = {
        row.model: row for row in runs.result(judge(), tasks=("appearing",), data_root=appearing).scale_rows
    }

    random = {each.id: each.value for each in rows["random"].scores}
    assert 0 < random["align.accuracy"] < 1
    assert "no truth" in rows["oracle"].unavailable


def test_a_second_run_computes_nothing_and_says_the_same(runs: Runs, appearing: Path, decoded: list) -> None:
    plugin = runs.plugin(judge())
    first = runs.result(plugin, tasks=("appearing",), data_root=appearing)
    assert len(decoded) == 3 * len(INSTANTS)  # for the masks, the picture and the sound
    decoded.clear()

    again = runs.result(plugin, tasks=("appearing",), data_root=appearing)
    assert stable(again) == stable(first)
    assert decoded == []
    assert (again.run.reused, again.run.computed) == (len(INSTANTS), 0)


def test_a_clip_without_a_sound_takes_those_along_that_borrow_it(
    runs: Runs, appearing: Path, tmp_path: Path
) -> None:
    ids = [path.name for path in sorted(appearing.iterdir())]
    lender = next(pair.sound for pair in pairs_of(ids).values() if pair.kind == "other")
    for path in appearing.iterdir():
        (tmp_path / "clips").mkdir(exist_ok=True)
        (tmp_path / "clips" / path.name).write_bytes(b"" if path.name == lender else path.read_bytes())

    (done,) = runs.finished(judge(), tasks=("appearing",), data_root=tmp_path / "clips")
    borrowers = {clip for clip, pair in pairs_of(ids).items() if pair.sound == lender} | {lender}
    lines = done.path.with_suffix(".left-out.jsonl").read_text().splitlines()

    assert done.result.coverage.reasons == {"empty": tuple(sorted(borrowers))}
    assert sum("Its sound is that of" in line for line in lines) == len(borrowers - {lender})
    assert done.result.coverage.evaluated == len(INSTANTS) - len(borrowers)


def test_clips_in_which_nothing_happens_are_masked(runs: Runs, appearing: Path, tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    folder.mkdir()
    for path in appearing.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    write(folder / "late.mp4", SECONDS + 1)

    coverage = runs.result(judge(), tasks=("appearing",), data_root=folder).coverage

    assert coverage.masked == {"silent": ("late.mp4",)}
    assert coverage.complete


def test_a_logit_that_is_no_number_leaves_the_pair_out(runs: Runs, appearing: Path) -> None:
    spoilt = """
    whole = alignment_scores
    def alignment_scores(self, video, audio):
        scores = self.whole(video, audio)
        scores[[clip.id == "clip3.mp4" for clip in video.clips]] = float("nan")
        return scores
"""
    coverage = runs.result(judge(spoilt), tasks=("appearing",), data_root=appearing).coverage

    assert coverage.reasons == {"model": ("clip3.mp4",)}


def test_a_judge_that_never_says_a_number_ends_the_run(runs: Runs, appearing: Path) -> None:
    silent = judge().replace("0.04 - (seen - heard).abs()", "(seen - heard) / 0 * 0")

    with pytest.raises(ModelError, match="failed on every clip: alignment_scores returned NaN or infinity"):
        runs.result(silent, tasks=("appearing",), data_root=appearing)


@pytest.mark.parametrize(
    ("source", "error", "complaint"),
    [
        (judge().replace(".abs()\n", ".abs()[:, None]\n"), ModelError, "a logit for each clip"),
        (judge().replace("def alignment_scores", "def scores"), ModelError, "no method alignment_scores"),
        (judge(seconds=3.0), PluginError, "its protocol needs 3.2 s"),
        (judge(largest=0.2, seconds=2.4), PluginError, "shifts of 0.3 to 0.2 s"),
    ],
    ids=["shape", "no method", "window", "shifts"],
)  # fmt: skip
def test_what_cannot_be_scored_is_told_why(
    runs: Runs, appearing: Path, source: str, error: type, complaint: str
) -> None:
    with pytest.raises(error, match=complaint):
        runs.result(source, tasks=("appearing",), data_root=appearing)


def test_one_recording_alone_has_no_other_sound(runs: Runs, tmp_path: Path) -> None:
    name = next(f"{k}.mp4" for k in range(40) if pairs_kind(f"{k}.mp4") == "other")
    (tmp_path / "clips").mkdir()
    write(tmp_path / "clips" / name, 1.4)

    with pytest.raises(DataError, match="another recording's sound"):
        runs.result(judge(), tasks=("appearing",), data_root=tmp_path / "clips")


def pairs_kind(name: str) -> str:
    from avbench.tasks.pairs import drawn_kind

    return drawn_kind(PROTOCOL, name)


def test_two_judges_are_compared_pair_by_pair(runs: Runs, appearing: Path) -> None:
    deaf = judge().replace("0.04 - (seen - heard).abs()", "seen + 1")
    (one,), (two,) = (
        runs.finished(each, tasks=("appearing",), data_root=appearing) for each in (judge(), deaf)
    )

    found = {each.score.id: each for each in compare_results(one.path, two.path, seed=0)}

    accuracy = found["align.accuracy"]
    assert accuracy.test.difference == pytest.approx(1 - accuracy.other)
    assert set(found) == set(values(one.result))
    for name in ("align.balanced", "align.auroc"):
        assert found[name].test.difference == pytest.approx(
            values(one.result)[name] - values(two.result)[name]
        )


def test_a_board_marks_what_pairs_do_not_tell_apart(runs: Runs, appearing: Path) -> None:
    kinder = judge().replace("0.04 - (seen", "0.05 - (seen")
    for each in (judge(), kinder):
        runs.finished(each, tasks=("appearing",), data_root=appearing, output=runs.folder / "two")
    entries, _ = read_entries(runs.folder / "two")
    found = board(entries)
    best, other = found.rows

    assert not any(told_apart(column, other, best) for column in found.columns())


def test_results_on_other_clips_are_compared_on_the_pairs_that_both_have(
    runs: Runs, appearing: Path, tmp_path: Path
) -> None:
    (whole,) = runs.finished(judge(), tasks=("appearing",), data_root=appearing)
    given = archive.read_records(whole.path, whole.result.records_sha256, AlignmentRecord)
    fewer = [replace(each, logit=-each.logit) for each in given[2:]]
    strangers = [replace(fewer[0], sound="elsewhere.mp4")]

    score = whole.result.score("align.auroc")
    found = paired_test(score, score, given, [*fewer[1:], *strangers])

    shared = [each for each in given[2:] if each.clip != fewer[0].clip]
    true = [each.kind == "true" for each in shared]
    expected = [alignment.auroc([sign * each.logit for each in shared], true) for sign in (1, -1)]
    assert found.difference == pytest.approx(expected[0] - expected[1])
