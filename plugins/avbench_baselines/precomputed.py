"""Embeddings made elsewhere, scored with no network loaded.

======================  ============================================================================
``.npz``                arrays ``ids`` ``(n,)``, ``video`` and ``audio`` ``(n, dim)`` or ``(n, time, dim)``
``.parquet``            a row a clip: ``id``, and ``video`` and ``audio`` as lists (or lists of lists)
``.safetensors``        tensors ``video/<id>`` and ``audio/<id>``, ``(dim,)`` or ``(time, dim)``
======================  ============================================================================
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from avbench import AudioBatch, Clip, ModelError, VideoBatch

Rows = dict[str, NDArray[np.float32]]
MODALITIES = ("video", "audio")


class Precomputed:
    """Looks every clip up by its id.

    Args:
        embeddings: The file, in one of the three formats above.

    Raises:
        ModelError: The file cannot be read, has another layout, or names a clip twice.
    """

    def __init__(self, embeddings: str) -> None:
        self.path = Path(embeddings)
        self.rows = read_embeddings(self.path)

    def embed_video(self, batch: VideoBatch) -> torch.Tensor:
        """Return ``(batch, dim)`` or ``(batch, time, dim)``; raises ``LookupError`` for an unknown clip."""
        return self._look_up(batch.clips, "video")

    def embed_audio(self, batch: AudioBatch) -> torch.Tensor:
        """Return ``(batch, dim)`` or ``(batch, time, dim)``; raises ``LookupError`` for an unknown clip."""
        return self._look_up(batch.clips, "audio")

    def _look_up(self, clips: tuple[Clip, ...], modality: str) -> torch.Tensor:
        rows = self.rows[modality]
        # No ModelError: one clip that is not there must cost that clip, not the run.
        for clip in clips:
            if clip.id not in rows:
                raise LookupError(f"{self.path.name} has no {modality} embedding of {clip.id!r}")
        return torch.from_numpy(np.stack([rows[clip.id] for clip in clips]))


def read_embeddings(path: Path) -> dict[str, Rows]:
    """Read a file of embeddings.

    Returns:
        By modality and clip id, ``(dim,)`` or ``(time, dim)`` float32.

    Raises:
        ModelError: The file cannot be read, has another layout, or names a clip twice.
    """
    readers = {".npz": _read_npz, ".parquet": _read_parquet, ".safetensors": _read_safetensors}
    if path.suffix not in readers:
        raise ModelError(
            f"The embeddings file {path} has the ending {path.suffix!r}.",
            hint=f"Give a file that ends in one of {', '.join(readers)}.",
        )
    try:
        return readers[path.suffix](path)
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(
            f"The embeddings file {path} cannot be read: {_first_line(error)}.",
            hint="docs/protocol.md says what each format must hold.",
        ) from error


def identify(args: Mapping[str, str]) -> Mapping[str, str]:
    """Return the file's name and digest, which stand for the model in results and in the store.

    Raises:
        ModelError: No file is named, or it cannot be read.
    """
    if "embeddings" not in args:
        raise ModelError(
            "The model 'precomputed' needs a file of embeddings.",
            hint="Add --model-args embeddings=FILE.",
        )
    path = Path(args["embeddings"])
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(
            f"The embeddings file {path} cannot be read: {error.strerror}.", hint="Check the path."
        ) from error
    return {"embeddings": path.name, "sha256": digest}


def _read_npz(path: Path) -> dict[str, Rows]:
    with np.load(path, allow_pickle=False) as file:
        ids = [str(name) for name in file["ids"]]
        return {modality: _by_id(path, ids, file[modality]) for modality in MODALITIES}


def _read_parquet(path: Path) -> dict[str, Rows]:
    import pandas as pd

    table = pd.read_parquet(path, columns=["id", *MODALITIES])
    ids = [str(name) for name in table["id"]]
    return {
        modality: _by_id(path, ids, [_plain(cell) for cell in table[modality]]) for modality in MODALITIES
    }


def _plain(cell: Any) -> NDArray[np.float32]:
    # A list of lists comes back as an array of arrays.
    return np.array([np.asarray(each, np.float32) for each in cell], np.float32)


def _read_safetensors(path: Path) -> dict[str, Rows]:
    from safetensors.torch import load_file

    rows: dict[str, Rows] = {modality: {} for modality in MODALITIES}
    for key, tensor in load_file(path).items():
        modality, _, clip = key.partition("/")
        if modality not in rows or not clip:
            raise ModelError(
                f"The embeddings file {path} holds a tensor named {key!r}.",
                hint="Name tensors video/<clip id> and audio/<clip id>.",
            )
        rows[modality][clip] = tensor.float().numpy()
    return rows


def _by_id(path: Path, ids: list[str], rows: Any) -> Rows:
    if len(ids) != len(rows) or len(ids) != len(set(ids)):
        raise ModelError(
            f"The embeddings file {path} has {len(rows)} rows for {len(set(ids))} different ids.",
            hint="Give every clip one row, under an id of its own.",
        )
    return {name: np.asarray(row, np.float32) for name, row in zip(ids, rows, strict=True)}


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
