"""The border where a model's outputs enter: what is wrong there is an error, never a bad score."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from avbench.clips import Clip
from avbench.errors import MediaError, ModelError
from avbench.protocols import AudioBatch
from avbench.sounds import Sound

if TYPE_CHECKING:
    from torch import Tensor

Embeddings = NDArray[np.float32]

# A little over full scale is clipped, as a player would; far over it is no waveform in [-1, 1].
LOUDEST = 4.0
GENERATE = "generate_audio"


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


def check_offset_scores(model: str, output: Any, rows: int, offsets: int) -> Embeddings:
    """Return a model's scores of offsets as an array ``(rows, offsets)``, refusing what breaks its contract.

    Rows with NaN or infinity pass: it is their clip which is left out, one step later.

    Args:
        model: The model's name, for messages.
        output: What the method returned.
        rows: Clips in the batch.
        offsets: Candidates it was asked for.

    Raises:
        ModelError: It is no floating-point tensor of that shape.
    """
    tensor = _tensor(model, "offset_scores", output)
    if not tensor.is_floating_point():
        raise _broken(model, "offset_scores", f"a tensor of {tensor.dtype}", "float32")
    if tuple(tensor.shape) != (rows, offsets):
        wanted = f"({rows}, {offsets}): a score for each offset of each clip"
        raise _broken(model, "offset_scores", f"shape {tuple(tensor.shape)}", wanted)
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


def check_sounds(model: str, output: Any, clips: Sequence[Clip]) -> list[Sound | MediaError]:
    """Return the sound a model made for each clip, or why there is none, refusing what breaks its contract.

    Args:
        model: The model's name, for messages.
        output: What ``generate_audio`` returned: a batch of all clips, or one item a clip.
        clips: The clips of the batch it was given.

    Returns:
        One item a clip. Values beyond ±1 are clipped. ``not-finite`` for a sound with NaN or infinity, and
        ``model`` for one far beyond ±1.

    Raises:
        ModelError: It is neither; or it is of other clips, of another shape, or not of floating point.
    """
    if isinstance(output, AudioBatch):
        return _sounds_of(model, output, clips)
    if not isinstance(output, Sequence) or len(output) != len(clips):
        got = f"{len(output)} items" if isinstance(output, Sequence) else f"a {type(output).__name__}"
        raise _broken(model, GENERATE, got, f"an AudioBatch, or one item for each of {len(clips)} clips")
    sounds: list[Sound | MediaError] = []
    for item, clip in zip(output, clips, strict=True):
        if not isinstance(item, AudioBatch | MediaError):
            raise _broken(model, GENERATE, f"a {type(item).__name__}", "an AudioBatch or a MediaError a clip")
        sounds += [item] if isinstance(item, MediaError) else _sounds_of(model, item, [clip])
    return sounds


def _sounds_of(model: str, batch: AudioBatch, clips: Sequence[Clip]) -> list[Sound | MediaError]:
    samples = _tensor(model, GENERATE, batch.samples)
    if not samples.is_floating_point():
        raise _broken(model, GENERATE, f"samples of {samples.dtype}", "float32")
    if samples.ndim != 3 or samples.shape[0] != len(clips) or 0 in samples.shape:
        wanted = f"({len(clips)}, channel, time) for a batch of {len(clips)} clips"
        raise _broken(model, GENERATE, f"samples of shape {tuple(samples.shape)}", wanted)
    if [clip.id for clip in batch.clips] != [clip.id for clip in clips]:
        raise _broken(model, GENERATE, "other clips than it was given", "the same, in the same order")
    if batch.sample_rate <= 0:
        raise _broken(model, GENERATE, f"a sample rate of {batch.sample_rate}", "in Hz")
    waves: list[NDArray[np.float32]] = list(samples.detach().float().cpu().numpy())
    return [_sound(wave, batch.sample_rate) for wave in waves]


def _sound(samples: NDArray[np.float32], sample_rate: int) -> Sound | MediaError:
    peak = float(np.abs(samples).max())
    if not np.isfinite(peak):
        return MediaError("not-finite", "The sound holds NaN or infinity.")
    if peak > LOUDEST:
        return MediaError("model", f"The sound reaches {peak:.4g}; a waveform lies in [-1, 1].")
    return Sound(samples=samples.clip(-1, 1), sample_rate=sample_rate)


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
