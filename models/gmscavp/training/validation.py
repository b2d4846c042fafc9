"""A cheap look at a model while it trains, on clips that it is not trained on: retrieval, or denoising."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from gmscavp.draws import row_seeds
from gmscavp.training.batches import Clips


@runtime_checkable
class ClipEmbedder(Protocol):
    """A network that gives a unit vector a clip, for either stream."""

    def embed_video(self, frames: Tensor) -> Tensor: ...  # noqa: D102
    def embed_audio(self, samples: Tensor) -> Tensor: ...  # noqa: D102


def retrieval_on(clips: Clips, device: str) -> Callable[[ClipEmbedder], Mapping[str, float]]:
    """Return a function that measures a network: R@1 of all ``clips`` against each other, both ways.

    Args:
        clips: Clips of equal length, in memory or mapped.
        device: Where the network computes.
    """

    def measure(network: ClipEmbedder) -> Mapping[str, float]:
        video: list[Tensor] = []
        audio: list[Tensor] = []
        for clip in range(clips.clips):
            frames = torch.tensor(clips.frames_of(clip, 0, clips.clip_frames)).permute(0, 3, 1, 2)
            samples = torch.tensor(clips.samples_of(clip, 0, clips.clip_samples)).mean(dim=0)
            video.append(network.embed_video(frames[None].to(device)))
            audio.append(network.embed_audio(samples[None].to(device)))
        seen, heard = torch.cat(video), torch.cat(audio)
        return {"a2v.recall@1": recall_at_1(heard, seen), "v2a.recall@1": recall_at_1(seen, heard)}

    return measure


def recall_at_1(queries: Tensor, gallery: Tensor) -> float:
    """Return the share of queries whose own item scores highest; a tie of n counts 1 / n.

    Args:
        queries: ``(clips, dim)``, unit rows.
        gallery: ``(clips, dim)``, unit rows; item ``i`` belongs to query ``i``.
    """
    scores = queries @ gallery.T
    highest = scores == scores.amax(dim=1, keepdim=True)
    return (highest.diagonal() / highest.sum(dim=1)).mean().item()


def denoising_on(clips: Clips, device: str) -> Callable[[Any], Mapping[str, float]]:
    """Return a function that measures a generator: its objective over the first segment of each clip.

    The noise is the same every time, so that what changes from one measurement to the next is the network.

    Args:
        clips: Clips of equal length, in memory or mapped.
        device: Where the network computes.
    """

    @torch.no_grad()
    def measure(network: Any) -> Mapping[str, float]:
        config = network.config
        frames = np.stack([clips.frames_of(clip, 0, config.frames) for clip in range(clips.clips)])
        samples = np.stack([clips.samples_of(clip, 0, config.samples) for clip in range(clips.clips)])
        found = network(
            torch.from_numpy(frames).permute(0, 1, 4, 2, 3).to(device),
            torch.from_numpy(samples).mean(dim=1).to(device),
            1,
            row_seeds(0, 0, clips.clips),
        )
        return {f"validation/{name}": part.item() for name, part in found.parts.items()}

    return measure
