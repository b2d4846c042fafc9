"""Scoring a folder of sounds: what the harness takes beside decoding, networks and signal processing.

    OMP_NUM_THREADS=1 python benchmarks/scoring.py [--clips 1000] [--rounds 3] [--folder DIR]

Ten-second videos and ten-second wav files are made (unless the folder has them), and ``audio-folder`` is
scored on them with the bundled embedder, from an empty store. Printed are processor seconds, children
included, of the whole run; of reading the sounds, done bare over the same files just before or after; of the
embedder, of onsets and envelope, and of the metrics and their intervals, inside the run; and what is left for
the harness: processes, digests, store, documents. Removing the store afterwards is no part of the run. Each
figure is the median over rounds, the share that of the rounds' shares.

Bar: the harness under a tenth.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from avbench import Clip
from avbench.media.encode import write_clip, write_sound
from avbench.media.workers import SoundReaders
from avbench.plugins import registry
from avbench.requests import RunRequest
from avbench.runner import run
from avbench.runs import generation
from avbench.runs.hearing import EmbedderEar, SignalEar
from avbench.runs.job import Report
from avbench.sounds import Sound

RATE, SECONDS = 16_000, 10.0
# Sounds that a run asks for at a time.
BATCH = 8
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


def whole_run(folder: Path, plugin: Path, place: Path) -> None:
    """Score the folder from an empty store at a place."""
    request = RunRequest(
        model="audio-folder",
        tasks=("ten-seconds",),
        model_args={"path": str(folder / "sounds")},
        data_root=folder / "videos",
        output=place / "results",
        device="cpu",
    )
    report = Report(say=lambda line: None, progress=lambda what, done, total: None)
    for _ in run(registry.load((str(plugin),)), request, place / "cache", report):
        pass


@contextmanager
def watched(owner: Any, name: str) -> Generator[list[float]]:
    """Collect the processor seconds that the calls of a function take."""
    seconds: list[float] = []
    function = getattr(owner, name)

    def call(*args: Any) -> Any:
        start = time.process_time()
        try:
            return function(*args)
        finally:
            seconds.append(time.process_time() - start)

    setattr(owner, name, call)
    yield seconds
    setattr(owner, name, function)


def read_bare(folder: Path) -> None:
    """Read every sound, by as many processes as a run does."""
    files = sorted((folder / "videos").iterdir()) + sorted((folder / "sounds").iterdir())
    readers = SoundReaders(len(os.sched_getaffinity(0)))
    for first in range(0, len(files), BATCH):
        batch = [Clip(id=path.name, path=path) for path in files[first : first + BATCH]]
        assert all(isinstance(each, Sound) for each in readers.read(batch, SECONDS))
    readers.close()


def measure(folder: Path, plugin: Path, bare_first: bool) -> dict[str, float]:
    """Return the processor seconds of a run and of its parts."""
    bare = [spent(lambda: read_bare(folder))[0]] if bare_first else []
    with (
        tempfile.TemporaryDirectory() as place,
        watched(EmbedderEar, "hear") as embedder,
        watched(SignalEar, "hear") as signal,
        watched(generation, "score_generation") as metrics,
    ):
        computed, wall = spent(lambda: whole_run(folder, plugin, Path(place)))
    bare = bare or [spent(lambda: read_bare(folder))[0]]
    parts = {
        "reading the sounds": bare[0],
        "embedder": sum(embedder),
        "onsets and envelope": sum(signal),
        "metrics and intervals": sum(metrics),
    }
    harness = computed - sum(parts.values())
    return {"run": computed, **parts, "harness": harness, "wall": wall, "share": harness / computed}


def main() -> None:
    """Measure and print, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--clips", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir(), "avbench-scoring"))
    asked = parser.parse_args()
    torch.set_num_threads(1)
    folder = asked.folder / str(asked.clips)
    make(folder, asked.clips)
    plugin = folder / "ten_seconds.py"
    plugin.write_text(SPEC)
    rounds: list[dict[str, float]] = []
    for number in range(asked.rounds):
        rounds.append(measure(folder, plugin, number % 2 == 0))
        print(json.dumps(rounds[-1]), file=sys.stderr, flush=True)
    figures = {name: round(median(each[name] for each in rounds), 3) for name in rounds[0]}
    print(json.dumps({"clips": asked.clips, **figures}, indent=2))


if __name__ == "__main__":
    main()
