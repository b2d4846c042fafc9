"""Reference statistics in a small file: a Fréchet distance against it needs no reference audio.

A safetensors file with two float64 tensors, ``mean`` ``(dim,)`` and ``factor`` ``(rank, dim)``
(:class:`avbench.metrics.frechet.Moments`), and a header that says how many rows of what they describe. It
cannot run code when it is read; what it claims is checked against what it holds.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from avbench.errors import DataError
from avbench.metrics import frechet
from avbench.metrics.frechet import Moments
from avbench.store import write_whole

FORMAT = "avbench-statistics-1"
LARGEST_BYTES = 2**31


class Header(BaseModel):
    """What a file says of itself, one JSON text in the header of the safetensors format.

    Attributes:
        format: Always :data:`FORMAT`.
        n: Rows described.
        protocol: How the rows were made: embedder, checkpoint digest, sample rate, seconds, row unit …
        digest: SHA-256 of ``n``, the protocol and both tensors.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str = FORMAT
    n: Annotated[int, Field(ge=1)]
    protocol: Mapping[str, str]
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Statistics:
    """Moments of a reference set and the protocol they were taken under.

    Attributes:
        moments: Rows, mean and factor.
        protocol: Names and values; statistics of another protocol are never compared or merged.
    """

    moments: Moments
    protocol: Mapping[str, str]

    @property
    def digest(self) -> str:
        """SHA-256 of everything the statistics are."""
        described = json.dumps([self.moments.n, dict(self.protocol)], sort_keys=True, ensure_ascii=False)
        running = hashlib.sha256(described.encode())
        for tensor in (self.moments.mean, self.moments.factor):
            running.update(json.dumps(tensor.shape).encode())
            running.update(np.ascontiguousarray(tensor, "<f8").tobytes())
        return running.hexdigest()


def write_statistics(path: Path, statistics: Statistics) -> None:
    """Write a statistics file, whole or not at all.

    Raises:
        StorageError: It cannot be written.
    """
    from safetensors.numpy import save

    header = Header(n=statistics.moments.n, protocol=statistics.protocol, digest=statistics.digest)
    tensors = {"mean": statistics.moments.mean, "factor": statistics.moments.factor}
    whole = {name: np.ascontiguousarray(tensor, "<f8") for name, tensor in tensors.items()}
    write_whole(path, save(whole, metadata={"avbench": header.model_dump_json()}))


def read_statistics(path: Path) -> Statistics:
    """Read a statistics file.

    Raises:
        DataError: It is missing, not such a file, too large, damaged, or not what its digest says.
    """
    header, tensors = _read(path)
    try:
        mean, factor = tensors["mean"], tensors["factor"]
    except KeyError as error:
        raise _unusable(path, f"it holds no tensor {error}") from error
    if mean.ndim != 1 or factor.ndim != 2 or factor.shape[1] != len(mean) or not len(mean):
        raise _unusable(path, f"its mean has shape {mean.shape} and its factor {factor.shape}")
    if not (np.isfinite(mean).all() and np.isfinite(factor).all()):
        raise _unusable(path, "it holds NaN or an infinite value")
    found = Statistics(moments=Moments(n=header.n, mean=mean, factor=factor), protocol=header.protocol)
    if found.digest != header.digest:
        raise _unusable(path, f"its content has digest {found.digest}, its header says {header.digest}")
    return found


def merged_statistics(parts: Sequence[Statistics]) -> Statistics:
    """Return the statistics of several disjoint sets of one protocol together.

    Raises:
        DataError: There is none, or the protocols or the dimensions differ.
    """
    if not parts:
        raise DataError("There are no statistics to merge.", hint="Name at least one statistics file.")
    for other in parts[1:]:
        check_same_protocol(parts[0], other)
    return Statistics(
        moments=frechet.merged(each.moments for each in parts), protocol=dict(parts[0].protocol)
    )


def check_same_protocol(first: Statistics, second: Statistics) -> None:
    """Refuse statistics that were not taken under one protocol.

    Raises:
        DataError: A name or a value of the protocol differs, or the dimension; the message says which.
    """
    names = sorted(
        name
        for name in {*first.protocol, *second.protocol}
        if first.protocol.get(name) != second.protocol.get(name)
    )
    if names:
        differing = ", ".join(
            f"{n} {first.protocol.get(n)!r} against {second.protocol.get(n)!r}" for n in names
        )
        raise DataError(
            f"The statistics are of different protocols: {differing}.",
            hint="Build both by the same embedder, checkpoint, sample rate, length and row unit.",
        )
    if first.moments.dim != second.moments.dim:
        raise DataError(
            f"The statistics are of dimension {first.moments.dim} and {second.moments.dim}.",
            hint="Build both by the same embedder.",
        )


def _read(path: Path) -> tuple[Header, dict[str, Any]]:
    from safetensors import SafetensorError, safe_open

    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise _unusable(path, f"it is larger than {LARGEST_BYTES} bytes")
        with safe_open(path, framework="numpy") as file:
            described = (file.metadata() or {}).get("avbench", "")
            header = Header.model_validate_json(described)
            if header.format != FORMAT:
                raise _unusable(path, f"its format is {header.format!r}, not {FORMAT!r}")
            return header, {name: np.asarray(file.get_tensor(name), "<f8") for name in file.keys()}  # noqa: SIM118
    except ValidationError as error:
        raise _unusable(path, "its header is not that of a statistics file") from error
    except (SafetensorError, TypeError, ValueError) as error:
        raise _unusable(path, f"it is not a safetensors file ({error})") from error
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error


def _unusable(path: Path, why: str) -> DataError:
    return DataError(
        f"{path} cannot be used as reference statistics: {why}.",
        hint="Build it again: `avbench stats build EMBEDDINGS --out FILE`.",
    )
