"""Synchformer as avbench sees it; nothing of it is imported here but its windows."""

import hashlib
import importlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from avbench import (
    AudioInput,
    Checkpoint,
    Criterion,
    JudgeRecord,
    MetricRecord,
    ModelInputs,
    ModelRecord,
    OffsetProtocol,
    Sight,
    TaskSpec,
    VideoInput,
    hookimpl,
)
from avbench.embedders.loading import cached
from avbench.errors import ModelError
from avbench.store import cache_folder
from avbench_synchformer.windows import FPS, RATE, SHORTEST, UNIFORM_GUESS

FILE = "synchformer_state_dict.pth"


def _load(device: str, weights: Path | None) -> Any:
    return importlib.import_module("avbench_synchformer.judge").load(device, weights)


def _load_model(device: str, weights: str | None = None) -> Any:
    return importlib.import_module("avbench_synchformer.model").load_model(device, _weights(weights))


def _identity(args: Mapping[str, str]) -> Mapping[str, str]:
    with _weights(args.get("weights")).open("rb") as file:
        return {"weights": hashlib.file_digest(file, "sha256").hexdigest()}


def _weights(given: str | None) -> Path:
    """Return the checkpoint that was given, else where the judge looks for it too.

    Raises:
        ModelError: It is not there.
    """
    path = Path(given).expanduser() if given else cached(CHECKPOINT, cache_folder())
    if not path.is_file():
        raise ModelError(
            f"The model 'synchformer' has no weights: there is no file {path}.",
            hint=f"Get {FILE} from {CHECKPOINT.url} ({CHECKPOINT.source}, SHA-256 {CHECKPOINT.sha256}) "
            "and give its path: --model-args weights=PATH.",
        )
    return path


CHECKPOINT = Checkpoint(
    file=FILE,
    url=f"https://github.com/hkchengrex/MMAudio/releases/download/v0.1/{FILE}",
    # hkchengrex/MMAudio names the file; its SHA-256 is pinned alike in several repositories.
    sha256="8aff082f2df5c3bc52759db0c865c7ee772ae6400b860d1b7e90413f2defb67c",
    source="Iashin et al. 2024, arXiv 2401.16423: the state of 24-01-04T16-39-21, trained on AudioSet",
)
DESYNC = JudgeRecord(
    name="desync",
    summary="DeSync: the offset Synchformer finds in the first and the last 4.8 s, without sign.",
    load=_load,
    sight=Sight(short_side=224, fps=FPS),
    sample_rate=RATE,
    criteria=(Criterion(id="sync.desync", unit="s", higher_is_better=False, chance=UNIFORM_GUESS),),
    license="MIT",
    sees=("tokens",),
    hears=("tokens",),
    shortest=SHORTEST,
    checkpoint=CHECKPOINT,
    notes=(
        f"DeSync: a uniform guess scores {UNIFORM_GUESS:.3f} s and a judge that always answers 0 scores 0; "
        "its grid is 0.2 s, and of clips over 9.6 s it does not see the middle. Systems that are conditioned "
        "on Synchformer's features are judged by their own teacher."
    ),
)


@hookimpl
def avbench_judges() -> Iterable[JudgeRecord]:
    """Contribute ``desync``."""
    return [DESYNC]


@hookimpl
def avbench_models() -> Iterable[ModelRecord]:
    """Contribute ``synchformer``."""
    return [
        ModelRecord(
            name="synchformer",
            summary="Synchformer with its public checkpoint: offsets of -2 to 2 s in steps of 0.2 s.",
            load=_load_model,
            inputs=ModelInputs(
                video=VideoInput(fps=FPS, height=224, width=224), audio=AudioInput(sample_rate=RATE)
            ),
            capabilities=("synchrony",),
            identity=_identity,
            training_data=("AudioSet",),
            license="MIT",
        )
    ]


@hookimpl
def avbench_tasks() -> Iterable[TaskSpec]:
    """Contribute the task that Synchformer was trained for."""
    protocol = OffsetProtocol(window=5.0, reach=2.0, step=0.2, shifts="folder-sync-synchformer")
    return [
        TaskSpec(
            name="folder-sync-synchformer",
            dataset="folder",
            seconds=protocol.seconds,
            version=1,
            summary="As Synchformer: by how much sound was shifted against 5 s of picture (--data-root DIR).",
            protocol=protocol,
            scale_rows=("random",),
            note=(
                "An offset above 0 says that the sound is late; Synchformer's own sign is the opposite. Your "
                "own files, and other shifts than its authors': compare only on the same clips."
            ),
        )
    ]


@hookimpl
def avbench_metrics() -> Iterable[MetricRecord]:
    """Contribute the meaning of ``sync.desync``."""
    return [
        MetricRecord(
            id="sync.desync",
            summary=(
                "mean of |offset|, the likeliest of 21 from -2 to 2 s, over the first and the last 4.8 s of "
                "each clip; a uniform guess scores 1.048, always 0 scores 0"
            ),
            unit="s",
            higher_is_better=False,
            source="Synchformer (ICASSP 2024), checkpoint 24-01-04T16-39-21; hkchengrex/av-benchmark",
            equals="DeSync of av-benchmark and MMAudio, but for the resampling of pictures and sounds",
            differs=(
                "JavisBench (more windows from 9.6 s on, short clips repeated), FastVideo (spectra padded "
                "with their minimum; streams of unequal length compared from each one's own end)"
            ),
        )
    ]
