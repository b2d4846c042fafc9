"""A generation model and an embedder that are small and real, and clips whose sounds can be seen."""

from pathlib import Path

import numpy as np

from avbench.media.encode import write_clip

RATE = 16_000
FPS = 25
SECONDS = 4.5

SOUNDING = """
import torch

from avbench import (
    AudioBatch, EmbedderRecord, GenerationProtocol, Heard, MediaError, ModelInputs, ModelRecord, TaskSpec,
    VideoInput, hookimpl,
)

RATE = 22050


class Clicking:
    made = 0

    def generate_audio(self, batch, seed):
        Clicking.made += 1
        light = batch.pixels().mean(dim=(2, 3, 4))
        rises = (light[:, 1:] - light[:, :-1]) > 0.2
        noise = torch.randn(2000, generator=torch.Generator().manual_seed(seed))
        samples = torch.zeros(len(light), 1, round(batch.seconds * RATE))
        for row, frame in rises.nonzero().tolist():
            start = round((frame + 1) / batch.fps * RATE)
            samples[row, 0, start : start + 2000] = (0.2 * noise * torch.linspace(1, 0, 2000))[
                : samples.shape[2] - start
            ]
        clips = batch.clips
        {spoil}
        return AudioBatch(samples=samples, sample_rate=RATE, clips=clips)


class Still:
    def generate_audio(self, batch, seed):
        samples = torch.zeros(len(batch.clips), 1, round(batch.seconds * 8000))
        return AudioBatch(samples=samples, sample_rate=8000, clips=batch.clips)


class Bands:
    def hear(self, batch):
        frames = batch.samples[:, 0].unfold(1, 2048, 2048).flatten(0, 1)
        power = torch.fft.rfft(frames, dim=1).abs()[:, :1024].unflatten(1, (4, 256)).mean(2)
        rows = power.add(1e-3).log().unflatten(0, (len(batch.samples), -1))
        return Heard(rows=rows, logits=rows.mean(1))


@hookimpl
def avbench_models():
    inputs = ModelInputs(video=VideoInput(fps=25, height=16, width=16), audio=None)
    nothing = ModelInputs(video=None, audio=None)
    return [
        ModelRecord(name="clicking", summary="A click for every flash.", inputs=inputs,
                    load=lambda device: Clicking(), capabilities=("generation",)),
        ModelRecord(name="still", summary="Nothing.", inputs=nothing, load=lambda device: Still(),
                    capabilities=("generation",), scale_row=True),
    ]


@hookimpl
def avbench_embedders():
    return [EmbedderRecord(name="bands", summary="Four bands.", sample_rate=16000, dim=4, classes=4,
                           load=lambda device, weights: Bands(), license="Apache-2.0")]


@hookimpl
def avbench_tasks():
    def task(name, **protocol):
        return TaskSpec(
            name=name, dataset="folder", seconds=4.0, version=1, summary="",
            protocol=GenerationProtocol(embedders=("bands",), **protocol),
            scale_rows=("still", "shuffled-truth", "truth-halves", "nobody"),
        )

    return [task("clicks"), task("clicks-thrice", samples=3), task("clicks-seen", similarity=("gmscavp",)),
            task("clicks-stereo", channels=2), task("clicks-centred", centred=True)]
"""


def sounding(spoil: str = "pass") -> str:
    """Return the source of a plugin whose model does something to its ``samples``."""
    return SOUNDING.replace("{spoil}", spoil)


def write_flashes(folder: Path, clips: int) -> dict[str, list[float]]:
    """Write clips that flash and click at instants of their own; return those by clip."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    instants: dict[str, list[float]] = {}
    for clip in range(clips):
        frames = np.full((round(SECONDS * FPS), 32, 32, 3), 20, np.uint8)
        samples = 1e-4 * random.normal(size=(1, round(SECONDS * RATE))).astype(np.float32)
        starts = np.sort(random.choice(np.arange(5, 95, 10), 4, replace=False)) + random.integers(0, 4)
        for start in starts:
            frames[start : start + 3] = 235
            at = round(start / FPS * RATE)
            burst = random.normal(size=1500) * np.linspace(1, 0, 1500)
            samples[0, at : at + 1500] += 0.2 * burst.astype(np.float32)
        name = f"clip{clip}.mp4"
        write_clip(folder / name, frames=frames, fps=FPS, samples=samples, sample_rate=RATE)
        instants[name] = [float(start / FPS) for start in starts]
    return instants
