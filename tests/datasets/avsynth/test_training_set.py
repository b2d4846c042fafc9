from pathlib import Path

import numpy as np
import pytest

from avbench import AudioInput, ModelInputs, VideoInput
from avbench.datasets.avsynth.arrays import render_arrays
from avbench.datasets.avsynth.galleries import train_scene
from avbench.datasets.avsynth.presets import difficulty_preset, media_preset
from avbench.datasets.avsynth.training_set import ArrayRequest, open_arrays, open_training, render_shard
from avbench.errors import StorageError, UnknownName
from avbench.training.arrays import SHARD, ArraySet

VIDEO, AUDIO = VideoInput(fps=2.0, height=16, width=16), AudioInput(sample_rate=2000)
REQUEST = ArrayRequest(split="train", difficulty="easy", media="5s", seed=0, video=VIDEO, audio=AUDIO)


def opened(folder: Path, clips: int, told: list[tuple[int, int]] | None = None) -> ArraySet:
    def progress(what: str, done: int, total: int) -> None:
        if told is not None:
            told.append((done, total))

    return open_arrays(folder, REQUEST, clips=clips, workers=1, progress=progress)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("arrays")
    opened(made, SHARD)
    return made


def test_a_clip_is_what_the_renderer_gives(folder: Path) -> None:
    arrays = opened(folder, SHARD)
    scene = train_scene(5, difficulty=difficulty_preset("easy"), media=media_preset("5s"))
    frames, samples = render_arrays(scene, video=VIDEO, audio=AUDIO)

    assert (arrays.clips, arrays.siblings) == (SHARD, 4)
    assert (arrays.clip_frames, arrays.clip_samples) == (10, 10_000)
    assert np.array_equal(arrays.frames_of(5, 2, 4), frames.transpose(0, 2, 3, 1)[2:6])
    heard = arrays.samples_of(5, 300, 900)
    assert heard.shape == (1, 900) and heard.dtype == np.float32
    assert np.abs(heard - samples[:, 300:1200]).max() <= 0.5 / 32768


def test_what_is_there_is_not_rendered_again(folder: Path) -> None:
    told: list[tuple[int, int]] = []
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.npy")}

    opened(folder, SHARD // 2, told)

    assert told == []
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.npy")} == before


def test_a_shard_that_a_kill_left_unfinished_is_rendered_alike(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.rglob("*.npy")}
    for path in folder.rglob("*.samples.npy"):
        path.unlink()

    told: list[tuple[int, int]] = []
    opened(folder, SHARD, told)

    assert told == [(0, SHARD), (SHARD, SHARD)]
    assert {path.name: path.read_bytes() for path in folder.rglob("*.npy")} == before


def test_arrays_of_other_settings_lie_elsewhere() -> None:
    import dataclasses

    others = [{"seed": 1}, {"difficulty": "hard"}, {"media": "8s"}, {"split": "val"}]
    keys = {dataclasses.replace(REQUEST, **other).key() for other in others}

    assert len(keys) == len(others) and REQUEST.key() not in keys


def test_a_folder_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StorageError, match="cannot be written"):
        opened(tmp_path / "file", SHARD)


def test_a_full_disk_is_a_storage_error_and_leaves_no_half_shard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, array: object) -> None:
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(OSError, match="No space"):
        render_shard(tmp_path, REQUEST, 0)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("args", "error"),
    [({"clips": "many"}, ValueError), ({"workers": "0"}, ValueError), ({"difficulty": "hrad"}, UnknownName)],
)
def test_arguments_that_make_no_sense_are_refused(args: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error):
        open_training(args, ModelInputs(video=VIDEO, audio=AUDIO), lambda what, done, total: None)


def test_a_model_that_reads_one_stream_cannot_be_trained() -> None:
    with pytest.raises(ValueError, match="both streams"):
        open_training({}, ModelInputs(video=VIDEO, audio=None), lambda what, done, total: None)
