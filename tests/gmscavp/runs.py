"""Runs over blinking clips that take seconds, for the tests of training."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import torch

from gmscavp.config import GMSCAVPConfig, ScaleConfig
from gmscavp.diffusion.config import DiffusionConfig, TargetConfig
from gmscavp.inputs import AudioConfig, LogMelConfig, VideoConfig
from gmscavp.model import GMSCAVP
from gmscavp.training.batches import Batches
from gmscavp.training.config import TrainingConfig
from gmscavp.training.distributed import ALONE, Processes
from gmscavp.training.plan import Plan
from gmscavp.training.validation import retrieval_on
from tests.gmscavp.blinks import Blinks

TRAINING = TrainingConfig(
    steps=6,
    batch_clips=4,
    gap_seconds=0.5,
    learning_rate=3e-3,
    warmup=2,
    log_every=1,
    checkpoint_every=2,
    validate_every=3,
)

TINY = GMSCAVPConfig(
    name="tiny",
    log_mel=LogMelConfig(sample_rate=1600, window=64, hop=16, bins=16, low_hz=20.0, high_hz=760.0),
    video=VideoConfig(fps=12.5, size=16, channels=(4, 6, 8)),
    audio=AudioConfig(channels=(4, 6, 8, 10)),
    segment_seconds=0.64,
    dim=5,
    scales=(
        ScaleConfig(tokens=8, head="fine"),
        ScaleConfig(tokens=4, head="coarse", pooling="mean", weight=0.5, score_weight=2.0),
        ScaleConfig(tokens=1, head="pooled"),
    ),
    head_channels=6,
)

TARGETS = (
    TargetConfig(tokens=8, mel_frames=16, mel_bins=8, mel_patch=(2, 4), frames=8, size=4, frame_patch=(1, 2)),
    TargetConfig(
        tokens=4,
        mel_frames=8,
        mel_bins=4,
        mel_patch=(2, 4),
        frames=4,
        size=2,
        frame_patch=(1, 2),
        weight=2.0,
    ),
    TargetConfig(
        tokens=1,
        mel_frames=2,
        mel_bins=2,
        mel_patch=(2, 2),
        frames=1,
        size=1,
        frame_patch=(1, 1),
        weight=0.5,
    ),
)
DIFFUSION = DiffusionConfig(targets=TARGETS, width=16, depth=1, heads=2, steps=100)
TINY_DIFFUSION = dataclasses.replace(TINY, name="tiny-diffusion", diffusion=DIFFUSION)
# The published audio backbone: BatchNorm and dropout as published, and both out of the way.
TINY_PUBLISHED = dataclasses.replace(
    TINY,
    name="tiny-published",
    log_mel=dataclasses.replace(TINY.log_mel, hop=8, bins=32),
    audio=AudioConfig(backbone="cnn14", channels=(4, 8, 16, 32), norm="batch", dropout=0.2),
)
TINY_FROZEN = dataclasses.replace(
    TINY_PUBLISHED,
    name="tiny-frozen",
    audio=dataclasses.replace(TINY_PUBLISHED.audio, norm="frozen", dropout=0.0),
)


def plan(config: GMSCAVPConfig, folder: Path, processes: Processes = ALONE, **changes: Any) -> Plan:
    training = dataclasses.replace(TRAINING, **changes)
    torch.manual_seed(0)
    batches = Batches(
        Blinks(), config=config, training=training, seed=0, rank=processes.rank, processes=processes.size
    )
    return Plan(
        network=GMSCAVP(config),
        batch=batches.batch,
        training=training,
        folder=folder,
        format="gmscavp",
        device="cpu",
        seed=0,
        validate=retrieval_on(Blinks(clips=4), "cpu"),
        processes=processes,
    )


def log(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def weights(folder: Path) -> bytes:
    return (folder / "weights.safetensors").read_bytes()
