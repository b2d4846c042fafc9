"""Weights on disk: safetensors, half-precision as a rule, that carry their own config and digest.

The metadata of the file holds ``format``, ``config`` (JSON), ``digest`` (SHA-256 over the tensors' names,
shapes and bytes) and whatever the trainer adds. Reading runs no code from the file.
"""

import hashlib
import io
import json
import os
import pickle
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import torch
from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as safetensors_bytes
from torch import Tensor

from gmscavp.complaints import Complaint

Config = TypeVar("Config")

STATE = frozenset({"fingerprint", "network", "average", "optimiser", "step", "start"})
"""What a checkpoint of a run holds."""


class CheckpointError(Complaint):
    """A weight file is missing, damaged, or made for another model; the message is one sentence."""


def digest(tensors: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 over name, type, shape and bytes of each tensor, in name order."""
    total = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        total.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        total.update(tensor.flatten().view(torch.uint8).numpy().tobytes())
    return total.hexdigest()


def save_weights(
    path: Path,
    state: Mapping[str, Tensor],
    config: Any,
    *,
    format: str,
    notes: Mapping[str, str] | None = None,
    half: bool = True,
) -> str:
    """Write weights, whole or not at all, and return their digest.

    Running statistics keep their type: half precision could not hold a large variance, nor a count.

    Args:
        path: Where to; an existing file is replaced.
        state: The model's state.
        config: The dataclass the model is built from.
        format: Which package reads it, ``gmscavp`` or ``cavp``.
        notes: Anything worth keeping beside it (steps, seed, data …).
        half: Whether to store the weights in half precision.
    """
    tensors = {
        name: stored(name, tensor.detach().cpu(), half=half).contiguous() for name, tensor in state.items()
    }
    metadata = dict(notes or {})
    metadata |= {"format": format, "config": json.dumps(asdict(config)), "digest": digest(tensors)}
    write_atomically(path, with_sorted_header(safetensors_bytes(tensors, metadata)))
    return metadata["digest"]


def stored(name: str, tensor: Tensor, *, half: bool) -> Tensor:
    """Return a tensor of a state in the precision it is written in."""
    statistic = name.endswith(("running_mean", "running_var")) or not tensor.is_floating_point()
    return tensor.half() if half and not statistic else tensor


def with_sorted_header(content: bytes) -> bytes:
    """Return the same safetensors file with its header in order: the library writes it in any."""
    length = int.from_bytes(content[:8], "little")
    header = json.dumps(json.loads(content[8 : 8 + length]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + content[8 + length :]


def load_weights(
    path: Path, kind: type[Config], *, format: str
) -> tuple[Config, dict[str, Tensor], dict[str, str]]:
    """Read weights, and check that they are whole and meant for this package.

    Args:
        path: A file that :func:`save_weights` wrote.
        kind: The dataclass of the config.
        format: Which package reads it.

    Returns:
        The config, the tensors, those of half precision in float32, and all metadata.

    Raises:
        CheckpointError: It is none of that.
    """
    if not path.is_file():
        raise CheckpointError(f"There is no weight file {path}.")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = dict(file.metadata() or {})
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"The weight file {path} is damaged: {error}.") from error
    if metadata.get("format") != format:
        raise CheckpointError(
            f"The weight file {path} is for {metadata.get('format', 'another program')!r}, not {format!r}."
        )
    if metadata.get("digest") != digest(tensors):
        raise CheckpointError(f"The weight file {path} is damaged: its digest does not match its tensors.")
    try:
        config = TypeAdapter(kind).validate_json(metadata["config"])
    except (KeyError, ValidationError) as error:
        raise CheckpointError(
            f"The weight file {path} holds a config that cannot be read: {error}."
        ) from error
    state = {name: each.float() if each.is_floating_point() else each for name, each in tensors.items()}
    return config, state, metadata


def load_network(
    path: Path,
    name: str,
    kind: type[Config],
    build: Callable[[Config], Any],
    *,
    format: str,
    notes: Mapping[str, str] | None = None,
) -> Any:
    """Read weights and build the network that they are of.

    Args:
        path: A file that :func:`save_weights` wrote.
        name: The config it must be of.
        kind: The dataclass of the config.
        build: Makes the network from a config.
        format: Which package reads it.
        notes: What must have been noted beside the weights.

    Raises:
        CheckpointError: It is damaged, or meant for another package, config or version, or noted otherwise.
    """
    config, state, metadata = load_weights(path, kind, format=format)
    found = getattr(config, "name", "")
    if found != name:
        raise CheckpointError(f"The weights {path} are of config {found!r}, not {name!r}.")
    for key, wanted in (notes or {}).items():
        if metadata.get(key) != wanted:
            raise CheckpointError(
                f"The weights {path} have {key} {metadata.get(key, 'unknown')}, not {wanted}."
            )
    network = build(config)
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise CheckpointError(
            f"The weights {path} do not fit the network of this version: {error}"
        ) from error
    return network


def write_state(path: Path, state: Mapping[str, Any]) -> None:
    """Write the state of a run, whole or not at all."""
    buffer = io.BytesIO()
    torch.save(dict(state), buffer)
    write_atomically(path, buffer.getvalue())


def read_state(path: Path) -> dict[str, Any]:
    """Read what :func:`write_state` wrote; no code from the file is run.

    Raises:
        CheckpointError: It is damaged, holds objects that only running its code would make, or is of
            something else.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(
            f"The checkpoint {path} is damaged, or holds objects that are not read: {reason}"
        ) from error
    except (OSError, RuntimeError, EOFError, ValueError) as error:
        reason = str(error).splitlines()[0].partition(". ")[0].removesuffix(".") if str(error) else "empty"
        raise CheckpointError(f"The checkpoint {path} is damaged: {reason}.") from error
    if not isinstance(state, dict) or not state.keys() >= STATE:
        raise CheckpointError(f"The file {path} is no checkpoint of a training run.")
    return state


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
