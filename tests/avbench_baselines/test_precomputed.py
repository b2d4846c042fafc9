"""Embeddings from a file: three formats, one meaning, and what is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.numpy import save_file

from avbench import AudioBatch, Clip, ModelError, VideoBatch
from avbench_baselines.plugin import avbench_models

IDS = ["a/1", "b", "ç"]


def embeddings(*shape: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {side: rng.normal(size=(len(IDS), *shape)).astype(np.float32) for side in ("video", "audio")}


def write(path: Path, rows: dict[str, np.ndarray], ids: list[str] = IDS) -> Path:
    match path.suffix:
        case ".npz":
            np.savez(path, ids=np.array(ids), **rows)
        case ".parquet":
            lists = {side: [row.tolist() for row in matrix] for side, matrix in rows.items()}
            pd.DataFrame({"id": ids, **lists}).to_parquet(path)
        case _:
            tensors = {f"{s}/{i}": row for s, m in rows.items() for i, row in zip(ids, m, strict=True)}
            save_file(tensors, path)
    return path


def record():
    (found,) = [each for each in avbench_models() if each.name == "precomputed"]
    return found


def clips(*ids: str) -> tuple[Clip, ...]:
    return tuple(Clip(id=name, path=Path("unread")) for name in ids)


def embed_video(model, *ids: str) -> np.ndarray:
    return model.embed_video(VideoBatch(frames=torch.zeros(0), fps=0, clips=clips(*ids))).numpy()


def embed_audio(model, *ids: str) -> np.ndarray:
    return model.embed_audio(AudioBatch(samples=torch.zeros(0), sample_rate=0, clips=clips(*ids))).numpy()


@pytest.mark.parametrize("ending", ["npz", "parquet", "safetensors"])
@pytest.mark.parametrize("shape", [(5,), (4, 3)])
def test_every_format_gives_back_each_clips_rows(tmp_path: Path, ending: str, shape: tuple[int, ...]):
    rows = embeddings(*shape)
    model = record().load("cpu", embeddings=str(write(tmp_path / f"e.{ending}", rows)))
    np.testing.assert_array_equal(embed_video(model, "ç", "a/1"), rows["video"][[2, 0]])
    np.testing.assert_array_equal(embed_audio(model, "b"), rows["audio"][[1]])


def test_a_clip_that_is_not_in_the_file_is_named_and_costs_only_itself(tmp_path: Path):
    model = record().load("cpu", embeddings=str(write(tmp_path / "e.npz", embeddings(5))))
    with pytest.raises(LookupError, match=r"e\.npz has no audio embedding of 'gone'"):
        embed_audio(model, "b", "gone")


@pytest.mark.parametrize("ending", ["npz", "parquet"])
def test_an_id_given_twice_is_refused(tmp_path: Path, ending: str):
    path = write(tmp_path / f"e.{ending}", embeddings(5), ["a", "b", "a"])
    with pytest.raises(ModelError, match="3 rows for 2 different ids"):
        record().load("cpu", embeddings=str(path))


def test_files_that_cannot_be_read_are_refused_with_a_reason(tmp_path: Path):
    (tmp_path / "broken.npz").write_bytes(b"not a zip")
    (tmp_path / "broken.parquet").write_bytes(b"")
    (tmp_path / "broken.safetensors").write_bytes(b"\0" * 4)
    (tmp_path / "e.csv").write_text("id\n")
    np.savez(tmp_path / "partial.npz", ids=np.array(IDS), video=np.zeros((3, 2)))
    np.savez(tmp_path / "pickled.npz", ids=np.array(IDS, object), video=np.zeros(3), audio=np.zeros(3))
    save_file({"picture/a": np.zeros(2, np.float32)}, tmp_path / "named.safetensors")
    for path in [*tmp_path.iterdir(), tmp_path / "missing.npz"]:
        with pytest.raises(ModelError, match="embeddings file") as caught:
            record().load("cpu", embeddings=str(path))
        assert caught.value.hint


def test_identity_follows_the_content_of_the_file(tmp_path: Path):
    identity = record().identity
    path = write(tmp_path / "e.npz", embeddings(5))
    before = identity({"embeddings": str(path)})
    assert before["embeddings"] == "e.npz"
    write(path, embeddings(6))
    assert identity({"embeddings": str(path)})["sha256"] != before["sha256"]
    with pytest.raises(ModelError, match="needs a file"):
        identity({})
    with pytest.raises(ModelError, match="cannot be read"):
        identity({"embeddings": str(tmp_path / "missing.npz")})
