"""Noise that belongs to a clip: random, and the same every time."""

import hashlib

import numpy as np
import torch

from avbench import AudioBatch, Clip, VideoBatch

DIM = 64


def generator(clip: Clip, modality: str) -> np.random.Generator:
    """Return a generator seeded by the clip's id and the modality."""
    digest = hashlib.sha256(f"{modality}:{clip.id}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


class RandomEmbeddings:
    """Embeds clips as directions drawn evenly from the sphere, and scores offsets by chance."""

    def embed_video(self, batch: VideoBatch) -> torch.Tensor:
        """Return ``(batch, dim=64)``."""
        return self._draw(batch.clips, "video")

    def embed_audio(self, batch: AudioBatch) -> torch.Tensor:
        """Return ``(batch, dim=64)``, independent of the video's."""
        return self._draw(batch.clips, "audio")

    def offset_scores(self, video: VideoBatch, audio: AudioBatch) -> torch.Tensor:
        """Return ``(batch, offset)``, drawn for each clip."""
        count = len(audio.offsets)
        rows = [generator(clip, "offsets").standard_normal(count, np.float32) for clip in audio.clips]
        return torch.from_numpy(np.stack(rows))

    def _draw(self, clips: tuple[Clip, ...], modality: str) -> torch.Tensor:
        rows = [generator(clip, modality).standard_normal(DIM, np.float32) for clip in clips]
        return torch.from_numpy(np.stack(rows))
