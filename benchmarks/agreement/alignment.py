"""AV-Align beside its authors' steps, and its flow beside that of a file as OpenCV itself reads it."""

import importlib
import tempfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch

from avbench.judges.av_align import RATE, AvAlign
from avbench.judges.flow import mean_flow
from avbench.media.decode import read_clip
from avbench.media.encode import write_clip
from avbench.protocols import AudioBatch, VideoBatch
from avbench.records import AudioInput, VideoInput
from benchmarks.agreement.comparison import Compare, Comparison

SECONDS, FPS, CLIPS, HEIGHT, WIDTH = 4, 25, 12, 112, 160
RULES = {"2023": (0.0, False), "2025": (0.1, True)}


def written(folder: Path) -> Iterator[Path]:
    """Yield clips of textures that move by another number of pixels each frame, with bursts of noise."""
    for seed in range(CLIPS):
        random = np.random.default_rng(seed)
        rough = random.integers(0, 256, (HEIGHT // 8, WIDTH // 8, 3), np.uint8).repeat(8, 0).repeat(8, 1)
        steps = np.cumsum(random.integers(1, 6, SECONDS * FPS)) % 6
        frames = np.stack([np.roll(rough, place, 1) for place in np.cumsum(steps)])
        samples = 1e-4 * random.normal(size=SECONDS * RATE)
        for at in random.integers(0, len(samples), 10):
            burst = 0.3 * random.normal(size=2000) * np.linspace(1, 0, 2000)
            samples[at : at + 2000] += burst[: len(samples) - at]
        path = folder / f"{seed}.mp4"
        write_clip(path, frames=frames, fps=FPS, samples=samples[None].astype(np.float32), sample_rate=RATE)
        yield path


def their_flow(cv2: Any, frames: Sequence[Any]) -> list[float]:
    """Return the flow of frames ``(height, width, channel=3)``, BGR, by the steps of guyyariv/TempoTokens."""
    grey = [cv2.cvtColor(each, cv2.COLOR_BGR2GRAY) for each in frames]
    flow: list[float] = []
    for before, after in [(grey[0], grey[1]), *pairwise(grey)]:
        moved = cv2.calcOpticalFlowFarneback(before, after, None, 0.5, 3, 15, 3, 5, 1.2, 0)
        flow.append(cv2.mean(cv2.magnitude(moved[..., 0], moved[..., 1]))[0])
    return flow


def their_score(flow: Sequence[float], onsets: Sequence[float], floor: float, once: bool) -> float:
    """Count as its loops do."""
    moves = [
        k / FPS for k in range(1, len(flow) - 1) if flow[k - 1] < flow[k] > flow[k + 1] and flow[k] >= floor
    ]
    hits = 0
    taken: set[int] = set()
    for onset in onsets:
        for place, move in enumerate(moves):
            if move - 1 / FPS < onset < move + 1 / FPS and not (once and place in taken):
                hits += 1
                taken.add(place)
                break
    return hits / (len(onsets) + len(moves) - hits)


def read_by(cv2: Any, path: Path) -> list[Any]:
    """Return the frames of a file as OpenCV reads them, BGR."""
    capture, frames = cv2.VideoCapture(str(path)), list[Any]()
    while (read := capture.read())[0]:
        frames.append(read[1])
    return frames


def av_align() -> Iterator[Comparison]:
    """Compare flow, and both rules clip by clip."""
    cv2, librosa = importlib.import_module("cv2"), importlib.import_module("librosa")
    judge, ours, theirs, flows = AvAlign(), list[Any](), list[Any](), list[Any]()
    wanted = VideoInput(fps=FPS, height=HEIGHT, width=WIDTH)
    with tempfile.TemporaryDirectory() as folder:
        for path in written(Path(folder)):
            clip = read_clip(path, seconds=SECONDS, video=wanted, audio=AudioInput(sample_rate=RATE))
            assert clip.frames is not None
            assert clip.samples is not None
            video = VideoBatch(frames=torch.from_numpy(clip.frames)[None], fps=FPS, clips=())
            audio = AudioBatch(samples=torch.from_numpy(clip.samples)[None], sample_rate=RATE, clips=())
            verdicts = judge.judge(judge.see(video), judge.hear(audio))
            ours.append([verdicts[f"sync.av-align-{version}"] for version in RULES])
            shown = [np.ascontiguousarray(each.transpose(1, 2, 0)[..., ::-1]) for each in clip.frames]
            flow = their_flow(cv2, shown)
            onsets = librosa.onset.onset_detect(y=clip.samples[0], sr=RATE, units="time")
            theirs.append([their_score(flow, onsets, *rule) for rule in RULES.values()])
            flows.append((mean_flow(clip.frames), their_flow(cv2, read_by(cv2, path))))
    of = {"package": "opencv-python-headless", "function": "calcOpticalFlowFarneback"}
    yield Comparison(
        number="flow of AV-Align", **of, ours=[each for each, _ in flows], theirs=[each for _, each in flows],
        within=2e-3, note=f"{CLIPS} clips of {SECONDS} s, read by avbench and by OpenCV",
    )  # fmt: skip
    for column, version in enumerate(RULES):
        yield Comparison(
            number=f"AV-Align {version}", **of, ours=[row[column] for row in ours],
            theirs=[row[column] for row in theirs], within=1e-12,
            note="its authors' loops, flow and librosa's onsets, on the same frames",
        )  # fmt: skip


ALIGNMENT: tuple[Compare, ...] = (av_align,)
