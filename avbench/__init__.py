"""avbench: run audio-video models on retrieval, generation and synchrony tasks, and rank the results."""

from avbench.clips import Clip, Dataset, Gallery
from avbench.errors import AvbenchError, MediaError, ModelError
from avbench.hookspecs import hookimpl
from avbench.protocols import AudioBatch, VideoBatch
from avbench.records import (
    AudioInput,
    DatasetRecord,
    DatasetRequest,
    EmbedderRecord,
    MetricRecord,
    ModelInputs,
    ModelRecord,
    TaskSpec,
    VideoInput,
)

__version__ = "0.1.0"

__all__ = [
    "AudioBatch",
    "AudioInput",
    "AvbenchError",
    "Clip",
    "Dataset",
    "DatasetRecord",
    "DatasetRequest",
    "EmbedderRecord",
    "Gallery",
    "MediaError",
    "MetricRecord",
    "ModelError",
    "ModelInputs",
    "ModelRecord",
    "TaskSpec",
    "VideoBatch",
    "VideoInput",
    "__version__",
    "hookimpl",
]
