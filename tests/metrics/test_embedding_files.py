import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file

from avbench.errors import DataError
from avbench.metrics import embedding_files
from avbench.metrics.embedding_files import embedding_blocks

ROWS = np.random.default_rng(0).normal(size=(11, 3)).astype(np.float32)


def write_npy(path):
    np.save(path, ROWS)


def write_npz(path):
    np.savez(path, embeddings=ROWS)


def write_safetensors(path):
    save_file({"embeddings": ROWS}, path)


def write_lists(path):
    pd.DataFrame({"id": [str(i) for i in range(11)], "embedding": list(ROWS)}).to_parquet(path)


def write_columns(path):
    pd.DataFrame(ROWS, columns=["a", "b", "c"]).assign(id="x").to_parquet(path)


WRITERS = [
    (write_npy, ".npy"),
    (write_npz, ".npz"),
    (write_safetensors, ".safetensors"),
    (write_lists, ".parquet"),
    (write_columns, ".parquet"),
]


@pytest.mark.parametrize(("write", "suffix"), WRITERS)
def test_every_kind_of_file_gives_the_rows_in_order_block_by_block(tmp_path, monkeypatch, write, suffix):
    monkeypatch.setattr(embedding_files, "ROWS_AT_ONCE", 4)
    path = tmp_path / f"rows{suffix}"
    write(path)
    blocks = list(embedding_blocks(path))
    assert [len(each) for each in blocks] == [4, 4, 3]
    np.testing.assert_array_equal(np.concatenate(blocks), ROWS)


def test_one_of_several_arrays_is_named(tmp_path):
    path = tmp_path / "two.npz"
    np.savez(path, video=ROWS, audio=2 * ROWS)
    np.testing.assert_array_equal(np.concatenate(list(embedding_blocks(path, "audio"))), 2 * ROWS)
    with pytest.raises(DataError, match="audio, video, and name one"):
        list(embedding_blocks(path))
    with pytest.raises(DataError, match="none is named 'text'"):
        list(embedding_blocks(path, "text"))


def test_objects_are_never_unpickled_nor_is_it_advised(tmp_path):
    np.save(tmp_path / "objects.npy", np.array([[{}]], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "objects.npz", rows=np.array([[{}]], dtype=object))
    for suffix in ("npy", "npz"):
        with pytest.raises(DataError, match="cannot be read") as caught:
            list(embedding_blocks(tmp_path / f"objects.{suffix}"))
        assert "unsafely" not in caught.value.message
        assert "allow_pickle" not in caught.value.message


@pytest.mark.parametrize("suffix", ["npy", "npz", "safetensors", "parquet"])
def test_damaged_and_missing_files_are_refused(tmp_path, suffix):
    (tmp_path / f"damaged.{suffix}").write_bytes(b"not what the name says")
    for name in ("damaged", "absent"):
        with pytest.raises(DataError, match="cannot be read"):
            list(embedding_blocks(tmp_path / f"{name}.{suffix}"))


def test_another_kind_of_file_and_another_shape_are_refused(tmp_path):
    with pytest.raises(DataError, match="ends in none of"):
        list(embedding_blocks(tmp_path / "rows.pkl"))
    for shape in ((), (4,), (2, 3, 4)):
        np.save(tmp_path / "shape.npy", np.ones(shape))
        with pytest.raises(DataError, match="shape"):
            list(embedding_blocks(tmp_path / "shape.npy"))
    with pytest.raises(DataError, match="no array named"):
        list(embedding_blocks(tmp_path / "shape.npy", "rows"))
