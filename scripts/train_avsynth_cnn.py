"""Train the bundled embedder avsynth-cnn on avsynth's training split, by what is known to sound.

python scripts/train_avsynth_cnn.py --out avbench/embedders/weights/avsynth_cnn.safetensors

Targets come from the scenes: the kinds (timbre and size) of the toys of a clip, or that it holds none; for
each window the kinds and finishes that are struck in it, and how loud the hum is. Clips vary in gain and in
added noise; one in eight is replaced by silence or noise. The same arguments on the same machine give the
same weights.
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce
from torch.nn.functional import mse_loss

from avbench.datasets.avsynth.galleries import place_of, scene_at
from avbench.datasets.avsynth.presets import Split, difficulty_preset, media_preset
from avbench.datasets.avsynth.scenes import Scene
from avbench.datasets.avsynth.training_set import ArraySet, open_training
from avbench.embedders.avsynth_cnn import (
    CLASSES,
    DIM,
    FRAME,
    HOP,
    NOTHING,
    SAMPLE_RATE,
    SIZES,
    TIMBRES,
    WINDOW,
    WINDOW_HOP,
    AvsynthCNN,
)
from avbench.records import AudioInput, ModelInputs, VideoInput

DIFFICULTY, MEDIA, WORLD = "moderate", "8s", 0
# The clips that the bundled models train on, from the same cache; only their sound is read.
INPUTS = ModelInputs(
    video=VideoInput(fps=12.5, height=56, width=56), audio=AudioInput(sample_rate=SAMPLE_RATE)
)
KINDS, FINISHES = TIMBRES * SIZES, 3
WITHIN = (-0.05, WINDOW * HOP / SAMPLE_RATE - 0.1)
"""A strike counts for a window that begins this long before it, in seconds: enough of it is inside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What is known of some clips.

    Attributes:
        sounds: ``(clip, classes)``: which kinds are toys of the clip.
        struck: ``(clip, window, kind)``: which are struck in a window, toys or not.
        finishes: ``(clip, window, timbre · finish)``: the same by timbre and finish.
        hum: ``(clip, window)``: mean of the slow envelope.
    """

    sounds: Tensor
    struck: Tensor
    finishes: Tensor
    hum: Tensor

    def of(self, clips: Tensor) -> "Targets":
        """Return those of some clips."""
        return Targets(
            sounds=self.sounds[clips],
            struck=self.struck[clips],
            finishes=self.finishes[clips],
            hum=self.hum[clips],
        )


def targets(split: Split, clips: int) -> Targets:
    """Return what is known of the first clips of a split."""
    difficulty, media = difficulty_preset(DIFFICULTY), media_preset(MEDIA)
    starts = np.arange(windows_in(media.samples)) * WINDOW_HOP * HOP / SAMPLE_RATE
    sounds = torch.zeros(clips, CLASSES)
    struck = torch.zeros(clips, len(starts), KINDS)
    finishes = torch.zeros(clips, len(starts), TIMBRES * FINISHES)
    hum = torch.zeros(clips, len(starts))
    for clip in range(clips):
        place = place_of(split, clip, difficulty)
        scene = scene_at(place, difficulty=difficulty, media=media, seed=WORLD)
        times = np.arange(len(scene.audio.envelope)) / 25
        for row, start in enumerate(starts):
            inside = (times >= start) & (times < start + WINDOW * HOP / SAMPLE_RATE)
            hum[clip, row] = float(np.mean(np.array(scene.audio.envelope)[inside]))
        for timbre, size, _ in toys(scene):
            sounds[clip, SIZES * timbre + size] = 1.0
        for instant, timbre, size, finish in strikes(scene):
            rows = torch.from_numpy((instant - starts >= WITHIN[0]) & (instant - starts < WITHIN[1]))
            struck[clip, rows, SIZES * timbre + size] = 1.0
            finishes[clip, rows, FINISHES * timbre + finish] = 1.0
    return Targets(sounds=sounds, struck=struck, finishes=finishes, hum=hum)


def windows_in(samples: int) -> int:
    """Return how many windows the network cuts from so many samples."""
    return (1 + (samples - FRAME) // HOP - WINDOW) // WINDOW_HOP + 1


def toys(scene: Scene) -> Iterator[tuple[int, int, int]]:
    """Yield timbre, size and finish of each toy that is heard."""
    for class_id, (size, finish) in zip(scene.audio.classes, scene.audio.attributes, strict=True):
        yield scene.law.timbres[class_id], size, finish


def strikes(scene: Scene) -> Iterator[tuple[float, int, int, int]]:
    """Yield time, timbre, size and finish of each strike, those that are not in the picture among them."""
    for number, (timbre, size, finish) in enumerate(toys(scene)):
        for landing in scene.audio.landings(number):
            yield landing.time, timbre, size, finish
    for instant, class_id, size, finish, _ in scene.sound.offscreen:
        yield instant, scene.law.timbres[class_id], size, finish


def noise(draw: torch.Generator, samples: int) -> Tensor:
    """Return noise of a random slope (0 … -9 dB an octave) and an RMS of 1: ``(time,)``."""
    frequency = torch.fft.rfftfreq(samples, 1 / SAMPLE_RATE).clamp(min=40.0)
    slope = -9.0 * torch.rand((), generator=draw)
    spectrum = torch.fft.rfft(torch.randn(samples, generator=draw)) * (frequency / 1000) ** (slope / 6.02)
    coloured = torch.fft.irfft(spectrum, samples)
    return coloured / coloured.square().mean().sqrt()


def decibels(draw: torch.Generator, low: float, high: float) -> float:
    """Draw a factor between two levels."""
    return float(10 ** ((low + (high - low) * torch.rand((), generator=draw)) / 20))


def varied(samples: Tensor, draw: torch.Generator) -> tuple[Tensor, bool]:
    """Return a clip at another gain, maybe in noise, maybe without anything in it, and whether it has."""
    chance = float(torch.rand((), generator=draw))
    if chance < 0.03:
        return torch.zeros_like(samples), False
    if chance < 0.125:
        return noise(draw, samples.numel()) * decibels(draw, -70, -15), False
    if chance < 0.6:
        level = samples.square().mean().sqrt() * decibels(draw, -20, 0)
        samples = samples + level * noise(draw, samples.numel())
    return samples * decibels(draw, -9, 9), True


class Heads(nn.Module):
    """What windows are asked while training, and never afterwards."""

    def __init__(self) -> None:
        super().__init__()
        self.struck = nn.Linear(DIM, KINDS)
        self.finishes = nn.Linear(DIM, TIMBRES * FINISHES)
        self.hum = nn.Linear(DIM, 1)


def loss_of(network: AvsynthCNN, heads: Heads, windows: Tensor, known: Targets) -> Tensor:
    """Return the loss: what sounds in the clip, what is struck in each window, how loud the hum is."""
    rows = network.rows(windows.flatten(0, 1)).unflatten(0, windows.shape[:2])
    active = torch.relu(rows)
    return (
        10 * bce(network.logits(rows), known.sounds)
        + 10 * bce(heads.struck(active), known.struck)
        + 5 * bce(heads.finishes(active), known.finishes)
        + mse_loss(heads.hum(active).squeeze(-1), known.hum)
    )


def train(arrays: ArraySet, known: Targets, *, steps: int, batch: int, seed: int) -> AvsynthCNN:
    """Train the network; a line every 25 steps."""
    torch.manual_seed(seed)
    draw = torch.Generator().manual_seed(seed)
    network, heads = AvsynthCNN().train(), Heads()
    parameters = [*network.parameters(), *heads.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=3e-3, weight_decay=1e-3)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps, pct_start=0.1)
    began, order = time.time(), torch.zeros(0, dtype=torch.long)
    for step in range(1, steps + 1):
        if len(order) < batch:
            order = torch.cat([order, torch.randperm(arrays.clips, generator=draw)])
        clips, order = order[:batch], order[batch:]
        truth, windows = known.of(clips), []
        for place, clip in enumerate(clips.tolist()):
            samples = torch.from_numpy(arrays.samples_of(clip, 0, arrays.clip_samples)[0])
            samples, something = varied(samples, draw)
            windows.append(network.windows(samples))
            if not something:
                for each in (truth.sounds, truth.struck, truth.finishes, truth.hum):
                    each[place] = 0.0
                truth.sounds[place, NOTHING] = 1.0
        loss = loss_of(network, heads, torch.stack(windows), truth)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        rates.step()
        if step % 25 == 0 or step == steps:
            print(json.dumps({"step": step, "loss": round(loss.item(), 4), "s": round(time.time() - began)}))
    return network.eval().requires_grad_(False)


def measure(network: AvsynthCNN, arrays: ArraySet, known: Targets) -> dict[str, float]:
    """Say how well the network names the sounds of validation clips, and tells them from noise."""
    draw = torch.Generator().manual_seed(1)
    clips = [
        torch.from_numpy(arrays.samples_of(clip, 0, arrays.clip_samples)[0]) for clip in range(arrays.clips)
    ]
    logits = torch.stack([network(clip)[1] for clip in clips])
    truth = known.sounds[:, :NOTHING].bool()
    chosen = torch.zeros_like(truth).scatter(1, logits[:, :NOTHING].topk(3).indices, True)
    timbres = [each.unflatten(1, (TIMBRES, SIZES)).any(dim=2) for each in (truth, chosen)]
    empty = [torch.zeros_like(clips[0])]
    empty += [noise(draw, clips[0].numel()) * decibels(draw, -70, -15) for _ in range(99)]
    nothing = torch.stack([network(clip)[1] for clip in empty])
    return {
        "clips": float(len(clips)),
        "three kinds right": (truth == chosen).all(dim=1).float().mean().item(),
        "kinds found": (truth & chosen).sum().item() / truth.sum().item(),
        "three timbres right": (timbres[0] == timbres[1]).all(dim=1).float().mean().item(),
        "clips said to hold nothing": (logits.argmax(dim=1) == NOTHING).float().mean().item(),
        "silence or noise said to hold nothing": (nothing.argmax(dim=1) == NOTHING).float().mean().item(),
    }


def main() -> None:
    """Train, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--clips", type=int, default=3200)
    parser.add_argument("--val-clips", type=int, default=400)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    asked = {"clips": str(args.clips), "val_clips": str(args.val_clips)}
    asked |= {"difficulty": DIFFICULTY, "media": MEDIA, "world": str(WORLD)}
    arrays = open_training(asked, INPUTS, lambda *_: None)
    network = train(
        arrays.train, targets("train", args.clips), steps=args.steps, batch=args.batch, seed=args.seed
    )
    state = {
        key: each if "running" in key or not each.is_floating_point() else each.half()
        for key, each in network.state_dict().items()
    }
    network.load_state_dict(state)
    found = measure(network, arrays.validation, targets("val", args.val_clips))
    about = vars(args) | {"out": args.out.name, "found": found, "data": dict(arrays.about)}
    save_file(state, args.out, metadata={"about": json.dumps(about)})
    print(json.dumps(found))


if __name__ == "__main__":
    main()
