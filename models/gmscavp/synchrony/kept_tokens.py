"""Tokens of windows of all clips, kept on disk: a frozen encoder looks at each once, and heads train on that.

    <folder>/about.json        what they are tokens of
    <folder>/00003.video.npy   shard 3: (clip, take, time, dims) in half precision, all scales side by side
    <folder>/00003.audio.npy   likewise; written last

Windows are embedded as they are where the head is used: each on its own, edges and norms included. A run that
was killed while it embedded goes on where it stopped.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gmscavp.checkpoint import write_atomically
from gmscavp.synchrony.config import HeadConfig, JudgeConfig, OffsetConfig
from gmscavp.synchrony.offset_head import InstantEncoder, Levels
from gmscavp.training.batches import Clips, SegmentBatch
from gmscavp.training.config import TrainingConfig
from gmscavp.training.plan import TrainingError
from gmscavp.training.variation import vary

SHARD = 32
"""Clips in a shard, which are embedded together."""

Starts = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTokens:
    """Tokens of ``takes`` windows of picture and of sound of every clip.

    Attributes:
        folder: Where they lie.
        config: The head's.
        clips: How many clips.
        siblings: Consecutive clips that make a family.
        seconds: Length of a clip.
        seed: Seeds where windows start.
    """

    folder: Path
    config: HeadConfig
    clips: int
    siblings: int
    seconds: float
    seed: int

    def starts(self, clip: int) -> tuple[Starts, Starts]:
        """Return where a clip's windows of picture, and those of sound, start, in seconds; (take,) each."""
        draw = np.random.default_rng([self.seed, clip, 5])
        return STARTS[type(self.config)](self.config, self.seconds, draw)

    def video(self, clip: int, take: int) -> Tensor:
        """Return the tokens of one window of picture, ``(time, dims)``."""
        shard, row = divmod(clip, SHARD)
        return torch.from_numpy(mapped(self.folder / f"{shard:05d}.video.npy")[row, take].copy())

    def audio(self, clip: int, take: int) -> Tensor:
        """Return the tokens of one window of sound, ``(time, dims)``."""
        shard, row = divmod(clip, SHARD)
        return torch.from_numpy(mapped(self.folder / f"{shard:05d}.audio.npy")[row, take].copy())


@lru_cache(maxsize=256)
def mapped(path: Path) -> npt.NDArray[np.float16]:
    """Return an array, read as it is asked for."""
    return np.load(path, mmap_mode="r")


def starts_of_lags(config: OffsetConfig, seconds: float, draw: np.random.Generator) -> tuple[Starts, Starts]:
    """Draw windows of which each sound holds all that belongs to each picture, lags anywhere between."""
    spare = seconds - config.heard_seconds
    slack = min(config.slack, spare)
    first = draw.uniform(0, spare - slack)
    low = math.ceil((first + slack) * config.video.fps - 1e-6)
    high = math.floor((first + config.heard_seconds - config.window_seconds) * config.video.fps + 1e-6)
    video = draw.integers(low, max(low, high) + 1, config.takes) / config.video.fps
    audio = first + draw.uniform(0, slack, config.takes)
    return video, np.floor(audio * config.log_mel.sample_rate) / config.log_mel.sample_rate


def starts_of_pairs(config: JudgeConfig, seconds: float, draw: np.random.Generator) -> tuple[Starts, Starts]:
    """Draw windows of picture and sound that start together, and some others not far away."""
    last = int((seconds - config.window_seconds) * config.video.fps + 1e-6)
    near, far = (round(each * config.video.fps) for each in (config.nearest, config.farthest))
    starts = [int(draw.integers(0, last + 1))]
    while len(starts) < config.takes:
        apart = round(near * (far / near) ** draw.uniform())
        start = starts[0] + int(draw.choice([-1, 1])) * apart
        if 0 <= start <= last and min(abs(start - each) for each in starts) >= near:
            starts.append(start)
    together = np.asarray(starts) / config.video.fps
    return together, together


STARTS: Mapping[type[HeadConfig], Callable[[Any, float, np.random.Generator], tuple[Starts, Starts]]] = {
    OffsetConfig: starts_of_lags,
    JudgeConfig: starts_of_pairs,
}


@torch.no_grad()
def keep_tokens(
    folder: Path,
    clips: Clips,
    config: HeadConfig,
    encoder: InstantEncoder,
    *,
    seed: int,
    device: str,
    about: Mapping[str, Any],
    training: TrainingConfig | None = None,
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> KeptTokens:
    """Return the tokens of all clips, embedding what is not there yet.

    Args:
        folder: Where to keep them.
        clips: Of what.
        config: The head's: how long windows are.
        encoder: What embeds.
        seed: Seeds where windows start, and how clips are varied.
        device: Where to embed.
        about: What else the tokens depend on.
        training: How clips are varied before they are embedded; not at all without it.
        progress: Told after every shard.

    Raises:
        TrainingError: The folder holds other tokens, or clips are too short.
    """
    seconds = clips.clip_frames / config.video.fps
    kept = KeptTokens(
        folder=folder, config=config, clips=clips.clips, siblings=clips.siblings, seconds=seconds, seed=seed
    )
    if seconds < config.clip_seconds - 1e-6:
        raise TrainingError(
            f"Clips of {seconds:g} s are too short: {config.name} needs {config.clip_seconds:g} s.",
            hint="Pass longer clips.",
        )
    text = json.dumps({"seed": seed, "clips": clips.clips, "config": asdict(config), **about}, sort_keys=True)
    written = folder / "about.json"
    if written.exists() and written.read_text() != text:
        raise TrainingError(
            f"{folder} holds tokens for another run.", hint="Train into another folder, or remove that one."
        )
    write_atomically(written, text.encode())
    encoder.network.to(device)
    shards = -(-clips.clips // SHARD)
    for shard in range(shards):
        if not (folder / f"{shard:05d}.audio.npy").exists():
            embed_shard(kept, clips, encoder, shard, device, training)
        progress("embedding", shard + 1, shards)
    return kept


def embed_shard(
    kept: KeptTokens,
    clips: Clips,
    encoder: InstantEncoder,
    shard: int,
    device: str,
    training: TrainingConfig | None,
) -> None:
    """Embed the windows of the clips of a shard, and put their tokens in their place."""
    config = kept.config
    frames: list[npt.NDArray[np.uint8]] = []
    samples: list[npt.NDArray[np.float32]] = []
    numbers = range(shard * SHARD, min((shard + 1) * SHARD, clips.clips))
    for clip in numbers:
        video, audio = kept.starts(clip)
        for start in np.rint(video * config.video.fps).astype(int).tolist():
            frames.append(clips.frames_of(clip, start, config.frames))
        for start in np.rint(audio * config.log_mel.sample_rate).astype(int).tolist():
            samples.append(clips.samples_of(clip, start, config.samples).mean(axis=0))
    batch = SegmentBatch(
        frames=torch.from_numpy(np.stack(frames)).permute(0, 1, 4, 2, 3),
        samples=torch.from_numpy(np.stack(samples)),
        segments=config.takes,
    ).to(device)
    if training is not None:
        batch = vary(batch, training, kept.seed, shard)
    for name, look, stream in (
        ("video", encoder.seen, batch.frames),
        ("audio", encoder.heard, batch.samples),
    ):
        rows = [side_by_side(look(part)) for part in stream.split(config.takes)]
        array = torch.stack(rows).half().cpu().numpy()
        with (kept.folder / f".{shard:05d}.{name}.npy").open("wb") as file:
            np.save(file, array)
        Path(file.name).replace(kept.folder / f"{shard:05d}.{name}.npy")


def side_by_side(levels: Levels) -> Tensor:
    """Return the tokens of all scales as one: ``(rows, time, dims)``."""
    return torch.cat(list(levels), dim=2)
