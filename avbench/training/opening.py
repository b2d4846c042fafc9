"""From what ``avbench train`` was given to clips: the model's own world, or datasets that the user named."""

from avbench.datasets.avsynth import training_set
from avbench.records import Args, ModelInputs, Progress
from avbench.requests import TrainRequest
from avbench.training.data import TrainingData


def data_arguments(request: TrainRequest) -> Args:
    """Return the ``--train-args`` that are meant for the data, with their defaults."""
    return training_set.ARGUMENTS


def open_data(request: TrainRequest, inputs: ModelInputs, progress: Progress) -> TrainingData:
    """Return what a model trains on, rendering what is not there yet.

    Args:
        request: Its ``args`` may hold any of :func:`data_arguments`; others are ignored.
        inputs: What the model reads.
        progress: Told about rendering and decoding.

    Raises:
        ValueError: An argument makes no sense, or the model does not read both streams.
        AvbenchError: There is no such preset, or the data cannot be read or written.
    """
    return training_set.open_training(request.args, inputs, progress)
