"""Batches of made sounds for embedders."""

from pathlib import Path

import numpy as np
import torch

from avbench.clips import Clip
from avbench.protocols import AudioBatch


def batch_of(samples: np.ndarray | torch.Tensor, sample_rate: int) -> AudioBatch:
    """Return a batch of ``(batch, time)`` samples, mono."""
    mono = torch.as_tensor(samples, dtype=torch.float32)[:, None]
    clips = tuple(Clip(id=f"clip{k}", path=Path(f"clip{k}.wav")) for k in range(len(mono)))
    return AudioBatch(samples=mono, sample_rate=sample_rate, clips=clips)


def three_sounds(sample_rate: int, seconds: float) -> torch.Tensor:
    """Return noise, a tone and silence: ``(3, time)``."""
    count = round(sample_rate * seconds)
    times = np.arange(count) / sample_rate
    noise = 0.1 * np.random.default_rng(0).standard_normal(count)
    tone = 0.3 * np.sin(2 * np.pi * 440.0 * times)
    return torch.from_numpy(np.stack([noise, tone, np.zeros(count)]).astype(np.float32))
