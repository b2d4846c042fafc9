"""Retrieval: both streams of made clips embedded, into one space."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from avbench.checks.made_clips import made_clips
from avbench.checks.properties import Asked, Rows, tried
from avbench.checks.verdicts import Breach, Check, attempt
from avbench.plugins.raised import guarded
from avbench.resolve import Contestant
from avbench.runs.border import Embeddings, check_embeddings, check_same_space
from avbench.runs.slots import Slots, audio_batch, video_batch
from avbench.store import Modality

CLIPS = 5
SECONDS = 4.0


def check_retrieval(contestant: Contestant, model: Any, device: str) -> Iterator[Check]:
    """Try what a model of retrieval returns."""
    inputs = contestant.inputs
    slots = made_clips(inputs, clips=CLIPS, seconds=at_most(contestant, SECONDS))
    shapes: list[tuple[int, ...]] = []
    for modality in ("video", "audio"):
        outputs = partial(embedded, contestant, model, modality, device)
        asked = Asked(
            record=contestant.record,
            noun="embeddings",
            slots=slots,
            outputs=outputs,
            shape=_shape,
            longer=partial(_longer, contestant, outputs),
            looks=(inputs.video if modality == "video" else inputs.audio) is not None,
        )
        rows = yield from tried(modality, asked)
        shapes += [] if rows is None else [rows.shape[1:]]
    if len(shapes) == 2:
        yield from attempt("same space", lambda: _same_space(contestant.record.name, shapes))


def embedded(contestant: Contestant, model: Any, modality: Modality, device: str, slots: Slots) -> Embeddings:
    """Embed one stream of some clips; the border's checks hold.

    Raises:
        ModelError: The model raised, or returned what breaks the contract.
    """
    import torch

    name, inputs = contestant.record.name, contestant.inputs
    with torch.inference_mode():
        output = (
            guarded(name, "embed video", lambda: model.embed_video(video_batch(slots, inputs, device)))
            if modality == "video"
            else guarded(name, "embed audio", lambda: model.embed_audio(audio_batch(slots, inputs, device)))
        )
    if getattr(output, "dtype", torch.float32) is not torch.float32:
        raise Breach(f"embed_{modality} returned {output.dtype}", "Return float32: add .float().")
    return check_embeddings(name, f"embed_{modality}", output, len(slots))


def at_most(contestant: Contestant, seconds: float) -> float:
    """Return so many seconds, or as many as the model takes."""
    longest = contestant.inputs.max_seconds
    return seconds if longest is None else min(seconds, longest)


def _shape(rows: Rows) -> str:
    axes = "clip, dim" if rows.ndim == 2 else "clip, time, dim"
    return f"({axes}) = {rows.shape}, float32"


def _longer(contestant: Contestant, outputs: "partial[Embeddings]") -> str:
    seconds = at_most(contestant, 2 * SECONDS)
    rows = outputs(made_clips(contestant.inputs, clips=1, seconds=seconds))
    return f"{seconds:g} s as well: {rows.shape}"


def _same_space(name: str, shapes: list[tuple[int, ...]]) -> str:
    check_same_space(name, shapes)
    return f"{shapes[0]} for both streams"
