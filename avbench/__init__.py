"""avbench: run audio-video models on retrieval, generation and synchrony tasks, and rank the results."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from avbench.clips import Clip, Dataset, Gallery
    from avbench.errors import AvbenchError, MediaError, ModelError
    from avbench.hookspecs import hookimpl
    from avbench.judges.judge import Criterion, JudgeRecord, Sight
    from avbench.protocols import AudioBatch, Heard, VideoBatch
    from avbench.records import (
        AudioInput,
        Checkpoint,
        DatasetRecord,
        DatasetRequest,
        EmbedderRecord,
        MetricRecord,
        ModelInputs,
        ModelRecord,
        VideoInput,
    )
    from avbench.specs import (
        AlignmentProtocol,
        ChoiceProtocol,
        GenerationProtocol,
        OffsetProtocol,
        RetrievalProtocol,
        TaskSpec,
    )

__version__ = "0.1.0"

__all__ = [
    "AlignmentProtocol",
    "AudioBatch",
    "AudioInput",
    "AvbenchError",
    "Checkpoint",
    "ChoiceProtocol",
    "Clip",
    "Criterion",
    "Dataset",
    "DatasetRecord",
    "DatasetRequest",
    "EmbedderRecord",
    "Gallery",
    "GenerationProtocol",
    "Heard",
    "JudgeRecord",
    "MediaError",
    "MetricRecord",
    "ModelError",
    "ModelInputs",
    "ModelRecord",
    "OffsetProtocol",
    "RetrievalProtocol",
    "Sight",
    "TaskSpec",
    "VideoBatch",
    "VideoInput",
    "__version__",
    "hookimpl",
]

# The command line must start fast: a public name is imported when it is first used.
_HOMES = {
    "Clip": "avbench.clips",
    "Dataset": "avbench.clips",
    "Gallery": "avbench.clips",
    "AvbenchError": "avbench.errors",
    "MediaError": "avbench.errors",
    "ModelError": "avbench.errors",
    "hookimpl": "avbench.hookspecs",
    "Criterion": "avbench.judges.judge",
    "JudgeRecord": "avbench.judges.judge",
    "Sight": "avbench.judges.judge",
    "AudioBatch": "avbench.protocols",
    "Heard": "avbench.protocols",
    "VideoBatch": "avbench.protocols",
    "AudioInput": "avbench.records",
    "Checkpoint": "avbench.records",
    "DatasetRecord": "avbench.records",
    "DatasetRequest": "avbench.records",
    "EmbedderRecord": "avbench.records",
    "MetricRecord": "avbench.records",
    "ModelInputs": "avbench.records",
    "ModelRecord": "avbench.records",
    "AlignmentProtocol": "avbench.specs",
    "ChoiceProtocol": "avbench.specs",
    "GenerationProtocol": "avbench.specs",
    "OffsetProtocol": "avbench.specs",
    "RetrievalProtocol": "avbench.specs",
    "TaskSpec": "avbench.specs",
    "VideoInput": "avbench.records",
}


def __getattr__(name: str) -> Any:
    """Import a public name from the module it lives in."""
    if name not in _HOMES:
        raise AttributeError(f"module 'avbench' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
