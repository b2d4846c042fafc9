"""The reference rows and ``precomputed``, as avbench sees them; none of them decodes anything."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from avbench import ModelInputs, ModelRecord, hookimpl

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


def _scale_row(name: str, summary: str, load: Callable[..., Any]) -> ModelRecord:
    return ModelRecord(
        name=name,
        summary=summary,
        load=load,
        inputs=NOTHING,
        capabilities=("retrieval",),
        identity=lambda args: {"version": "1"},
        scale_row=True,
        license="Apache-2.0",
    )


@hookimpl
def avbench_models() -> Iterable[ModelRecord]:
    """Contribute the reference rows and ``precomputed``."""
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
