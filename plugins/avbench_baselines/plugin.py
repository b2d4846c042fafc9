"""The reference rows, ``precomputed`` and ``audio-folder``, as avbench sees them."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from avbench import ModelInputs, ModelRecord, hookimpl
from avbench.records import Capability

NOTHING = ModelInputs(video=None, audio=None)


def load_random(device: str) -> Any:
    """Return the model whose embeddings are noise."""
    from avbench_baselines.noise import RandomEmbeddings

    return RandomEmbeddings()


def load_truth(blocks: str, device: str) -> Any:
    """Return a model that reads the truth side-car: ``oracle``, ``semantics-only`` or ``time-shuffled``."""
    from avbench_baselines.truth import TRUTH_MODELS

    return TRUTH_MODELS[blocks]()


def load_precomputed(device: str, embeddings: str) -> Any:
    """Return the model that looks its embeddings up in the file ``embeddings``."""
    from avbench_baselines.precomputed import Precomputed

    return Precomputed(embeddings)


def identify_precomputed(args: Mapping[str, str]) -> Mapping[str, str]:
    """Name the file by its content."""
    from avbench_baselines.precomputed import identify

    return identify(args)


def load_audio_folder(device: str, path: str, sample: str | None = None) -> Any:
    """Return the model that finds its sounds in the folder ``path``; ``sample`` is their number."""
    from avbench_baselines.audio_folder import AudioFolder

    return AudioFolder(path, sample)


def identify_audio_folder(args: Mapping[str, str]) -> Mapping[str, str]:
    """Name the folder by its content."""
    from avbench_baselines.audio_folder import identify

    return identify(args)


def load_silence(device: str) -> Any:
    """Return the model that makes silence."""
    from avbench_baselines.reference_sounds import Silence

    return Silence()


def load_noise(device: str, color: str = "pink", level: str = "-23") -> Any:
    """Return the model that makes noise: ``color`` pink or white, ``level`` in dB of full scale."""
    from avbench_baselines.reference_sounds import Noise

    return Noise(color, level)


def load_own_sound(device: str) -> Any:
    """Return the model that gives back the clip's own sound."""
    from avbench_baselines.reference_sounds import Truth

    return Truth()


def load_reencoded(device: str, bitrate: str = "96000") -> Any:
    """Return the model that gives back the clip's own sound through AAC at ``bitrate`` bits a second."""
    from avbench_baselines.reference_sounds import Reencoded

    return Reencoded(bitrate)


def _scale_row(name: str, summary: str, load: Callable[..., Any], *capabilities: Capability) -> ModelRecord:
    return ModelRecord(
        name=name,
        summary=summary,
        load=load,
        inputs=NOTHING,
        capabilities=capabilities or ("retrieval", "synchrony"),
        identity=lambda args: {"version": "1"},
        scale_row=True,
        license="Apache-2.0",
    )


@hookimpl
def avbench_models() -> Iterable[ModelRecord]:
    """Contribute the reference rows, and the models that read what was made elsewhere."""
    return [*_retrieval(), *_generation()]


def _retrieval() -> list[ModelRecord]:
    return [
        _scale_row("random", "Noise, the same for the same clip: what chance looks like.", load_random),
        _scale_row(
            "oracle",
            "The exact truth of a clip, every scale of it: what perfect perception would score.",
            partial(load_truth, "oracle"),
        ),
        _scale_row(
            "semantics-only",
            "Only which classes are there: what a perfect tagger would score.",
            partial(load_truth, "semantics-only"),
        ),
        _scale_row(
            "time-shuffled",
            "The truth with its instants in random order: what is left without timing.",
            partial(load_truth, "time-shuffled"),
        ),
        ModelRecord(
            name="precomputed",
            summary="Embeddings made elsewhere: --model-args embeddings=FILE (npz, safetensors, parquet).",
            load=load_precomputed,
            inputs=NOTHING,
            capabilities=("retrieval",),
            identity=identify_precomputed,
        ),
    ]


def _generation() -> list[ModelRecord]:
    return [
        _scale_row("silence", "Digital silence: what a score gives for nothing.", load_silence, "generation"),
        _scale_row(
            "noise",
            "Pink noise at -23 dB of full scale: what a score gives for a sound of nothing in the video.",
            load_noise,
            "generation",
        ),
        _scale_row("truth", "The clip's own sound: as near as one can come.", load_own_sound, "generation"),
        _scale_row(
            "truth-reencoded",
            "The clip's own sound through AAC at 96 kbit/s and back: what a codec alone costs.",
            load_reencoded,
            "generation",
        ),
        ModelRecord(
            name="audio-folder",
            summary="Sounds made elsewhere: --model-args path=DIR, files named by clip.",
            load=load_audio_folder,
            inputs=NOTHING,
            capabilities=("generation",),
            identity=identify_audio_folder,
        ),
    ]
