"""What the tests of training data read: clips at a size that costs nothing, and ways to spoil them."""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avbench import AudioInput, Clip, ModelInputs, VideoInput
from avbench.clips import Dataset
from avbench.datasets.folder import open_folder
from avbench.media.encode import write_clip
from avbench.records import DatasetRequest, Progress
from avbench.requests import TrainRequest
from avbench.training.choice import DataChoice, choice_from

INPUTS = ModelInputs(video=VideoInput(fps=5, height=16, width=16), audio=AudioInput(sample_rate=4000))


def silent_progress(what: str, done: int, total: int) -> None:
    """Say nothing."""


def choice(**args: str) -> DataChoice:
    return choice_from({"seconds": "4", "workers": "1", **args}, INPUTS)


def folder_of(source: Path, target: Path, count: int = 12) -> Path:
    """Copy so many of some clips to a folder of their own."""
    target.mkdir()
    for path in sorted(source.glob("*.mp4"))[:count]:
        shutil.copy(path, target)
    return target


def spoil(folder: Path) -> dict[str, str]:
    """Spoil some clips of a folder; return the reason expected of each."""
    clips = sorted(folder.iterdir())
    clips[1].write_bytes(b"no film at all")
    clips[4].write_bytes(b"")
    (folder / "gone.mp4").symlink_to("nowhere.mp4")
    frames = np.random.default_rng(0).integers(0, 256, (54, 48, 64, 3), dtype=np.uint8)
    silence, tone = np.zeros((1, 72_000), np.float32), 0.5 * np.sin(np.arange(72_000) / 7)[None]
    write_clip(clips[2], frames=frames, fps=12, samples=silence, sample_rate=16_000)
    write_clip(clips[6], frames=frames, fps=12, samples=None, sample_rate=16_000)
    short = tone[:, :24_000].astype(np.float32)
    write_clip(clips[7], frames=frames[:18], fps=12, samples=short, sample_rate=16_000)
    return {
        clips[1].name: "corrupt",
        clips[2].name: "silent",
        clips[4].name: "empty",
        clips[6].name: "no-audio",
        clips[7].name: "too-short",
        "gone.mp4": "missing",
    }


def opened(folder: Path) -> Dataset:
    return open_folder(DatasetRequest(cache=Path("unused"), root=folder, args={}, progress=silent_progress))


def request(
    folder: Path, output: Path, said: list[str] | None = None, steps: int | None = None, **args: Any
) -> TrainRequest:
    """Ask for training on a folder."""

    def open_datasets(progress: Progress) -> Sequence[Dataset]:
        return [opened(folder)]

    say: Callable[[str], None] = said.append if said is not None else lambda line: None
    return TrainRequest(
        config="tiny",
        output=output,
        steps=steps,
        device="cpu",
        seed=0,
        args={"seconds": "4", "workers": "1"} | {key: str(value) for key, value in args.items()},
        open_datasets=open_datasets,
        say=say,
    )


def listed(path: Path) -> dict[str, str]:
    """Return reasons by clip id, as a run lists them."""
    lines = map(json.loads, (path / "left-out.jsonl").read_text("utf-8").splitlines())
    return {line["id"]: line["reason"] for line in lines}


def ids(clips: Sequence[Clip], numbers: Sequence[int]) -> list[str]:
    return [clips[int(number)].id for number in numbers]
