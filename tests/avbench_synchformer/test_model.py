"""Synchformer as a model of synchrony: avbench's sign, the sound heard with the picture, its own grid."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from avbench.errors import ModelError, UsageError
from avbench.media.encode import write_clip
from avbench_synchformer import judge, plugin
from avbench_synchformer.judge import DeSync
from avbench_synchformer.model import Offsets, classes_of
from avbench_synchformer.network import Synchformer
from avbench_synchformer.windows import OFFSETS
from tests.avbench_synchformer.test_judge import TINY, Witness, batches
from tests.running import Runs


def shown(seconds, lead, offsets):
    """Return a picture, and the sound that begins ``lead`` seconds before it and ends as long after."""
    (video, _), (_, audio) = batches(seconds), batches(seconds + 2 * lead)
    return video, dataclasses.replace(audio, lead=lead, offsets=offsets)


def test_a_sound_that_synchformer_finds_early_is_early_in_the_sign_of_avbench():
    early = OFFSETS.tolist().index(0.4)
    witness = Witness([early, early])

    scores = Offsets(DeSync(witness, "cpu")).offset_scores(*shown(4.8, 1.0, (-0.4, 0.0, 0.4)))

    assert scores.tolist() == [[1.0, 0.0, 0.0]]


def test_the_sound_that_is_heard_with_the_picture_begins_with_it():
    witness = Witness([10, 10])

    Offsets(DeSync(witness, "cpu")).offset_scores(*shown(4.8, 2.0, (0.0,)))

    (frames, samples), _ = witness.compared
    assert [2 * 16_000 + 640 * each for each in frames] == samples


def test_the_logits_of_both_windows_are_averaged_and_clips_do_not_meet():
    witness = Witness([10, 12, 8, 8])
    video, audio = shown(6.0, 0.0, tuple((-OFFSETS).tolist()))
    two = dataclasses.replace(video, frames=video.frames.expand(2, -1, -1, -1, -1))
    sounds = dataclasses.replace(audio, samples=audio.samples.expand(2, -1, -1))

    scores = Offsets(DeSync(witness, "cpu")).offset_scores(two, sounds)

    halves = torch.nn.functional.one_hot(torch.tensor([[10, 12], [8, 8]]), 21).float().mean(1)
    assert torch.equal(scores, halves)


def test_offsets_between_those_it_tells_apart_are_refused():
    assert classes_of((0.2, -2.0)) == [9, 20]
    for offset in (0.04, 2.2):
        with pytest.raises(UsageError, match=r"steps of 0\.2 s apart, not"):
            classes_of((0.0, offset))


def test_a_picture_of_less_than_a_window_is_refused():
    with pytest.raises(UsageError, match=r"needs 4\.8 s of picture, not 4 s"):
        Offsets(DeSync(Witness([]), "cpu")).offset_scores(*shown(4.0, 2.0, (0.0,)))


def write_clicks(path: Path) -> None:
    """Write nine seconds and a half of flashes with clicks."""
    frames = np.full((238, 32, 32, 3), 20, np.uint8)
    samples = np.zeros((1, round(9.5 * 16_000)), np.float32)
    for start in range(10, 230, 30):
        frames[start : start + 3] = 235
        samples[0, start * 640 : start * 640 + 400] = 0.5
    write_clip(path, frames=frames, fps=25, samples=samples, sample_rate=16_000)


def test_the_task_of_its_authors_runs_on_a_folder_with_the_users_weights(tmp_path, monkeypatch):
    torch.manual_seed(0)
    monkeypatch.setattr(judge, "Synchformer", lambda: Synchformer(dataclasses.replace(TINY, side=224)))
    torch.save(judge.Synchformer().state_dict(), tmp_path / "small.pth")
    (tmp_path / "clips").mkdir()
    for clip in range(2):
        write_clicks(tmp_path / "clips" / f"{clip}.mp4")

    result = Runs(tmp_path, tmp_path / "clips").result(
        Path(plugin.__file__),
        model="synchformer",
        tasks=("folder-sync-synchformer",),
        model_args={"weights": str(tmp_path / "small.pth")},
    )

    assert result.task.kind == "synchrony" and result.coverage.evaluated == 2
    assert len(result.model.identity["weights"]) == 64
    assert all(np.isfinite(score.value) for score in result.scores)


@pytest.mark.parametrize("given", [{}, {"weights": "gone.pth"}])
def test_without_its_weights_it_says_which_file_from_where_and_the_option_before_anything_is_opened(
    tmp_path, monkeypatch, given
):
    monkeypatch.setenv("AVBENCH_CACHE", str(tmp_path))
    runs = Runs(tmp_path, tmp_path / "nowhere")
    asked = {"model": "synchformer", "tasks": ("folder-sync-synchformer",), "model_args": given}
    with pytest.raises(ModelError) as error:
        runs.result(Path(plugin.__file__), **asked)
    looked_for = given.get("weights", str(tmp_path / "checkpoints" / "synchformer_state_dict.pth"))
    assert error.value.message == f"The model 'synchformer' has no weights: there is no file {looked_for}."
    hint = error.value.hint
    assert hint.startswith(
        "Get synchformer_state_dict.pth from https://github.com/hkchengrex/MMAudio/releases/"
    )
    assert "SHA-256 8aff082f" in hint
    assert hint.endswith("give its path: --model-args weights=PATH.")
