"""Sounds judged beside their pictures: by AV-Align, by a plugin's judge, by a model that scores alignment."""

import importlib.util
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from avbench.errors import UnknownName, UsageError
from avbench.media.encode import write_clip
from avbench.results.document import RunResult
from avbench.results.provenance import spec_digest
from avbench.tasks.specs import TASKS
from tests.running import Runs, stable
from tests.runs.sounding import FPS, RATE, SECONDS, sounding, write_flashes

JUDGES = (
    sounding()
    + """

from avbench import AudioInput, Criterion, JudgeRecord, Sight


LOG = ""


def note(what):
    if LOG:
        with open(LOG, "a") as file:
            file.write(what + "\\n")


class Watching:
    def see(self, video):
        note("seen")
        light = video.pixels().mean(dim=(0, 2, 3, 4))
        frames = (light[1:] - light[:-1] > 0.2).nonzero()[:, 0] + 1
        return {"rises": (frames.double() / video.fps).numpy()}

    def hear(self, audio):
        note("heard")
        loud = audio.samples[0, 0].abs().unfold(0, 160, 160).amax(1)
        first = ((loud[1:] > 0.05) & (loud[:-1] <= 0.05)).nonzero()[:, 0]
        return {"starts": first.double().add(1).mul(0.01).numpy()}

    def judge(self, seen, heard):
        if not len(heard["starts"]):
            return {"sync.watched": MediaError("silent", "Nothing is heard.")}
        late = [min(abs(start - rise) for rise in seen["rises"]) for start in heard["starts"]]
        return {"sync.watched": float(sum(late) / len(late))}


class Accepting:
    def alignment_scores(self, video, audio):
        note("asked")
        assert video.frames.shape[2:] == (3, 16, 16) and audio.samples.shape[2] == 4 * 8000
        light = video.pixels().mean(dim=(2, 3, 4))
        loud = audio.samples[:, 0].square().unflatten(1, (light.shape[1], -1)).mean(2)
        pairs = [torch.stack(pair) for pair in zip(light, loud)]
        return torch.stack([torch.corrcoef(pair)[0, 1].nan_to_num() for pair in pairs]) - 0.3


@hookimpl
def avbench_judges():
    lateness = Criterion(id="sync.watched", unit="s", higher_is_better=False, chance=0.25)
    like = {"summary": "Rises of light.", "sample_rate": 16000, "license": "MIT",
            "sight": Sight(short_side=32, fps=25), "load": lambda device, weights: Watching()}
    return [JudgeRecord(name="watching", criteria=(lateness,), sees=("rises",), hears=("starts",),
                        notes="It watches.", **like),
            JudgeRecord(name="patient", criteria=(), shortest=4.8, **like)]
"""
).replace(
    """                    capabilities=("generation",), scale_row=True),
""",
    """                    capabilities=("generation",), scale_row=True),
        ModelRecord(name="choosy", summary="Takes what flashes when it sounds.",
                    load=lambda device: Accepting(), capabilities=("alignment",),
                    inputs=ModelInputs(video=inputs.video, audio=AudioInput(sample_rate=8000))),
""",
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    folder = tmp_path_factory.mktemp("flashes")
    write_flashes(folder, 6)
    return Runs(tmp_path_factory.mktemp("runs"), folder)


def judged(runs: Runs, *judges: str, source: str | Path = JUDGES, **options) -> RunResult:
    asked = {"model": "clicking", "tasks": ("clicks",), "judges": dict.fromkeys(judges)}
    return runs.result(source, **(asked | options))


def values(result: RunResult, row: str = "") -> dict[str, float]:
    scores = next(each.scores for each in result.scale_rows if each.model == row) if row else result.scores
    return {score.id: score.value for score in scores}


def test_a_judge_tells_the_right_sound_from_the_wrong_one_and_the_truth_is_its_floor(runs: Runs) -> None:
    result = judged(runs, "watching")
    made, truth, shuffled = (values(result, row)["sync.watched"] for row in ("", "truth", "shuffled-truth"))
    assert made < 0.05 > truth
    assert shuffled > 0.1
    (score,) = (each for each in result.scores if each.id == "sync.watched")
    assert (score.n, score.unit, score.higher_is_better, score.chance) == (6, "s", False, 0.25)
    assert score.interval is not None
    assert score.interval.groups == 6
    assert set(values(result, "truth")) == {"sync.watched"}
    assert "It watches." in result.notes
    assert result.networks["judge watching"]["judge"] == "watching"


def test_what_cannot_be_judged_is_counted_under_its_reason_and_scores_nothing(runs: Runs) -> None:
    result = judged(runs, "watching", model="still", tasks=("clicks",))
    assert "sync.watched" not in values(result)
    assert "sync.watched is not defined for any sound (6 silent)." in result.notes


def noting(runs: Runs, folder: Path) -> tuple[Runs, Path, Path]:
    """Return runs with a store of their own, a plugin that notes what it is asked for, and its notes."""
    apart, log = Runs(folder, runs.clips), folder / "log"
    return apart, apart.plugin(JUDGES.replace('LOG = ""', f"LOG = {str(log)!r}")), log


def test_each_picture_is_seen_and_each_sound_heard_once_for_all_rows_and_runs(
    runs: Runs, tmp_path: Path
) -> None:
    apart, plugin, log = noting(runs, tmp_path)
    first = judged(apart, "watching", source=plugin)
    # The clips' own sounds, those made for them, and silence, which is one sound.
    assert Counter(log.read_text().split()) == {"seen": 6, "heard": 6 + 6 + 1}
    assert stable(judged(apart, "watching", source=plugin)) == stable(first)
    assert Counter(log.read_text().split()) == {"seen": 6, "heard": 6 + 6 + 1}


def test_a_model_that_scores_alignment_accepts_a_share_of_the_sounds(runs: Runs) -> None:
    result = judged(runs, "choosy")
    made, truth, shuffled, still = (
        values(result, row)["align.acceptance.choosy"] for row in ("", "truth", "shuffled-truth", "still")
    )
    assert (made, truth, still) == (1.0, 1.0, 0.0)
    assert shuffled < 0.5
    assert any("align.acceptance is the share of sounds that choosy accepts" in note for note in result.notes)


def test_what_was_accepted_is_kept(runs: Runs, tmp_path: Path) -> None:
    apart, plugin, log = noting(runs, tmp_path)
    for _ in range(2):
        judged(apart, "choosy", source=plugin)
        # Each clip with what was made for it, its own sound, another's, and silence.
        assert log.read_text().split() == ["asked"] * 6 * 4


def test_a_judge_that_a_task_is_too_short_for_is_named_and_stops_nothing(runs: Runs) -> None:
    result = judged(runs, "patient")
    assert any(
        note.startswith("Nothing is judged by patient: It judges clips of 4.8 s and more, not of 4 s.")
        for note in result.notes
    )
    assert "kl.bands" in values(result)


def test_a_judge_that_is_not_there_or_is_none_is_an_error_before_anything_is_made(runs: Runs) -> None:
    with pytest.raises(UnknownName, match="There is no judge named 'watchin'"):
        judged(runs, "watchin")
    with pytest.raises(UsageError, match="The model 'clicking' does not judge sounds"):
        judged(runs, "clicking")


def test_without_judges_a_run_is_what_it_was(runs: Runs) -> None:
    result = judged(runs)
    assert not any(each.id.startswith(("sync", "align")) for each in result.scores)
    assert "truth" not in {row.model for row in result.scale_rows}


def test_a_spec_that_names_no_judge_has_the_digest_it_had_before_there_were_any() -> None:
    (spec,) = (each for each in TASKS if each.name == "avsynth-v2a")
    boards = Path(__file__).parents[2] / "leaderboards"
    kept = {
        json.loads(path.read_text())["task"]["digest"]
        for path in boards.rglob("*.json")
        if "v2a" in str(path)
    }
    assert spec_digest(spec) in kept


@pytest.fixture(scope="module")
def jumping(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Clips of a texture that jumps, with a burst of noise at every jump; one that stands still, silent."""
    pytest.importorskip("cv2", reason="optical flow is avbench[flow]")
    folder, random = tmp_path_factory.mktemp("jumping"), np.random.default_rng(0)
    for clip in range(3):
        rough = random.integers(0, 256, (16, 16, 3), np.uint8).repeat(8, 0).repeat(8, 1)
        samples = 1e-4 * random.normal(size=(1, round(SECONDS * RATE))).astype(np.float32)
        jumps = np.arange(8, 96, 17 + 4 * clip) if clip else np.arange(0)
        for jump in jumps:
            at = round(jump / FPS * RATE)
            burst = 0.3 * random.normal(size=1500) * np.linspace(1, 0, 1500)
            samples[0, at : at + 1500] += burst.astype(np.float32)
        places = np.cumsum(np.isin(np.arange(round(SECONDS * FPS)), jumps)) * 4
        frames = np.stack([np.roll(rough, place, 1) for place in places])
        write_clip(
            folder / f"clip{clip}.mp4",
            frames=frames,
            fps=FPS,
            samples=samples if clip else 0 * samples,
            sample_rate=RATE,
        )
    return Runs(tmp_path_factory.mktemp("runs"), folder)


def test_jumps_and_bursts_are_aligned_and_those_of_another_clip_are_less(jumping: Runs) -> None:
    result = judged(jumping, "av-align")
    truth, shuffled = values(result, "truth"), values(result, "shuffled-truth")
    assert truth["sync.av-align-2025"] == pytest.approx(1)
    assert shuffled["sync.av-align-2025"] < 0.5
    assert shuffled["sync.av-align-2023"] < truth["sync.av-align-2023"]
    assert result.networks["judge av-align"]["cv2"]


def test_where_nothing_moves_and_nothing_sounds_there_is_no_score(jumping: Runs) -> None:
    result = judged(jumping, "av-align", model="still")
    # Without its floor the older rule takes what the codec did to a still picture for motion.
    assert {score.id: score.n for score in result.scores if score.id.startswith("sync")} == {
        "sync.av-align-2023": 3,
        "sync.av-align-2025": 2,
    }
    assert "sync.av-align-2025 is not defined for 1 of 3 sounds (1 no-peaks)." in result.notes


def test_without_opencv_a_note_says_what_to_install(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name, *more: None if name == "cv2" else found(name, *more)
    )
    result = judged(runs, "av-align")
    (note,) = (note for note in result.notes if note.startswith("Nothing is judged by av-align"))
    assert "needs what is not installed: cv2" in note
    assert "pip install 'avbench[flow]'" in note
    assert "kl.bands" in values(result)
