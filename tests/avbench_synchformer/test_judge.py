"""DeSync as a judge: the very frames and samples of both windows, refusals, a run with a small network."""

from pathlib import Path

import numpy as np
import pytest
import torch

from avbench.clips import Clip
from avbench.embedders.loading import resolve_network
from avbench.errors import MediaError, ModelError
from avbench.protocols import AudioBatch, VideoBatch
from avbench_synchformer import judge
from avbench_synchformer.config import Config
from avbench_synchformer.judge import DeSync, centre
from avbench_synchformer.network import Synchformer
from avbench_synchformer.plugin import DESYNC
from avbench_synchformer.windows import FPS, OFFSETS, RATE
from tests.running import Runs
from tests.runs.sounding import sounding, write_flashes

TINY = Config(dim=8, depth=1, heads=2, met_depth=1, met_heads=2, side=32)


def batches(seconds: float, side: int = 32) -> tuple[VideoBatch, AudioBatch]:
    """Return a picture whose frame k is of brightness k, and a sound that rises from 0 to 1."""
    frames, samples = round(seconds * FPS), round(seconds * RATE)
    bright = torch.arange(frames, dtype=torch.uint8)[None, :, None, None, None].expand(1, -1, 3, side, side)
    rising = torch.arange(samples, dtype=torch.float32)[None, None] / 2**18
    clips = (Clip(id="clip", path=Path("clip.mp4")),)
    return (
        VideoBatch(frames=bright, fps=FPS, clips=clips, seconds=seconds),
        AudioBatch(samples=rising, sample_rate=RATE, clips=clips),
    )


class Witness:
    """Stands for the network: a segment's token says where it begins; what is compared is noted."""

    config = TINY

    def __init__(self, answers: list[int]) -> None:
        self.answers = iter(answers)
        self.compared: list[tuple[list[int], list[int]]] = []

    def to(self, device: str) -> "Witness":
        return self

    def vfeat_extractor(self, segments: torch.Tensor) -> torch.Tensor:
        assert segments.shape == (1, 16, 3, 32, 32) and segments.abs().max() <= 1
        shown = (segments[0, :, 0, 0, 0] + 1) * 127.5
        torch.testing.assert_close(shown.diff(), torch.ones(15), atol=1e-3, rtol=0)
        return shown[:1, None, None].round()

    def afeat_extractor(self, segments: torch.Tensor) -> torch.Tensor:
        assert segments.shape == (1, 10_240)
        return (segments[0, :1, None, None] * 2**18).round()

    def compare(self, picture: torch.Tensor, sound: torch.Tensor) -> torch.Tensor:
        self.compared.append((picture.flatten().int().tolist(), sound.flatten().int().tolist()))
        return torch.nn.functional.one_hot(torch.tensor([next(self.answers)]), 21).float()


@pytest.mark.parametrize(("seconds", "last"), [(4.8, 0), (8.0, 80), (9.8, 15 * 8), (10.0, 128)])
def test_the_first_and_the_last_fourteen_segments_are_compared(seconds, last):
    witness = Witness([10, 13])
    desync, (video, audio) = DeSync(witness, "cpu"), batches(seconds)

    verdicts = desync.judge(desync.see(video), desync.hear(audio))

    frames = [8 * k for k in range(14)]
    samples = [5120 * k for k in range(14)]
    assert witness.compared == [
        (frames, samples),
        ([last + each for each in frames], [640 * last + each for each in samples]),
    ]
    assert verdicts == {"sync.desync": pytest.approx((abs(OFFSETS[10]) + abs(OFFSETS[13])) / 2)}


def test_streams_of_unequal_length_are_compared_in_step():
    witness = Witness([10, 10])
    desync, (video, _), (_, audio) = DeSync(witness, "cpu"), batches(8.0), batches(6.0)

    desync.judge(desync.see(video), desync.hear(audio))

    (_, (frames, samples)) = witness.compared
    assert [640 * each for each in frames] == samples


@pytest.mark.parametrize("seconds", [0.3, 4.76])
def test_a_clip_of_less_than_a_window_is_too_short(seconds):
    desync, (video, audio) = DeSync(Synchformer(TINY).eval(), "cpu"), batches(seconds)

    for perceive in (lambda: desync.see(video), lambda: desync.hear(audio)):
        with pytest.raises(MediaError, match=r"4\.8 s and more") as refused:
            perceive()
        assert refused.value.reason == "too-short"


def test_the_middle_of_a_wide_picture_is_seen():
    frames = torch.arange(41, dtype=torch.uint8).expand(2, 3, 32, 41)

    assert centre(frames, 32)[0, 0, 0].tolist() == list(range(4, 36))


def test_without_a_checkpoint_nothing_is_loaded_and_the_record_says_where_it_is(tmp_path):
    with pytest.raises(ModelError, match="needs a checkpoint"):
        DESYNC.load("cpu", None)
    with pytest.raises(ModelError, match="The judge 'desync' has no weights") as raised:
        resolve_network(DESYNC, weights=None, cache=tmp_path, allow_download=False)
    assert "hkchengrex/MMAudio" in raised.value.hint and "--judge desync=PATH" in raised.value.hint


def test_another_file_is_refused_by_its_digest(tmp_path):
    (tmp_path / "other.pth").write_bytes(b"other")
    with pytest.raises(ModelError, match="not those of its record"):
        resolve_network(DESYNC, weights=tmp_path / "other.pth", cache=tmp_path, allow_download=False)


def test_a_file_of_another_network_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(judge, "Synchformer", lambda: Synchformer(TINY))
    torch.save(Synchformer(TINY).vfeat_extractor.state_dict(), tmp_path / "half.pth")
    with pytest.raises(ModelError, match="are not those of 'synchformer': it has no"):
        judge.load("cpu", tmp_path / "half.pth")


SMALL = (
    sounding().replace('name=name, dataset="folder", seconds=4.0', 'name=name, dataset="folder", seconds=4.8')
    + """

import dataclasses

from avbench_synchformer.plugin import DESYNC


@hookimpl
def avbench_judges():
    unpinned = dataclasses.replace(DESYNC.checkpoint, sha256="")
    return [dataclasses.replace(DESYNC, name="small", checkpoint=unpinned)]
"""
)


def test_a_run_is_judged_with_the_users_weights(tmp_path, monkeypatch):
    torch.manual_seed(0)
    monkeypatch.setattr(judge, "Synchformer", lambda: Synchformer(TINY))
    monkeypatch.setattr("tests.runs.sounding.SECONDS", 5.0)
    torch.save({"state_dict": Synchformer(TINY).state_dict()}, tmp_path / "small.pth")
    write_flashes(tmp_path / "clips", 2)
    runs = Runs(tmp_path, tmp_path / "clips")
    asked = {"model": "clicking", "tasks": ("clicks",), "judges": {"small": tmp_path / "small.pth"}}

    result = runs.result(SMALL, **asked)

    (score,) = (each for each in result.scores if each.id == "sync.desync")
    assert 0 <= score.value <= 2
    assert (score.n, score.unit, score.higher_is_better) == (2, "s", False)
    assert score.chance == pytest.approx(1.048, abs=5e-4)
    rows = {row.model: [each.id for each in row.scores] for row in result.scale_rows}
    assert rows["truth"] == ["sync.desync"]
    assert "sync.desync" in rows["shuffled-truth"] and "sync.desync" in rows["still"]
    assert len(result.networks["judge small"]["weights"]) == 64
    assert any("a judge that always answers 0 scores 0" in note for note in result.notes)


def test_a_clip_is_judged_alike_whatever_was_judged_before():
    torch.manual_seed(0)
    desync, (video, audio) = DeSync(Synchformer(TINY).eval(), "cpu"), batches(5.0)
    with torch.inference_mode():
        once, again = (desync.see(video)["tokens"] for _ in range(2))
        assert once.shape == (14, 8, 8) and desync.hear(audio)["tokens"].shape == (14, 6, 8)
    np.testing.assert_array_equal(once, again)
