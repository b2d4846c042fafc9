import dataclasses

import pytest
import torch

from gmscavp.config import GMSCAVPConfig, ScaleConfig
from gmscavp.diffusion_config import DiffusionConfig, TargetConfig
from gmscavp.inputs import AudioConfig, LogMelConfig, VideoConfig
from gmscavp.model import GMSCAVP


@pytest.fixture
def tiny() -> GMSCAVPConfig:
    """A GMS-CAVP of all three kinds of head that runs in milliseconds: 8 frames of 16 pixels a segment."""
    return GMSCAVPConfig(
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


@pytest.fixture
def network(tiny: GMSCAVPConfig) -> GMSCAVP:
    torch.manual_seed(0)
    return GMSCAVP(tiny)


@pytest.fixture
def frames() -> torch.Tensor:
    """Frames of 4 clips × 2 segments."""
    draw = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (8, 8, 3, 16, 16), dtype=torch.uint8, generator=draw)


@pytest.fixture
def samples() -> torch.Tensor:
    """Samples of 4 clips × 2 segments."""
    return torch.randn(8, 1024, generator=torch.Generator().manual_seed(2)) * 0.1


@pytest.fixture
def tiny_diffusion(tiny: GMSCAVPConfig) -> GMSCAVPConfig:
    """The same with diffusion at all three scales, both ways."""
    targets = (
        TargetConfig(
            tokens=8, mel_frames=16, mel_bins=8, mel_patch=(2, 4), frames=8, size=4, frame_patch=(1, 2)
        ),
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
    diffusion = DiffusionConfig(targets=targets, width=16, depth=1, heads=2, steps=100)
    return dataclasses.replace(tiny, name="tiny-diffusion", diffusion=diffusion)


@pytest.fixture
def joint(tiny_diffusion: GMSCAVPConfig) -> GMSCAVP:
    torch.manual_seed(0)
    return GMSCAVP(tiny_diffusion)
