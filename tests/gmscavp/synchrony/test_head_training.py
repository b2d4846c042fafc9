import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from avbench.cli import main
from avbench.training import opening
from avbench.training.data import TrainingData
from gmscavp.checkpoint import load_network
from gmscavp.encoder import GMSCAVPEncoder
from gmscavp.synchrony.config import JudgeConfig, OffsetConfig
from gmscavp.synchrony.heads import untrained
from gmscavp.synchrony.training import TokenBatches, drawn_pair, heads_on
from gmscavp.training.loop import train
from gmscavp.training.plan import Plan
from gmscavp.training.run import Run
from tests.gmscavp.heads import TINY_JUDGE, TINY_OFFSETS, encoder, judge, kept, offset_head
from tests.gmscavp.runs import TRAINING, log, weights
from tests.gmscavp.training.test_loop import breaking_at

HEADS = [TINY_OFFSETS, TINY_JUDGE]


def head_plan(folder: Path, config: OffsetConfig | JudgeConfig, **changes: Any) -> Plan:
    training = dataclasses.replace(TRAINING, segments=1, precision="fp32", **changes)
    network = judge(config) if isinstance(config, JudgeConfig) else offset_head(config)
    batches = TokenBatches(kept(folder / "tokens", config), training=training, seed=0)
    return Plan(
        network=network,
        batch=batches.batch,
        training=training,
        folder=folder,
        format="gmscavp",
        device="cpu",
        seed=0,
        validate=heads_on(kept(folder / "apart", config, clips=4, seed=3), "cpu"),
    )


@pytest.fixture(params=HEADS, ids=lambda config: config.name)
def config(request: pytest.FixtureRequest) -> OffsetConfig | JudgeConfig:
    return request.param


def test_a_run_that_was_killed_and_resumed_ends_with_the_weights_of_an_unbroken_one(
    tmp_path: Path, config: OffsetConfig | JudgeConfig
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    train(head_plan(whole, config))
    with pytest.raises(RuntimeError, match="killed"):
        train(breaking_at(head_plan(broken, config), 5, RuntimeError("killed")))
    train(head_plan(broken, config))

    assert weights(broken) == weights(whole)


def test_a_few_steps_lower_the_loss_and_the_encoder_stays_as_it_is(
    tmp_path: Path, config: OffsetConfig | JudgeConfig
) -> None:
    judged = isinstance(config, JudgeConfig)
    config = dataclasses.replace(config, width=16)
    steps = {"steps": 150 if judged else 60, "checkpoint_every": 500, "validate_every": 30}
    asked = head_plan(tmp_path, config, **steps, batch_clips=16, learning_rate=1e-2)
    before = {name: each.clone() for name, each in asked.network.encoder.network.state_dict().items()}
    path = train(asked)

    lines = log(tmp_path)
    start, end = (np.mean([line["loss"] for line in part]) for part in (lines[:10], lines[-10:]))
    assert end < (0.85 if judged else 0.3) * start
    assert sum("validation/right" in line for line in lines) == steps["steps"] // 30
    after = asked.network.encoder.network.state_dict()
    assert all(torch.equal(each, after[name]) for name, each in before.items())
    again = load_network(
        path, config.name, type(config), lambda each: untrained(each, encoder()), format="gmscavp"
    )
    assert again.config == config


def test_processes_that_share_a_batch_read_what_one_alone_reads(
    tmp_path: Path, config: OffsetConfig | JudgeConfig
) -> None:
    tokens, training = kept(tmp_path, config), dataclasses.replace(TRAINING, segments=1)
    alone = TokenBatches(tokens, training=training, seed=0).batch(5)
    shares = [
        TokenBatches(tokens, training=training, seed=0, rank=rank, processes=2).batch(5) for rank in (0, 1)
    ]

    assert [share.rows for share in shares] == [slice(0, 2), slice(2, 4)]
    for name in ("frames", "samples", "truth"):
        assert torch.equal(torch.cat([getattr(share, name) for share in shares]), getattr(alone, name))


def test_true_lags_are_those_of_the_windows(tmp_path: Path) -> None:
    tokens = kept(tmp_path, TINY_OFFSETS)
    for seed in range(50):
        pair = drawn_pair(tokens)(3, [2, 3], np.random.default_rng(seed))
        (clip, seen), (other, heard) = pair.video, pair.audio
        video, audio = tokens.starts(3)
        assert clip == other == 3 and pair.truth == video[seen] - audio[heard]


def test_pairs_to_be_judged_come_in_the_shares_of_the_config(tmp_path: Path) -> None:
    tokens = kept(tmp_path, TINY_JUDGE)
    chosen, count = [0, 1, 4, 5], 2000
    pairs = [drawn_pair(tokens)(4, chosen, np.random.default_rng([seed])) for seed in range(count)]

    true = [pair for pair in pairs if pair.truth]
    shifted = [pair for pair in pairs if not pair.truth and pair.audio[0] == 4]
    other = [pair for pair in pairs if pair.audio[0] != 4]
    assert all(pair.audio == pair.video for pair in true)
    assert all(pair.audio[1] != pair.video[1] for pair in shifted) and not any(pair.truth for pair in other)
    assert len(true) + len(shifted) + len(other) == count
    assert [len(each) / count for each in (true, shifted, other)] == pytest.approx(
        [0.5, 0.25, 0.25], abs=0.03
    )
    # Every second stranger is a sibling, and a sibling is drawn by chance too.
    assert sum(pair.audio[0] == 5 for pair in other) / len(other) == pytest.approx(0.5 + 0.5 / 3, abs=0.06)


def test_validation_of_a_head_that_knows_the_truth_is_perfect_and_of_one_that_does_not_at_chance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure, head = heads_on(kept(tmp_path, TINY_OFFSETS, clips=16), "cpu"), offset_head()
    calls: list[torch.Tensor] = []

    def knowing(video: object, audio: object, lags: torch.Tensor) -> torch.Tensor:
        calls.append(lags)
        return -(lags - lags[:, lags.shape[1] // 2 : lags.shape[1] // 2 + 1]).abs()

    monkeypatch.setattr(head, "scores", knowing)
    found = measure(head)
    assert found["validation/coarse"] == found["validation/fine"] == 1
    assert calls[0].shape == (32, 11) and calls[1].shape == (32, 41)

    draw = torch.Generator().manual_seed(0)
    monkeypatch.setattr(head, "scores", lambda video, audio, lags: torch.rand(lags.shape, generator=draw))
    found = measure(head)
    assert found["validation/coarse"] < 0.6 and found["validation/fine"] < 0.6


def test_batches_of_tokens_are_never_varied(tmp_path: Path, config: OffsetConfig | JudgeConfig) -> None:
    plan = head_plan(tmp_path, config)
    assert plan.training.varies
    batch = plan.batch(0)
    staged = Run(plan).staging.varied(batch, 0)
    assert torch.equal(staged.frames, batch.frames.float())
    assert torch.equal(staged.samples, batch.samples.float())


@dataclasses.dataclass(frozen=True)
class Noise:
    """Clips of noise at the rates that the named configs read."""

    clips: int = 3
    siblings: int = 1
    clip_frames: int = 100
    clip_samples: int = 128_000

    def frames_of(self, clip: int, start: int, count: int) -> np.ndarray:
        return np.random.default_rng([clip, start]).integers(0, 256, (count, 56, 56, 3)).astype(np.uint8)

    def samples_of(self, clip: int, start: int, count: int) -> np.ndarray:
        noise = np.random.default_rng(clip).standard_normal((1, self.clip_samples)) * 0.05
        return noise[:, start : start + count].astype(np.float32)


@pytest.mark.parametrize("model", ["gmscavp", "cavp"])
@pytest.mark.parametrize("name", ["small-sync", "small-judge"])
def test_heads_are_trained_by_the_name_of_their_config(
    model: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = TrainingData(train=Noise(), validation=Noise(clips=2), about={"dataset": "noise"})  # pyright: ignore
    monkeypatch.setattr(opening, "open_data", lambda request, inputs, progress: data)

    command = ["train", model, "--config", name, "--output", str(tmp_path), "--steps", "2"]
    with pytest.raises(SystemExit) as stopped:
        main([*command, "--train-args", "batch_clips=3"])

    assert not stopped.value.code
    assert capsys.readouterr().out.strip() == str(tmp_path / "weights.safetensors")
    assert (tmp_path / "tokens" / "train" / "00000.audio.npy").exists()
    assert "validation/right" in log(tmp_path)[-1]


def test_the_tiny_encoder_is_frozen() -> None:
    assert isinstance(encoder(), GMSCAVPEncoder)
    assert not any(each.requires_grad for each in encoder().network.parameters())
