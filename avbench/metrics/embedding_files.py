"""Embeddings from a file, in blocks of rows: npy, npz, safetensors, parquet. None can run code when read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avbench.errors import DataError

Block = NDArray[Any]

ROWS_AT_ONCE = 4096
SUFFIXES = (".npy", ".npz", ".safetensors", ".parquet")


def embedding_blocks(path: Path, key: str | None = None) -> Iterator[Block]:
    """Yield the rows of a file in order, ``(some, dim)`` at a time.

    Args:
        path: ``.npy`` with ``(n, dim)``; ``.npz`` or ``.safetensors`` with one such array, or with several
            and a ``key``; ``.parquet`` with a column of lists, or with numbers in columns of their own.
        key: The array, or the column of lists, to read.

    Raises:
        DataError: The file is missing, damaged, of another kind, or it is not clear which array is meant.
    """
    readers = {".npy": _npy, ".npz": _npz, ".safetensors": _safetensors, ".parquet": _parquet}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise _unreadable(path, f"its name ends in none of {', '.join(SUFFIXES)}")
    try:
        for block in reader(path, key):
            if block.ndim != 2:
                raise _unreadable(path, f"its embeddings have shape {block.shape}, not (n, dim)")
            yield block
    except DataError:
        raise
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    except Exception as error:  # each format has a tree of errors of its own
        if "pickle" in str(error):  # numpy's advice is to run what may be in it
            raise _unreadable(path, "it holds pickled objects, or is no array file at all") from error
        raise _unreadable(path, f"it is damaged ({type(error).__name__}: {error})") from error


def _npy(path: Path, key: str | None) -> Iterator[Block]:
    if key is not None:
        raise _unreadable(path, f"an npy file has no array named {key!r}")
    yield from _sliced(np.load(path, mmap_mode="r", allow_pickle=False))


def _npz(path: Path, key: str | None) -> Iterator[Block]:
    with np.load(path, allow_pickle=False) as arrays:
        yield from _sliced(arrays[_one_of(path, arrays.files, key)])


def _safetensors(path: Path, key: str | None) -> Iterator[Block]:
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        rows = file.get_slice(_one_of(path, list(file.keys()), key))
        length = rows.get_shape()[0]
        for start in range(0, length, ROWS_AT_ONCE):
            yield rows[start : min(start + ROWS_AT_ONCE, length)]


def _parquet(path: Path, key: str | None) -> Iterator[Block]:
    import pyarrow.parquet as pq
    import pyarrow.types as kinds

    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        lists = [
            field.name
            for field in schema
            if kinds.is_list(field.type)
            or kinds.is_large_list(field.type)
            or kinds.is_fixed_size_list(field.type)
        ]
        numbers = [field.name for field in schema if kinds.is_floating(field.type)]
        columns = [_one_of(path, lists, key)] if lists or key else numbers
        for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, columns=columns):
            if lists:
                yield np.array(batch.column(0).to_pylist())
            else:
                yield np.stack([column.to_numpy(zero_copy_only=False) for column in batch.columns], 1)


def _sliced(rows: Block) -> Iterator[Block]:
    if rows.ndim == 0:
        yield rows
    for start in range(0, len(rows) if rows.ndim else 0, ROWS_AT_ONCE):
        yield np.asarray(rows[start : start + ROWS_AT_ONCE])


def _one_of(path: Path, names: list[str], key: str | None) -> str:
    if key is None and len(names) == 1:
        return names[0]
    if key in names:
        return str(key)
    asked = "name one by --key" if key is None else f"none is named {key!r}"
    raise _unreadable(path, f"it holds {', '.join(sorted(names)) or 'nothing'}, and {asked}")


def _unreadable(path: Path, why: str) -> DataError:
    return DataError(
        f"The embeddings in {path} cannot be read: {why}.",
        hint="Give an npy, npz, safetensors or parquet file with one row (n, dim) a clip or a frame.",
    )
