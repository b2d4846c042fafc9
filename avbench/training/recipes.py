"""A recipe: what ``avbench train`` is to do, in a TOML file."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from avbench.clips import Dataset
from avbench.errors import UnknownName, UsageError
from avbench.records import Args, DatasetRecord, DatasetRequest, Progress
from avbench.store import cache_folder

Value = bool | int | float | str


class Source(BaseModel):
    """One dataset to train on.

    Attributes:
        dataset: The dataset's name.
        folder: Where its files are, below ``--data-root``.
        args: Its ``--dataset-args``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str
    folder: str = ""
    args: Mapping[str, str] = {}


class Recipe(BaseModel):
    """What is to be trained, on what, and how; the command line overrides each of it.

    Attributes:
        summary: One line.
        config: A named configuration of the model; empty for its default.
        data: The datasets, which are trained on as one; none for the model's own data.
        steps: Optimiser steps; ``None`` for the config's own number.
        device: ``cpu``, ``cuda`` …; empty for the command's default.
        processes: Over how many processes it is meant to be shared, one a GPU.
        train: Its ``--train-args``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    summary: str
    config: str = ""
    data: tuple[Source, ...] = ()
    steps: Annotated[int, Field(ge=1)] | None = None
    device: str = ""
    processes: Annotated[int, Field(ge=1)] = 1
    train: Mapping[str, Value] = {}

    def train_args(self) -> Args:
        """Return the training arguments as the command line would give them."""
        return {
            key: str(value).lower() if isinstance(value, bool) else str(value)
            for key, value in self.train.items()
        }


def read_recipe(given: str, known: Mapping[str, Path]) -> Recipe:
    """Read a recipe.

    Args:
        given: The name of a known one, or a file.
        known: The recipes of the model, by name.

    Raises:
        UnknownName: It is neither.
        UsageError: The file cannot be read, has an unknown key or lacks one, or a value does not fit.
    """
    path = known.get(given, Path(given))
    try:
        return Recipe.model_validate(tomllib.loads(path.read_text("utf-8")))
    except FileNotFoundError as error:
        raise UnknownName("recipe or file", given, known) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"The recipe {path} cannot be read: {error}.", hint="Give a TOML file.") from error
    except ValidationError as error:
        wrong = error.errors()[0]
        where = ".".join(str(part) for part in wrong["loc"])
        raise UsageError(
            f"The recipe {path} has a wrong key {where!r}: {wrong['msg']}.",
            hint=f"A recipe has: {', '.join(Recipe.model_fields)}; each of data: "
            f"{', '.join(Source.model_fields)}.",
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedData:
    """Datasets that were named, not opened yet.

    Attributes:
        sources: Which.
        records: Their records, one for each.
        root: ``--data-root``.
        args: Laid over the arguments of each.
    """

    sources: Sequence[Source]
    records: Sequence[DatasetRecord]
    root: Path | None
    args: Args = field(default_factory=dict)

    def __call__(self, progress: Progress) -> Sequence[Dataset]:
        """Open them."""
        return [self._open(*each, progress) for each in zip(self.sources, self.records, strict=True)]

    def _open(self, source: Source, record: DatasetRecord, progress: Progress) -> Dataset:
        root = self.root / source.folder if self.root is not None else None
        args = {**source.args, **self.args}
        return record.open(DatasetRequest(cache=cache_folder(), root=root, args=args, progress=progress))
