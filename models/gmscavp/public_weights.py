"""Public checkpoints, read without running code from them, matched key by key and shape by shape."""

import codecs
import pickle
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from gmscavp.checkpoint import CheckpointError, save_weights
from gmscavp.public_keys import KeyMap

STATES = ("state_dict", "model", "network")
"""Where trainers keep the state inside what they save."""

Shape = tuple[int, ...]


class ForeignObjects(CheckpointError):
    """A file holds pickled objects other than tensors, arrays, numbers and text; none of it was run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMatch:
    """How the keys of one file met those of a network.

    Attributes:
        path: The file.
        source: Which public checkpoint its keys are of; empty where none fits.
        matched: Keys of the file that were taken.
        unmatched: Keys of the file that have no place in the network.
        mismatched: Keys of the file that have one of another shape: key, shape there, shape here.
    """

    path: Path
    source: str
    matched: Sequence[str]
    unmatched: Sequence[str]
    mismatched: Sequence[tuple[str, Shape, Shape]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsMatch:
    """How the keys of all files met those of a network.

    Attributes:
        files: One by one, in the order they were read; a later file wins over an earlier one.
        missing: Keys of the network that no file filled.
    """

    files: Sequence[FileMatch]
    missing: Sequence[str]


def read_public(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a checkpoint: safetensors, or what ``torch.save`` wrote.

    Pickles are read by torch's restricted unpickler, which builds tensors, containers, numbers and text and
    refuses everything else; numpy arrays, in which PANNs keeps the state of its sampler, are let through.

    Raises:
        ForeignObjects: There are other objects in it.
        CheckpointError: It is not there, damaged, or without tensors.
    """
    if not path.is_file():
        raise CheckpointError(f"There is no weight file {path}.")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        with torch.serialization.safe_globals(array_globals()), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of the protocol of a pickle
            content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, KeyError, IndexError) as error:
        found = re.search(r"GLOBAL (\S+)", str(error))
        if found is None:
            raise CheckpointError(f"The weight file {path} cannot be read: it is no checkpoint.") from error
        raise ForeignObjects(
            f"The weight file {path} holds pickled objects that are not tensors ({found[1]}); none was run.",
            hint="Have someone who trusts it save its state dict alone, as safetensors, and import that.",
        ) from error
    except (SafetensorError, OSError, RuntimeError, EOFError, ValueError) as error:
        raise CheckpointError(f"The weight file {path} is damaged: {error}.") from error
    return tensors_of(content, path)


def array_globals() -> list[Any]:
    """Return what pickled numpy arrays and numbers are made of, under the names of numpy 1 and 2."""
    makers: dict[str, Any] = {
        "_reconstruct": np.zeros(0).__reduce__()[0],
        "scalar": np.float64(0).__reduce__()[0],
    }
    kinds = {type(np.dtype(kind)) for kind in "?bhilqBHILQefd"}
    places = ("numpy.core.multiarray", "numpy._core.multiarray")
    named = [(maker, f"{place}.{name}") for place in places for name, maker in makers.items()]
    return [np.ndarray, np.dtype, codecs.encode, *kinds, *named]


def tensors_of(content: Any, path: Path) -> dict[str, Tensor]:
    """Find the state inside what was saved, and return its tensors.

    Raises:
        CheckpointError: There are none.
    """
    if isinstance(content, Mapping):
        state: Any = next(
            (content[name] for name in STATES if isinstance(content.get(name), Mapping)), content
        )
        tensors = {str(key): each for key, each in state.items() if isinstance(each, Tensor)}
        if tensors:
            return tensors
    raise CheckpointError(f"The weight file {path} holds no named tensors.")


def import_public(
    network: Any, paths: Iterable[Path], maps: Sequence[KeyMap], output: Path, *, format: str
) -> WeightsMatch:
    """Fill a network from public checkpoints and write its weights, in the precision they came in.

    Nothing is written if one of the files has nothing for the network.

    Args:
        network: Receives what matches; the rest of it stays as it is.
        paths: The files, later ones winning.
        maps: The public checkpoints that are known; of each file the map that matches most is used.
        output: The weight file to write.
        format: Which package reads it.

    Raises:
        CheckpointError: A file cannot be read.
    """
    report = fill(network, paths, maps)
    if all(each.matched for each in report.files):
        notes = {"imported": "; ".join(f"{each.source}: {each.path.name}" for each in report.files)}
        save_weights(output, network.state_dict(), network.config, format=format, notes=notes, half=False)
    return report


def fill(network: nn.Module, paths: Iterable[Path], maps: Sequence[KeyMap]) -> WeightsMatch:
    """Fill a network from public checkpoints, as far as keys and shapes match.

    Raises:
        CheckpointError: A file cannot be read.
    """
    state = network.state_dict()
    missing = dict.fromkeys(state)
    files: list[FileMatch] = []
    for path in paths:
        tensors = read_public(path)
        best = max(maps, key=lambda each: sum(each.renamed(key) in state for key in tensors))
        files.append(take(state, tensors, best, path))
        for key in files[-1].matched:
            missing.pop(best.renamed(key) or "", None)
    network.load_state_dict(state)
    return WeightsMatch(files=tuple(files), missing=tuple(missing))


def take(state: dict[str, Tensor], tensors: Mapping[str, Tensor], names: KeyMap, path: Path) -> FileMatch:
    """Put what matches into ``state``, and say what did and what did not."""
    matched: list[str] = []
    unmatched: list[str] = []
    mismatched: list[tuple[str, Shape, Shape]] = []
    for key, tensor in tensors.items():
        name = names.renamed(key)
        if name is None or name not in state:
            unmatched.append(key)
        elif tensor.shape != state[name].shape:
            mismatched.append((key, tuple(tensor.shape), tuple(state[name].shape)))
        else:
            state[name] = tensor.to(state[name].dtype)
            matched.append(key)
    source = names.source if matched else ""
    return FileMatch(path=path, source=source, matched=matched, unmatched=unmatched, mismatched=mismatched)
