"""A tiny generator over a tiny encoder, for tests."""

import dataclasses

import torch

from gmscavp.diffusion.config import DiffusionConfig, TargetConfig
from gmscavp.encoder import GMSCAVPEncoder
from gmscavp.model import GMSCAVP
from gmscavp.sound.generator import Generator
from gmscavp.sound.generator_config import GeneratorConfig
from tests.gmscavp.runs import TINY

TARGETS = (
    TargetConfig(tokens=8, mel_frames=64, mel_bins=16, mel_patch=(4, 16)),
    TargetConfig(tokens=4, mel_frames=8, mel_bins=8, mel_patch=(2, 8), weight=2.0),
    TargetConfig(tokens=1, mel_frames=4, mel_bins=4, mel_patch=(1, 4), weight=0.5),
)
TINY_GENERATOR = GeneratorConfig(
    name="tiny-generator",
    encoder="tiny",
    condition=dataclasses.replace(TINY.condition, given="all"),
    log_mel=TINY.log_mel,
    video=TINY.video,
    segment_seconds=TINY.segment_seconds,
    diffusion=DiffusionConfig(
        targets=TARGETS, directions=("v2a",), width=16, depth=1, heads=2, steps=100, prediction="x0"
    ),
)
"""Eight frames and 64 frames of 16 mel bins a segment; windows of a clip may start four frames apart."""


def generator(seed: int = 0) -> Generator:
    torch.manual_seed(seed)
    return Generator(TINY_GENERATOR, GMSCAVPEncoder(GMSCAVP(TINY)))
