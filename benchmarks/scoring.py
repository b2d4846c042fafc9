"""Scoring a folder of sounds: what the harness takes beside decoding, networks and signal processing.

    OMP_NUM_THREADS=1 python benchmarks/scoring.py [--clips 1000] [--folder DIR]

Ten-second videos and ten-second wav files are made (unless the folder has them), and ``audio-folder`` is
scored on them with the bundled embedder, from an empty store. Printed are processor seconds, children
included, of the whole run; of its parts, called bare over the same files: reading the sounds, the embedder,
onsets and envelope; of the metrics and their intervals, inside the run; and what is left for the harness:
processes, digests, store, documents.

Bar: the harness under a tenth.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from avbench import Clip, registry
from avbench.embedders.loading import resolve_embedder
from avbench.media.audio import resample
from avbench.media.encode import write_clip, write_sound
from avbench.media.workers import SoundReaders
from avbench.protocols import AudioBatch
from avbench.requests import RunRequest
from avbench.runner import run
from avbench.runs import generation
from avbench.runs.hearing import SignalEar
from avbench.runs.job import Report
from avbench.sounds import Sound
from avbench.tasks.generation import GenerationOutcome

RATE, SECONDS = 16_000, 10.0
SPEC = """
from avbench import GenerationProtocol, TaskSpec, hookimpl

@hookimpl
def avbench_tasks():
    protocol = GenerationProtocol(sample_rate=16_000, embedders=("avsynth-cnn",))
    yield TaskSpec(
        name="ten-seconds", dataset="folder", seconds=10.0, version=1, summary="-", protocol=protocol
    )
"""


def knocks(seed: int) -> np.ndarray:
    """Return some decaying tones at random instants: ``(channel=1, time)``."""
    draw = np.random.default_rng(seed)
    times = np.arange(int(RATE * SECONDS)) / RATE
    sound = 0.001 * draw.standard_normal(len(times))
    for start in draw.uniform(0, SECONDS - 0.5, 12):
        since = np.clip(times - start, 0, None)
        sound += (
            0.2 * (times >= start) * np.exp(-12 * since) * np.sin(2 * np.pi * draw.uniform(200, 3000) * since)
        )
    return np.clip(sound, -1, 1).astype(np.float32)[None]


def make(folder: Path, clips: int) -> None:
    """Write the videos and the wav files that are not there yet."""
    for name in ("videos", "sounds"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    frames = np.zeros((int(2 * SECONDS), 32, 32, 3), np.uint8)
    for clip in range(clips):
        video, sound = folder / "videos" / f"{clip:05d}.mp4", folder / "sounds" / f"{clip:05d}.wav"
        if not video.exists():
            write_clip(video, frames=frames, fps=2, samples=knocks(clip), sample_rate=RATE)
        if not sound.exists():
            write_sound(sound, Sound(samples=knocks(clips + clip), sample_rate=RATE))


def processor_seconds() -> float:
    """Return what this process and its ended children have computed."""
    return sum(os.times()[:4])


def spent(deed: Callable[[], object]) -> tuple[float, float]:
    """Return processor seconds and wall seconds of a deed."""
    wall, start = time.perf_counter(), processor_seconds()
    deed()
    return processor_seconds() - start, time.perf_counter() - wall


def whole_run(folder: Path, plugin: Path) -> None:
    """Score the folder from an empty store."""
    with tempfile.TemporaryDirectory() as place:
        os.environ["AVBENCH_CACHE"] = place
        request = RunRequest(
            model="audio-folder",
            tasks=("ten-seconds",),
            model_args={"path": str(folder / "sounds")},
            data_root=folder / "videos",
            output=Path(place, "results"),
            device="cpu",
        )
        report = Report(say=print, progress=lambda what, done, total: None)
        for _ in run(registry.load((str(plugin),)), request, Path(place, "cache"), report):
            pass


@contextmanager
def metrics_watched() -> Generator[list[float]]:
    """Collect the processor seconds that metrics and intervals take inside."""
    seconds: list[float] = []
    score = generation.score_generation

    def watched(*args: Any) -> GenerationOutcome:
        outcomes: list[GenerationOutcome] = []
        seconds.append(spent(lambda: outcomes.append(score(*args)))[0])
        return outcomes[0]

    generation.score_generation = watched
    yield seconds
    generation.score_generation = score


def bare_parts(folder: Path) -> Iterator[tuple[str, float]]:
    """Yield each part of the work and its processor seconds."""
    files = sorted((folder / "videos").iterdir()) + sorted((folder / "sounds").iterdir())
    clips = [Clip(id=path.name, path=path) for path in files]
    sounds: list[Sound] = []

    def read() -> None:
        readers = SoundReaders(len(os.sched_getaffinity(0)))
        sounds.extend(each for each in readers.read(clips, SECONDS) if isinstance(each, Sound))
        readers.close()

    yield "reading the sounds", spent(read)[0]
    record = registry.load(()).embedders.get("avsynth-cnn")
    resolved = resolve_embedder(record, weights=None, cache=folder, allow_download=False)
    network, ear = resolved.load("cpu"), SignalEar(channels=1)

    def embed() -> None:
        for sound in sounds:
            wave = resample(sound.samples, sound.sample_rate, record.sample_rate)[None]
            network.hear(AudioBatch(samples=torch.from_numpy(wave), sample_rate=record.sample_rate, clips=()))

    def listen() -> None:
        for sound in sounds:
            ear.hear(sound.samples, sound.sample_rate)

    with torch.inference_mode():
        yield "embedder", spent(embed)[0]
    yield "onsets and envelope", spent(listen)[0]


def main() -> None:
    """Measure and print, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--clips", type=int, default=1000)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir(), "avbench-scoring"))
    asked = parser.parse_args()
    torch.set_num_threads(1)
    folder = asked.folder / str(asked.clips)
    make(folder, asked.clips)
    plugin = folder / "ten_seconds.py"
    plugin.write_text(SPEC)
    with metrics_watched() as metrics:
        computed, wall = spent(lambda: whole_run(folder, plugin))
    parts = {**dict(bare_parts(folder)), "metrics and intervals": sum(metrics)}
    harness = computed - sum(parts.values())
    figures = {"run": computed, **parts, "harness": harness, "wall": wall}
    rounded = {name: round(seconds, 2) for name, seconds in figures.items()}
    print(
        json.dumps(
            {"clips": asked.clips, "seconds": rounded, "share": round(harness / computed, 3)}, indent=2
        )
    )


if __name__ == "__main__":
    main()
