"""The embedders of the extra ``reference``, as avbench sees them; nothing of them is imported here."""

import importlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from avbench import Checkpoint, EmbedderRecord, hookimpl
from avbench.embedders.records import PANNS, PANNS_32K

INSTALL = "pip install 'avbench[reference]'"
CLAP_FILE = "music_speech_audioset_epoch_15_esc_89.98.pt"


def _loader(module: str, function: str) -> Callable[[str, Path | None], Any]:
    def loader(device: str, weights: Path | None) -> Any:
        return getattr(importlib.import_module(f"avbench_reference.{module}"), function)(device, weights)

    return loader


LAION_CLAP = EmbedderRecord(
    name="laion-clap",
    summary="CLAP through laion-clap itself, one row a clip of at most 10 s.",
    load=_loader("laion", "load"),
    sample_rate=48_000,
    dim=512,
    license="NOASSERTION",
    checkpoint=Checkpoint(
        file=CLAP_FILE,
        url=f"https://huggingface.co/lukewys/laion_clap/resolve/main/{CLAP_FILE}",
        source="Wu et al. 2023, arXiv 2211.06687; lukewys/laion_clap",
    ),
    requires=("laion_clap",),
    install=INSTALL,
    notes=(
        "A longer clip is cut to its first 10 s; a number depends on which CLAP it is seen through. The "
        "checkpoints state no licence of their own."
    ),
)
FAD_VGGISH = EmbedderRecord(
    name="fad-vggish",
    summary="VGGish as frechet-audio-distance sets it up: no PCA, no last ReLU, windows of 0.96 s.",
    load=_loader("fad", "load_vggish"),
    sample_rate=16_000,
    window_seconds=0.96,
    hop_seconds=0.96,
    dim=128,
    license="Apache-2.0",
    checkpoint=Checkpoint(
        file="torchvggish",
        source="Hershey et al. 2017, arXiv 1609.09430; harritaylor/torchvggish and its release v0.1",
        parts=(
            "harritaylor_torchvggish_master/hubconf.py",
            "checkpoints/vggish-10086976.pth",
            "checkpoints/vggish_pca_params-970ea276.pth",
        ),
    ),
    requires=("frechet_audio_distance",),
    install=INSTALL,
    notes="The folder's hubconf.py is run, as the package runs it.",
)


def _in_its_code(record: EmbedderRecord, name: str, load: str) -> EmbedderRecord:
    """Return the record of one of our CNN14 for the package's network of the same file."""
    return replace(
        record,
        name=name,
        summary=f"{record.name} in frechet-audio-distance's own code: one row a clip, 527 AudioSet logits.",
        load=_loader("fad", load),
        requires=("frechet_audio_distance",),
        install=INSTALL,
        notes="The package's own PANNs score is of one column, or -1: rows here are clips.",
    )


@hookimpl
def avbench_embedders() -> Iterable[EmbedderRecord]:
    """Contribute ``laion-clap``, ``fad-vggish``, ``fad-pann`` and ``fad-pann-32k``."""
    return [
        LAION_CLAP,
        FAD_VGGISH,
        _in_its_code(PANNS, "fad-pann", "load_pann_16k"),
        _in_its_code(PANNS_32K, "fad-pann-32k", "load_pann_32k"),
    ]
