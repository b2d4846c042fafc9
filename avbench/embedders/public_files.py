"""Public checkpoints, read without running code from them, and put into networks of the same keys."""

import codecs
import pickle
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from avbench.errors import ModelError

STATES = ("model", "state_dict", "net")
"""Where trainers keep the state inside what they save."""

PARALLEL = "module."
"""Put before every key by torch's data-parallel wrappers."""


def load_public(network: nn.Module, path: Path, *, name: str, ignored: Iterable[str] = ()) -> None:
    """Fill a network from a checkpoint, and set it to evaluation.

    Args:
        network: Has the keys and shapes of the public one.
        path: The checkpoint: safetensors, or what ``torch.save`` wrote.
        name: The embedder's or judge's, for messages.
        ignored: Beginnings of keys that the network has no use for.

    Raises:
        ModelError: It cannot be read safely, or a key is missing, has no place, or has another shape.
    """
    tensors = read_tensors(path)
    bare = {key.removeprefix(PARALLEL): each for key, each in tensors.items()}
    taken = {key: each for key, each in bare.items() if not key.startswith(tuple(ignored))}
    problems = differences(network.state_dict(), taken)
    if problems:
        raise ModelError(
            f"The weights {path} are not those of {name!r}: {problems[0]}"
            + (f", and {len(problems) - 1} more differences." if len(problems) > 1 else "."),
            hint="Give the checkpoint that `avbench show` names.",
        )
    network.load_state_dict(taken)
    network.eval().requires_grad_(False)


def differences(own: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> list[str]:
    """Return how keys and shapes of a checkpoint differ from a network's, a phrase each."""
    missing = [f"it has no {key}" for key in own if key not in theirs]
    strange = [f"it has {key}" for key in theirs if key not in own]
    shapes = [
        f"{key} is {list(each.shape)} there and {list(own[key].shape)} here"
        for key, each in theirs.items()
        if key in own and each.shape != own[key].shape
    ]
    return missing + strange + shapes


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read the named tensors of a checkpoint.

    Raises:
        ModelError: It is not there, damaged, without tensors, or holds objects that are none.
    """
    if path.suffix == ".safetensors":
        try:
            return load_file(path)
        except (SafetensorError, OSError) as error:
            raise _unreadable(path, f"it is damaged ({error})") from error
    content = read_pickle(path)
    if isinstance(content, Mapping):
        state: Any = next(
            (content[each] for each in STATES if isinstance(content.get(each), Mapping)), content
        )
        tensors = {str(key): each for key, each in state.items() if isinstance(each, Tensor)}
        if tensors:
            return tensors
    raise _unreadable(path, "it holds no named tensors")


def read_pickle(path: Path) -> Any:
    """Read what ``torch.save`` wrote: tensors, containers, numbers, text and numpy arrays, nothing else.

    Raises:
        ModelError: It is not there, damaged, or holds other objects; none of them was made.
    """
    try:
        with torch.serialization.safe_globals(_array_globals()):
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        found = re.search(r"GLOBAL (\S+)", str(error))
        what = (
            f"it holds pickled objects that are not tensors ({found[1]}); none was run"
            if found
            else "it is no checkpoint"
        )
        raise _unreadable(path, what) from error
    except (OSError, RuntimeError, EOFError, ValueError, KeyError) as error:
        first_line = (str(error).splitlines() or ["it ends early"])[0]
        raise _unreadable(path, f"it is damaged ({first_line})") from error


def _array_globals() -> list[Any]:
    """Return what pickled numpy arrays and numbers are made of, under the names of numpy 1 and 2."""
    makers: dict[str, Any] = {
        "_reconstruct": np.zeros(0).__reduce__()[0],
        "scalar": np.float64(0).__reduce__()[0],
    }
    kinds = {type(np.dtype(kind)) for kind in "?bhilqBHILQefd"}
    places = ("numpy.core.multiarray", "numpy._core.multiarray")
    named = [(maker, f"{place}.{name}") for place in places for name, maker in makers.items()]
    return [np.ndarray, np.dtype, codecs.encode, *kinds, *named]


def _unreadable(path: Path, why: str) -> ModelError:
    return ModelError(f"The weights {path} cannot be read: {why}.", hint="Get the file anew.")
