"""A trained judge of alignment: the share of sounds that a model accepts as those of the picture, in time.

Luo et al., "Diff-Foley: Synchronized Video-to-Audio Synthesis with Latent Diffusion Models", NeurIPS 2023,
call that share alignment accuracy. It is an acceptance rate: read it beside that of the clips' own sounds.
"""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avbench.errors import ModelError, UnknownName, UsageError
from avbench.judges.judge import Criterion, Impression, JudgeRecord, Verdict
from avbench.protocols import AudioBatch, VideoBatch
from avbench.resolve import Contestant
from avbench.results.provenance import model_info

if TYPE_CHECKING:
    from avbench.plugins.registry import Registry

ALIGNMENT = "alignment"
NOTE = (
    "align.acceptance is the share of sounds that {name} accepts, not an accuracy: what is wrong with the "
    "others is not told apart, and a judge that accepts everything gives 100 %. Its floor is the row truth."
)


def judge_named(registry: "Registry", name: str, contestant: Callable[[str], Contestant]) -> JudgeRecord:
    """Return the judge of this name: one of ``avbench list judges``, or a model that scores alignment.

    Args:
        registry: What there is.
        name: Its name.
        contestant: Resolves a model by name.

    Raises:
        UnknownName: There is none.
        UsageError: The model does not score alignment.
    """
    if name in registry.judges:
        return registry.judges.get(name)
    able = [each.name for each in registry.models if ALIGNMENT in each.capabilities]
    if name not in registry.models:
        raise UnknownName("judge", name, [*(each.name for each in registry.judges), *able])
    return accepting(contestant(name).on(ALIGNMENT))


def accepting(model: Contestant) -> JudgeRecord:
    """Return a model with the capability alignment as a judge.

    Raises:
        UsageError: It does not score alignment.
    """
    name, inputs = model.record.name, model.inputs
    if ALIGNMENT not in model.record.capabilities or inputs.video is None or inputs.audio is None:
        raise UsageError(
            f"The model {name!r} does not judge sounds.",
            hint="Choose a judge (`avbench list judges`) or a model with the capability alignment.",
        )
    about = model_info(model).model_dump(mode="json", include={"name", "args", "identity"})
    return JudgeRecord(
        name=name,
        summary=f"Whether {name} accepts a sound as belonging to the picture, in time.",
        load=_Loader(model),
        sight=inputs.video,
        sample_rate=inputs.audio.sample_rate,
        channels=inputs.audio.channels,
        criteria=(Criterion(id=f"align.acceptance.{name}", unit="fraction", higher_is_better=True),),
        license=model.record.license,
        longest=inputs.max_seconds,
        identity=lambda: {"model": name, **about["identity"]},
        notes=NOTE.format(name=name),
    )


class _Loader:
    def __init__(self, model: Contestant) -> None:
        self.model = model

    def __call__(self, device: str, weights: Path | None) -> "Accepting":
        del weights
        return Accepting(self.model.record.name, self.model.load(device), device)


class Accepting:
    """Asks a model for the logit that a sound belongs to a picture; above 0 it is accepted.

    Args:
        name: The model's, for messages.
        model: Has ``alignment_scores(video, audio) -> (batch,)``.
        device: Where it computes.
    """

    def __init__(self, name: str, model: Any, device: str) -> None:
        self.name = name
        self.model = model
        self.device = device

    def see(self, video: VideoBatch) -> Impression:
        """Return the picture as it is: of no use without a sound."""
        return {"video": video}

    def hear(self, audio: AudioBatch) -> Impression:
        """Return the sound as it is."""
        return {"audio": audio.to(self.device)}

    def judge(self, seen: Impression, heard: Impression) -> Mapping[str, Verdict]:
        """Return 1 if the sound is accepted, else 0.

        Raises:
            ModelError: The model returned anything but one finite number.
        """
        import torch

        video, audio = seen["video"], dataclasses.replace(heard["audio"], clips=seen["video"].clips)
        scores = self.model.alignment_scores(video, audio)
        if not isinstance(scores, torch.Tensor) or scores.shape != (1,) or not scores.isfinite().all():
            raise ModelError(
                f"The model {self.name!r} returned {scores!r} from alignment_scores.",
                hint="It must be a finite tensor (batch,), a logit a clip.",
            )
        return {f"align.acceptance.{self.name}": float(scores[0] > 0)}
