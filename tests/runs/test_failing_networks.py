"""Judges and embedders that fail at a clip: it is left out of their numbers, and everything else stays."""

from pathlib import Path

import pytest

from avbench.errors import ModelError
from avbench.results import archive
from avbench.tasks.generation_pairs import SoundRecord
from tests.running import Runs
from tests.runs.sounding import sounding, write_flashes
from tests.runs.test_judging import JUDGES, judged, runs, values

__all__ = ["runs"]

LAST = "clip5.mp4"
FAILURES = {
    "nan": (
        "float(sum(late) / len(late))",
        "float('nan') if {last} else 0.1",
        "returned nan for sync.watched",
    ),
    "none": ("float(sum(late) / len(late))", "None if {last} else 0.1", "returned None for sync.watched"),
    "judge": (
        "if not len(heard",
        "if {last}: raise OSError('boom')\n        if not len(heard",
        "OSError: boom",
    ),
    "see": ('note("seen")', "if video.clips[0].id == 'clip5.mp4': raise OSError('boom')", "OSError: boom"),
}


@pytest.mark.parametrize("where", FAILURES)
def test_what_a_judge_fails_at_costs_that_number_of_that_clip(runs: Runs, tmp_path: Path, where: str) -> None:
    old, new, said = FAILURES[where]
    last = "abs(float(seen['rises'][0]) - LAST) < 0.01"
    rises = write_flashes(tmp_path / "flashes", 6)
    source = JUDGES.replace(old, new.format(last=last)).replace(
        'LOG = ""', f'LOG = ""\nLAST = {rises[LAST][0]}'
    )
    whole, result = judged(runs), judged(Runs(tmp_path, runs.clips), "watching", source=source)

    (score,) = (each for each in result.scores if each.id == "sync.watched")
    same = [clip for clip, times in rises.items() if where != "see" and times[0] == rises[LAST][0]] or [LAST]
    assert score.n == 6 - len(same)
    lost = f"sync.watched is not defined for {len(same)} of 6 sounds ({len(same)} model; "
    assert any(note.startswith(lost) and said in note for note in result.notes)
    scores = {each.id: each for each in result.scores}
    assert {each.id: scores[each.id] for each in whole.scores} == {each.id: each for each in whole.scores}
    assert result.coverage.evaluated == 6


def test_a_judge_that_cannot_be_loaded_says_so_once_and_stops_nothing(runs: Runs, tmp_path: Path) -> None:
    log = tmp_path / "log"
    source = JUDGES.replace('LOG = ""', f"LOG = {str(log)!r}").replace(
        "def see(self, video):",
        "def __init__(self):\n        note('loaded')\n        1 / 0\n\n    def see(self, video):",
    )
    result = judged(Runs(tmp_path, runs.clips), "watching", source=source)
    assert log.read_text() == "loaded\n"
    (note,) = (note for note in result.notes if note.startswith("sync.watched"))
    assert note.startswith("sync.watched is not defined for any sound (6 model; ")
    assert "ZeroDivisionError" in note
    assert "kl.bands" in values(result)
    (row,) = (row for row in result.scale_rows if row.model == "truth")
    assert row.unavailable == "None of its numbers can be measured here."


@pytest.mark.parametrize("fault", ["raise OSError('boom')", "rows = rows * float('nan')"])
def test_what_an_embedder_fails_at_costs_its_numbers_of_that_clip(
    runs: Runs, tmp_path: Path, fault: str
) -> None:
    calls = "        Bands.calls = getattr(Bands, 'calls', 0) + 1\n"
    # The clips' own sounds are heard first, one by one.
    source = sounding().replace(
        "        return Heard(",
        f"{calls}        if Bands.calls == 2:\n            {fault}\n        return Heard(",
    )
    (finished,) = Runs(tmp_path, runs.clips).finished(source, model="clicking", tasks=("clicks",))
    result = finished.result
    counts = {score.id: score.n for score in result.scores}
    assert (counts["kl.bands"], counts["onset.f1@0.1"], counts["envelope.correlation"]) == (5, 6, 6)
    assert counts["fad.bands"] == 5 * counts["onset.f1@0.1"] * 31 // 6
    (note,) = (
        note for note in result.notes if note.startswith("bands heard nothing in 1 of 6 clips (1 model; ")
    )
    assert note.endswith("its numbers are without them.")
    assert result.coverage.complete
    kept = archive.read_records(finished.path, result.records_sha256, SoundRecord)
    assert [len(each.without) for each in kept] == [1, 0, 1, 1, 1, 1]


def test_an_embedder_that_fails_at_every_clip_costs_its_numbers_alone(runs: Runs, tmp_path: Path) -> None:
    source = sounding().replace("        return Heard(", "        1 / 0\n        return Heard(")
    result = judged(Runs(tmp_path, runs.clips), source=source)
    assert not any("bands" in score.id for score in result.scores)
    assert "onset.f1@0.1" in values(result)
    assert any(note.startswith("bands heard nothing in 6 of 6 clips (6 model; Zero") for note in result.notes)


def test_a_model_whose_cosine_is_a_score_and_that_fails_at_every_picture_gives_none(
    runs: Runs, tmp_path: Path
) -> None:
    source = (
        JUDGES.replace('("alignment",)', '("alignment", "retrieval")')
        .replace('similarity=("gmscavp",)', 'similarity=("choosy",)')
        .replace(
            "    def alignment_scores(",
            "    def embed_video(self, video):\n        1 / 0\n\n"
            "    def embed_audio(self, audio):\n        return torch.ones(1, 4)\n\n    def alignment_scores(",
        )
    )
    result = judged(Runs(tmp_path, runs.clips), source=source, tasks=("clicks-seen",))
    assert "kl.bands" in values(result)
    assert "av-similarity.choosy" not in values(result)
    (note,) = (note for note in result.notes if note.startswith("There is no av-similarity.choosy"))
    assert "failed on every clip: ZeroDivisionError" in note


def test_weights_given_for_a_judge_that_cannot_be_used_end_a_run_before_anything_is_made(
    runs: Runs, tmp_path: Path
) -> None:
    pinned = 'checkpoint=Checkpoint(file="w.pth", sha256="0" * 64), notes="It watches."'
    source = JUDGES.replace('notes="It watches."', pinned).replace(
        "Criterion, Judge", "Checkpoint, Criterion, Judge"
    )
    (tmp_path / "other.pth").write_bytes(b"other")
    apart = Runs(tmp_path, runs.clips)
    with pytest.raises(ModelError, match="are not those of its record"):
        judged(apart, source=source, judges={"watching": tmp_path / "other.pth"})
    assert apart.said == []
    (note,) = (note for note in judged(apart, "watching", source=source).notes if "w.pth" in note)
    assert note.startswith("Nothing is judged by watching: The judge 'watching' has no weights")
