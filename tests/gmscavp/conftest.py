import pytest
import torch

from gmscavp.config import GMSCAVPConfig
from gmscavp.model import GMSCAVP
from tests.gmscavp.runs import TINY, TINY_DIFFUSION


@pytest.fixture
def tiny() -> GMSCAVPConfig:
    """A GMS-CAVP of all three kinds of head that runs in milliseconds: 8 frames of 16 pixels a segment."""
    return TINY


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
def tiny_diffusion() -> GMSCAVPConfig:
    """The same with diffusion at all three scales, both ways."""
    return TINY_DIFFUSION


@pytest.fixture
def joint(tiny_diffusion: GMSCAVPConfig) -> GMSCAVP:
    torch.manual_seed(0)
    return GMSCAVP(tiny_diffusion)
