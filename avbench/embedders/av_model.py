"""The audio half of any audio-video model as an embedder: ``model:NAME``."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avbench.errors import UsageError
from avbench.protocols import AudioBatch, Heard
from avbench.records import Args, EmbedderRecord, ModelRecord
from avbench.runs.border import check_embeddings

if TYPE_CHECKING:
    from avbench.plugins.registry import Registry

PREFIX = "model:"


def embedder_named(registry: "Registry", name: str, model_args: Args | None = None) -> EmbedderRecord:
    """Return the embedder of this name, ``model:NAME`` being the audio half of a model.

    Args:
        registry: What there is.
        name: A name of ``avbench list embedders``, or ``model:`` and one of ``avbench list models``.
        model_args: What that model is loaded with.

    Raises:
        UnknownName: There is none.
        UsageError: The model does not embed sound.
    """
    if name.startswith(PREFIX):
        return av_embedder(registry.models.get(name.removeprefix(PREFIX)), model_args or {})
    return registry.embedders.get(name)


def av_embedder(record: ModelRecord, args: Args | None = None) -> EmbedderRecord:
    """Return the audio half of a model as an embedder; it names no classes.

    A row is what ``embed_audio`` returns: one a clip, or one a token of a model with time-aligned tokens.

    Args:
        record: A model with the capability retrieval.
        args: What it is loaded with.

    Raises:
        UsageError: It does not embed sound.
    """
    given = dict(args or {})
    audio = record.inputs_for(given).audio
    if "retrieval" not in record.capabilities or audio is None:
        raise UsageError(
            f"The model {record.name!r} does not embed sound.",
            hint="Choose one with the capability retrieval: `avbench list models`.",
        )
    return EmbedderRecord(
        name=PREFIX + record.name,
        summary=f"The audio half of the model {record.name}.",
        load=_Loader(record, given),
        sample_rate=audio.sample_rate,
        dim=0,
        license=record.license,
        identity=lambda: _identity(record, given),
        notes="A judge that took part in training a generator is no judge of it.",
    )


class _Loader:
    def __init__(self, record: ModelRecord, args: Args) -> None:
        self.record = record
        self.args = args

    def __call__(self, device: str, weights: Path | None) -> "AudioHalf":
        del weights
        return AudioHalf(self.record, self.args, self.record.load(device, **self.args), device)


class AudioHalf:
    """Hears with a model's ``embed_audio``.

    Args:
        record: The model's record.
        args: What it was loaded with.
        model: The loaded model.
        device: Where it computes.
    """

    def __init__(self, record: ModelRecord, args: Args, model: Any, device: str) -> None:
        self.record = record
        self.inputs = record.inputs_for(args)
        self.model = model
        self.device = device

    def hear(self, batch: AudioBatch) -> Heard:
        """Embed mono clips at the model's sample rate, in as many channels as it reads.

        Raises:
            ModelError: They have another rate or are not mono, or the model broke its contract.
            UsageError: They are longer than the model takes.
        """
        import torch

        from avbench.embedders.hearing import mono

        assert self.inputs.audio is not None
        rate, channels = self.inputs.audio.sample_rate, self.inputs.audio.channels
        samples = mono(batch, name=PREFIX + self.record.name, sample_rate=rate)
        longest = self.inputs.max_seconds
        if longest is not None and samples.shape[1] > longest * rate:
            raise UsageError(
                f"The model {self.record.name!r} takes clips of at most {longest:g} s.",
                hint="Choose another embedder.",
            )
        both = samples.to(self.device)[:, None].expand(-1, channels, -1)
        with torch.inference_mode():
            embedded = self.model.embed_audio(AudioBatch(samples=both, sample_rate=rate, clips=batch.clips))
        rows = torch.from_numpy(check_embeddings(self.record.name, "embed_audio", embedded, len(both)))
        return Heard(rows=rows if rows.ndim == 3 else rows[:, None])


def _identity(record: ModelRecord, args: Args) -> Mapping[str, str]:
    told = dict(record.identity(args)) if record.identity else {}
    return {f"model.{key}": value for key, value in {**args, **told}.items()}
