"""The media files of a folder, found by the clip they are named for."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from avbench.datasets.file_names import (
    SOUND_ENDINGS,
    VIDEO_ENDINGS,
    ClipKey,
    read_name,
    samples_named,
    without_ending,
)
from avbench.datasets.walk import walk
from avbench.errors import DataError

Samples = Mapping[int | None, Path]


def media_files(root: Path, endings: Sequence[str]) -> list[Path]:
    """Return the files below a folder, to any depth, that have one of some endings, in order.

    Names that begin with a dot are passed over, and linked folders are not entered.

    Raises:
        DataError: The folder, or one in it, cannot be read.
    """

    def unreadable(folder: Path, error: OSError) -> None:
        raise DataError(
            f"The folder {folder} cannot be read: {error.strerror}.", hint="Check the path."
        ) from error

    found = (entry for entry in walk(root, unreadable) if entry.name.lower().endswith(tuple(endings)))
    return sorted(Path(entry.path) for entry in found if not entry.is_dir())


@dataclass(slots=True)
class NamedFiles:
    """Files of a folder by what their names say (:mod:`avbench.datasets.file_names`).

    A clip's files are those named like its id, folders and all; else those named like the id's last part;
    else those whose names mean the same stretch of the same video in another convention. The first of the
    three that has any decides.

    Attributes:
        root: The folder.
        files: Its media files.
    """

    root: Path
    files: Sequence[Path]
    _by_path: dict[str, list[tuple[int | None, Path]]] = field(init=False)
    _by_name: dict[str, list[tuple[int | None, Path]]] = field(init=False)
    _by_source: dict[str, list[tuple[ClipKey, int | None, Path]]] = field(init=False)

    def __post_init__(self) -> None:
        self._by_path, self._by_name, self._by_source = (
            defaultdict(list),
            defaultdict(list),
            defaultdict(list),
        )
        for path in without_muxed(self.files):
            for named in samples_named(path.relative_to(self.root).as_posix()):
                self._by_path[named.name].append((named.sample, path))
                self._by_name[PurePosixPath(named.name).name].append((named.sample, path))
                for key in read_name(named.name):
                    self._by_source[key.source].append((key, named.sample, path))

    def of(self, clip_id: str) -> Samples:
        """Return the files named for a clip, by the number of the sample, ``None`` where a name has none.

        Raises:
            DataError: Two files are named for the same sample of it.
        """
        name = without_ending(clip_id)
        for found in (self._by_path.get(name), self._by_name.get(PurePosixPath(name).name)):
            if found:
                whole = [each for each in found if each[0] is None]
                return self._single(clip_id, whole or found)
        return self._single(clip_id, self._by_key(name))

    def _by_key(self, name: str) -> list[tuple[int | None, Path]]:
        """Return the files that agree with a clip's name, each read in the first way that does."""
        agreeing: dict[Path, int | None] = {}
        for wanted in read_name(name):
            for key, sample, path in self._by_source.get(wanted.source, ()):
                if key.agrees(wanted):
                    agreeing.setdefault(path, sample)
        return [(sample, path) for path, sample in agreeing.items()]

    def _single(self, clip_id: str, found: Sequence[tuple[int | None, Path]]) -> Samples:
        samples: dict[int | None, Path] = {}
        for sample, path in found:
            if samples.setdefault(sample, path) != path:
                raise self.ambiguous(clip_id, samples[sample], path)
        if None in samples and len(samples) > 1:
            raise self.ambiguous(clip_id, *list(samples.values())[:2])
        return samples

    def ambiguous(self, clip_id: str, one: Path, other: Path) -> DataError:
        """Return the error for a clip that two files are named for."""
        names = " and ".join(each.relative_to(self.root).as_posix() for each in (one, other))
        return DataError(
            f"Two files in {self.root} are named for {clip_id!r}: {names}.",
            hint="Leave one of them, or give the folder that holds the right ones.",
        )


def without_muxed(files: Sequence[Path]) -> list[Path]:
    """Leave out a video that lies beside a sound of its name: it is that sound, muxed to be watched."""
    sounds = {path.with_suffix("") for path in files if path.suffix.lower() in SOUND_ENDINGS}
    return [
        path
        for path in files
        if path.suffix.lower() not in VIDEO_ENDINGS or path.with_suffix("") not in sounds
    ]
