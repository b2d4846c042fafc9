"""From what ``avbench train`` was given to clips: the model's own world, or datasets that the user named."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from avbench.clips import Dataset
from avbench.datasets.avsynth import training_set
from avbench.errors import DataError
from avbench.records import Args, ModelInputs, Progress
from avbench.requests import TrainRequest
from avbench.runs.census import LeftOut
from avbench.store import cache_folder
from avbench.training import choice as natural
from avbench.training.arrays import ArraySet, Places
from avbench.training.choice import DataChoice, choice_from
from avbench.training.data import TrainingData
from avbench.training.decoded import decode_to_arrays
from avbench.training.left_out import LIST, LeftOutList, counted
from avbench.training.selection import Selection, select_clips
from avbench.training.streamed import StreamedClips


@runtime_checkable
class Blocked(Protocol):
    """A dataset whose clips lie in files together: ``blocks`` says how many in each, in order."""

    @property
    def blocks(self) -> Sequence[int]: ...  # noqa: D102


def data_arguments(request: TrainRequest) -> Args:
    """Return the ``--train-args`` that are meant for the data, with their defaults."""
    return training_set.ARGUMENTS if request.open_datasets is None else natural.ARGUMENTS


def open_data(request: TrainRequest, inputs: ModelInputs, progress: Progress) -> TrainingData:
    """Return what a model trains on, rendering or decoding what is not there yet.

    Args:
        request: Its ``args`` may hold any of :func:`data_arguments`; others are ignored.
        inputs: What the model reads.
        progress: Told about rendering and decoding.

    Raises:
        ValueError: An argument makes no sense, or the model does not read both streams.
        AvbenchError: There is no such preset, or the data cannot be read or written.
    """
    if request.open_datasets is None:
        return training_set.open_training(request.args, inputs, progress)
    choice = choice_from(request.args, inputs)
    datasets = request.open_datasets(progress)
    for note in dict.fromkeys(note for dataset in datasets for note in dataset.notes):
        request.say(note)
    selection = select_clips(datasets, choice.seconds, choice.validation_of, progress)
    source = _Source(request=request, choice=choice, datasets=datasets, selection=selection)
    return source.streamed(progress) if choice.stream else source.decoded(progress)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """Clips of datasets, looked for and not decoded yet."""

    request: TrainRequest
    choice: DataChoice
    datasets: Sequence[Dataset]
    selection: Selection

    def decoded(self, progress: Progress) -> TrainingData:
        """Decode all clips first: what cannot be used is known before training begins."""
        clips, choice = self.selection.clips, self.choice
        wanted = np.union1d(self.selection.train, self.selection.held_out)
        decoded = decode_to_arrays(clips, wanted, choice, cache_folder() / "decoded", progress)
        train, validation = decoded.of(self.selection.train), decoded.of(self.selection.held_out)
        bad = {**self.selection.left_out, **decoded.left_out}
        self._list(bad)
        numbers = np.setdiff1d(self.selection.train, np.fromiter(decoded.left_out, np.int64))
        about = self._tell(numbers, validation, bad)
        return TrainingData(train=train, validation=validation if validation.clips else None, about=about)

    def streamed(self, progress: Progress) -> TrainingData:
        """Decode the clips of the validation alone; the others are decoded while training goes on."""
        apart = [self.selection.clips[int(number)] for number in self.selection.held_out]
        everything = np.arange(len(apart))
        decoded = decode_to_arrays(apart, everything, self.choice, cache_folder() / "decoded", progress)
        held_out = self.selection.held_out
        bad = dict(self.selection.left_out)
        bad |= {int(held_out[number]): why for number, why in decoded.left_out.items()}
        left_out = self._list(bad)
        train = StreamedClips(self.selection.train, self.choice, blocks=self._blocks(), left_out=left_out)
        about = self._tell(self.selection.train, decoded.arrays, bad)
        validation = decoded.arrays if decoded.arrays.clips else None

        def close() -> None:
            train.close()
            if left_out.found:
                say = f"replaced while training: {counted(left_out.found.values())} ({left_out.path})"
                self.request.say(say)

        return TrainingData(train=train, validation=validation, about=about, close=close)

    def _list(self, bad: Mapping[int, LeftOut]) -> LeftOutList:
        """List the clips that are left out; of the processes that share a run, the first does so."""
        left_out = LeftOutList(self.request.output / LIST, self.selection.clips)
        left_out.recall()
        if os.environ.get("RANK", "0") == "0":
            left_out.write(bad)
        return left_out

    def _blocks(self) -> Sequence[int]:
        """Return how many clips to train on lie in each file, where all datasets keep clips in files."""
        sizes = [size for each in self.datasets if isinstance(each, Blocked) for size in each.blocks]
        if sum(sizes) != len(self.selection.clips):
            return [len(self.selection.train)]
        ends = np.searchsorted(self.selection.train, np.cumsum(sizes))
        return np.diff(ends, prepend=0).tolist()

    def _tell(self, train: Places, validation: ArraySet, bad: Mapping[int, LeftOut]) -> Args:
        """Say what is trained on, and return it for the record.

        Raises:
            DataError: It is nothing.
        """
        if not len(train):
            raise DataError(
                f"None of the {len(self.selection.clips)} clips can be trained on: "
                f"{counted(bad.values()) or 'the dataset has none'}.",
                hint="Look at --data-root, and at seconds= among the --train-args.",
            )
        line = f"training on {len(train)} of {len(self.selection.clips)} clips"
        apart = f", {validation.clips} kept apart for validation" if validation.clips else ""
        out = f"; left out: {counted(bad.values())} ({self.request.output / LIST})" if bad else ""
        self.request.say(line + apart + out)
        return {
            "dataset": "+".join(each.name for each in self.datasets),
            "revision": "+".join(each.revision for each in self.datasets),
            "seconds": f"{self.choice.seconds:g}",
            "clips": str(len(train)),
            "val_clips": str(validation.clips),
            "left_out": str(len(bad)),
            "trained_on": f"sha256:{hashlib.sha256(train.tobytes()).hexdigest()[:16]}",
        }
