"""Write clips to WebDataset shards that :mod:`avbench.datasets.shards` reads: each file as it is, and a json.

    <out>/00000.tar     00000000.mp4, 00000000.json, 00000001.mkv, 00000001.json …

The json holds ``id``, ``source``, ``start``, ``end`` (seconds in the file; ``null``: its end), ``labels`` and
``classes``. The same clips make the same bytes: members bear neither date nor owner.
"""

import io
import json
import os
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from avbench.clips import Clip
from avbench.datasets.folder import EXTENSIONS
from avbench.errors import DataError
from avbench.records import Progress
from avbench.store import cannot_write


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written.

    Attributes:
        shards: The tars, in order.
        clips: How many clips they hold.
        missing: Ids of clips whose files are not there.
    """

    shards: Sequence[Path]
    clips: int
    missing: Sequence[str]


def write_shards(clips: Sequence[Clip], out: Path, per_shard: int, progress: Progress) -> Written:
    """Write clips to tars, in the order given.

    Args:
        clips: Whole files; those not on disk are passed over.
        out: A folder that holds no tar.
        per_shard: How many clips a tar holds; the last one may hold fewer.
        progress: Told how many clips have been written.

    Raises:
        DataError: ``out`` holds tars, a clip is a stretch of its file, or its file's name is no video's.
        StorageError: A tar cannot be written, or a file not be read.
    """
    if out.is_dir() and next(out.glob("*.tar"), None):
        raise DataError(f"{out} holds tar files.", hint="Give a new folder, or remove them.")
    there = [clip for clip in clips if clip.path.is_file()]
    for clip in there:
        _require_whole(clip)
    shards: list[Path] = []
    numbered = enumerate(there)
    for first in range(0, len(there), per_shard):
        shards.append(out / f"{first // per_shard:05}.tar")
        _write_shard(shards[-1], islice(numbered, per_shard))
        progress("writing shards", min(first + per_shard, len(there)), len(there))
    missing = [clip.id for clip in clips if not clip.path.is_file()]
    return Written(shards=shards, clips=len(there), missing=missing)


def _require_whole(clip: Clip) -> None:
    if clip.start or clip.end is not None or clip.part is not None:
        raise DataError(
            f"The clip {clip.id} is a stretch of {clip.path}.",
            hint="Cut it out first: shards hold whole files.",
        )
    if clip.path.suffix.lower() not in EXTENSIONS:
        raise DataError(
            f"The name of {clip.path} is no video's.", hint=f"Known endings: {', '.join(EXTENSIONS)}."
        )


def _write_shard(path: Path, clips: Iterator[tuple[int, Clip]]) -> None:
    """Write a tar; it is there in full or not at all."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(part, "w", format=tarfile.PAX_FORMAT) as file:
            for number, clip in clips:
                _add(file, number, clip)
        part.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        part.unlink(missing_ok=True)


def _add(file: tarfile.TarFile, number: int, clip: Clip) -> None:
    media = tarfile.TarInfo(f"{number:08}{clip.path.suffix.lower()}")
    with clip.path.open("rb") as content:
        media.size = os.fstat(content.fileno()).st_size
        file.addfile(media, content)
    about = {
        "id": clip.id,
        "source": clip.group,
        "start": clip.start,
        "end": clip.end,
        "labels": dict(clip.labels),
        "classes": clip.classes,
    }
    text = json.dumps(about, ensure_ascii=False, sort_keys=True).encode()
    side_car = tarfile.TarInfo(f"{number:08}.json")
    side_car.size = len(text)
    file.addfile(side_car, io.BytesIO(text))
