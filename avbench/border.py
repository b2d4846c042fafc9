"""The border where a model's outputs enter: what is wrong there is an error, never a bad score."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from avbench.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

Embeddings = NDArray[np.float32]


def check_embeddings(model: str, method: str, output: Any, rows: int) -> Embeddings:
    """Return a model's output as an array, refusing what breaks its contract.

    Rows with NaN or infinity pass: which clip they belong to is known one step later, and it is that clip
    which is left out.

    Args:
        model: The model's name, for messages.
        method: ``embed_video`` or ``embed_audio``.
        output: What the method returned.
        rows: Clips in the batch.

    Returns:
        ``(rows, dim)`` or ``(rows, time, dim)``, float32.

    Raises:
        ModelError: It is no floating-point tensor, or has the wrong number of axes or rows, or no columns.
    """
    tensor = _tensor(model, method, output)
    if not tensor.is_floating_point():
        raise _broken(model, method, f"a tensor of {tensor.dtype}", "float32")
    if tensor.ndim not in (2, 3) or tensor.shape[0] != rows or 0 in tensor.shape:
        shape = tuple(tensor.shape)
        expected = f"({rows}, dim) or ({rows}, time, dim) for a batch of {rows} clips"
        raise _broken(model, method, f"shape {shape}", expected)
    return tensor.detach().float().cpu().numpy()


def check_same_space(model: str, shapes: Iterable[tuple[int, ...]]) -> None:
    """Refuse embeddings that cannot be compared.

    Args:
        model: The model's name.
        shapes: Shape of each clip's embeddings, of both streams: ``(dim,)`` or ``(time, dim)``.

    Raises:
        ModelError: They differ.
    """
    different = sorted(set(shapes))
    if len(different) > 1:
        raise ModelError(
            f"The model {model!r} returned embeddings that cannot be compared: {different[0]} "
            f"and {different[1]} for one clip.",
            hint="Both methods must return the same dim for every clip, and the same number of tokens.",
        )


def usable(rows: Embeddings) -> NDArray[np.bool_]:
    """Return which rows are finite: ``(rows,)``."""
    return np.asarray(np.isfinite(rows).reshape(len(rows), -1).all(axis=1))


def _tensor(model: str, method: str, output: Any) -> "Tensor":
    import torch

    if not isinstance(output, torch.Tensor):
        raise _broken(model, method, f"a {type(output).__name__}", "a torch tensor")
    return output


def _broken(model: str, method: str, got: str, wanted: str) -> ModelError:
    return ModelError(
        f"The model {model!r} returned {got} from {method}; it must be {wanted}.",
        hint=f"Mend the model; `avbench plugins check {model}` tries it on two made clips.",
    )
