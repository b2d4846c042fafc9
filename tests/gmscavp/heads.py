"""Tiny heads over a tiny encoder, and kept tokens of blinking clips, for tests."""

from pathlib import Path

import torch

from gmscavp.encoder import GMSCAVPEncoder
from gmscavp.model import GMSCAVP
from gmscavp.synchrony.config import HeadConfig, JudgeConfig, OffsetConfig
from gmscavp.synchrony.judge import Judge
from gmscavp.synchrony.kept_tokens import KeptTokens, keep_tokens
from gmscavp.synchrony.offset_head import OffsetHead
from tests.gmscavp.blinks import Blinks
from tests.gmscavp.runs import TINY

TINY_OFFSETS = OffsetConfig(
    name="tiny-sync",
    encoder="tiny",
    dims=(5, 5, 5),
    log_mel=TINY.log_mel,
    video=TINY.video,
    window_seconds=1.28,
    heard_seconds=2.24,
    shortest_seconds=0.8,
    takes=2,
    width=6,
    phases=2,
    slack=0.32,
)
"""Sixteen frames of picture against 28 tokens of sound."""

TINY_JUDGE = JudgeConfig(
    name="tiny-judge",
    encoder="tiny",
    dims=(5, 5, 5),
    log_mel=TINY.log_mel,
    video=TINY.video,
    window_seconds=1.28,
    heard_seconds=1.28,
    shortest_seconds=0.8,
    takes=3,
    width=6,
    farthest=0.8,
)


def encoder() -> GMSCAVPEncoder:
    torch.manual_seed(0)
    return GMSCAVPEncoder(GMSCAVP(TINY))


def offset_head(config: OffsetConfig = TINY_OFFSETS, seed: int = 0) -> OffsetHead:
    over = encoder()
    torch.manual_seed(seed)
    return OffsetHead(config, over)


def judge(config: JudgeConfig = TINY_JUDGE, seed: int = 0) -> Judge:
    over = encoder()
    torch.manual_seed(seed)
    return Judge(config, over)


def kept(folder: Path, config: HeadConfig, clips: int = 16, seed: int = 0) -> KeptTokens:
    return keep_tokens(
        folder, Blinks(clips=clips), config, encoder(), seed=seed, device="cpu", about={"encoder": "tiny"}
    )
