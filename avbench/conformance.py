"""Does a model keep the contract? Tried on made clips, one property at a time, without any dataset."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from avbench.errors import AvbenchError, DataError
from avbench.made_clips import made_clips
from avbench.resolve import Contestant, guarded
from avbench.runs.border import Embeddings, check_embeddings, check_same_space, usable
from avbench.runs.slots import Slots, audio_batch, video_batch
from avbench.store import Modality

Verdict = Literal["pass", "fail", "skip"]

CLIPS = 5
SECONDS = 4.0
# Rounding inside a convolution depends on the size of the batch; a leak between clips is far larger.
TOLERANCE = 1e-4
GUIDE = "docs/write-a-model-plugin.md says what a model returns."
IMPORTED = """
import sys
from avbench.plugin_candidates import candidates
loaded = [each.load() for each in candidates(sys.argv[2:]) if each.origin.plugin == sys.argv[1]]
print("torch" if "torch" in sys.modules else "")
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One property of a model.

    Attributes:
        name: The property.
        verdict: ``pass``, ``fail``, or ``skip`` where it does not apply or could not be tried.
        said: What was found.
        remedy: What to do about a failure.
    """

    name: str
    verdict: Verdict
    said: str
    remedy: str = ""


class Breach(Exception):
    """A property does not hold.

    Args:
        said: What was found.
        remedy: What to do about it.
    """

    def __init__(self, said: str, remedy: str) -> None:
        super().__init__(said)
        self.said = said
        self.remedy = remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One stream of a loaded model, and some clips it has embedded once.

    Attributes:
        contestant: The model's record and arguments.
        model: The loaded model.
        modality: The stream.
        device: Where it computes.
        slots: The clips.
        rows: Their embeddings, ``(clips, dim)`` or ``(clips, time, dim)``.
    """

    contestant: Contestant
    model: Any
    modality: Modality
    device: str
    slots: Slots
    rows: Embeddings

    def again(self, slots: Slots) -> Embeddings:
        """Embed some of the clips anew."""
        return embedded(self.contestant, self.model, self.modality, self.device, slots)

    @property
    def looks(self) -> bool:
        """Whether the model reads this stream."""
        inputs = self.contestant.inputs
        return (inputs.video if self.modality == "video" else inputs.audio) is not None


def check_model(contestant: Contestant, device: str, plugins: Sequence[str] = ()) -> Iterator[Check]:
    """Try every property of the contract, yielding each as it is known.

    Args:
        contestant: The model.
        device: Where it is to compute.
        plugins: What was given to ``--plugin``, so that the plugin can be imported by itself.
    """
    yield from _attempt("import", lambda: _imported_alone(contestant, plugins))
    loaded: list[Any] = []
    yield from _attempt("load", lambda: _loaded(contestant, device, loaded))
    if "retrieval" not in contestant.record.capabilities:
        able = ", ".join(contestant.record.capabilities) or "nothing"
        yield Check(name="embed", verdict="skip", said=f"only retrieval is tried; the model declares {able}")
    elif loaded:
        yield from _check_retrieval(contestant, loaded[0], device)


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


def _check_retrieval(contestant: Contestant, model: Any, device: str) -> Iterator[Check]:
    slots = made_clips(contestant.inputs, clips=CLIPS, seconds=_seconds(contestant, SECONDS))
    trials: list[Trial] = []
    for modality in ("video", "audio"):
        started: list[Trial] = []
        yield from _attempt(
            f"{modality} shape", lambda m=modality, s=started: _first(contestant, model, m, device, slots, s)
        )
        for name, holds in PROPERTIES.items():
            if started:
                yield from _attempt(f"{modality} {name}", lambda h=holds, t=started[0]: h(t))
        trials += started
    if len(trials) == 2:
        yield from _attempt("same space", lambda: _same_space(trials))


def _attempt(name: str, holds: Callable[[], str | None]) -> Iterator[Check]:
    try:
        said = holds()
        yield Check(name=name, verdict="pass" if said is not None else "skip", said=said or "does not apply")
    except Breach as breach:
        yield Check(name=name, verdict="fail", said=breach.said, remedy=breach.remedy)
    except DataError as error:  # it reads more of a clip than made ones have: a side-car, other outputs
        yield Check(name=name, verdict="skip", said=error.message)
    except AvbenchError as error:
        yield Check(name=name, verdict="fail", said=error.message, remedy=error.hint)


def _imported_alone(contestant: Contestant, plugins: Sequence[str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, contestant.origin.plugin, *plugins],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        raise Breach(f"cannot be imported alone: {done.stderr.strip().splitlines()[-1]}", "Mend the import.")
    if done.stdout.strip():
        raise Breach(
            "importing the plugin imports torch, and every command would wait for it",
            "Import torch inside load, and in the modules that load imports.",
        )
    return "the plugin is imported without torch"


def _loaded(contestant: Contestant, device: str, loaded: list[Any]) -> str:
    loaded.append(contestant.load(device))
    return f"{type(loaded[0]).__name__} on {device}"


def _first(
    contestant: Contestant, model: Any, modality: Modality, device: str, slots: Slots, started: list[Trial]
) -> str:
    rows = embedded(contestant, model, modality, device, slots)
    started.append(
        Trial(contestant=contestant, model=model, modality=modality, device=device, slots=slots, rows=rows)
    )
    axes = "clip, dim" if rows.ndim == 2 else "clip, time, dim"
    return f"({axes}) = {rows.shape}, float32"


def _finite(trial: Trial) -> str:
    bad = int((~usable(trial.rows)).sum())
    if bad:
        raise Breach(
            f"{bad} of {len(trial.rows)} embeddings hold NaN or infinity",
            "Look for a division by zero, a logarithm of zero or an overflow; one clip is black and silent.",
        )
    return f"all finite, in [{trial.rows.min():.3g}, {trial.rows.max():.3g}]"


def _distinct(trial: Trial) -> str | None:
    if not trial.looks or trial.contestant.record.scale_row:
        return None
    different = len(np.unique(trial.rows.reshape(len(trial.rows), -1), axis=0))
    if different < len(trial.rows):
        raise Breach(
            f"{len(trial.rows)} different clips have {different} different embeddings",
            "Check that the model looks at its input, and that its weights were loaded.",
        )
    return f"{different} different clips, {different} different embeddings"


def _deterministic(trial: Trial) -> str | None:
    if not trial.contestant.record.deterministic:
        return None
    difference = _difference(trial.rows, trial.again(trial.slots))
    if difference > 0:
        raise Breach(
            f"the same input twice differs by {difference:.2g} of the largest value",
            "Call model.eval(), seed what is random, or say deterministic=False in the record.",
        )
    return "the same input twice gives the same bytes"


def _independent(trial: Trial) -> str | None:
    if not trial.contestant.record.deterministic:
        return None
    alone = np.concatenate([trial.again([slot]) for slot in trial.slots])
    turned = trial.again(trial.slots[::-1])[::-1]
    difference = max(_difference(trial.rows, alone), _difference(trial.rows, turned))
    if difference > TOLERANCE:
        raise Breach(
            f"a clip alone, or in another order, differs by {difference:.2g} of the largest value",
            "Each clip must be embedded by itself: call model.eval(), normalise over no batch axis.",
        )
    return f"alone, in a batch, in another order: within {difference:.1g} of the largest value"


def _other_length(trial: Trial) -> str | None:
    seconds = _seconds(trial.contestant, 2 * SECONDS)
    slots = made_clips(trial.contestant.inputs, clips=1, seconds=seconds)
    rows = trial.again(slots)
    return f"{seconds:g} s as well: {rows.shape}"


PROPERTIES: dict[str, Callable[[Trial], str | None]] = {
    "values": _finite,
    "distinct": _distinct,
    "deterministic": _deterministic,
    "independent": _independent,
    "length": _other_length,
}


def _same_space(trials: Sequence[Trial]) -> str:
    check_same_space(trials[0].contestant.record.name, [trial.rows.shape[1:] for trial in trials])
    return f"{trials[0].rows.shape[1:]} for both streams"


def _seconds(contestant: Contestant, seconds: float) -> float:
    longest = contestant.inputs.max_seconds
    return seconds if longest is None else min(seconds, longest)


def _difference(left: Embeddings, right: Embeddings) -> float:
    if left.shape != right.shape:
        raise Breach(f"the shape changes from {left.shape} to {right.shape}", GUIDE)
    largest = float(np.abs(left).max()) or 1.0
    return float(np.abs(left - right).max()) / largest
