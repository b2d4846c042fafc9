"""What a tar file of samples holds, and where: read from its headers once, and kept.

A sample is a run of members whose names agree up to the first dot of the last part: ``00/000123.mp4``,
``00/000123.json`` (the WebDataset convention). Its media are the first member that ends like a video.
"""

import hashlib
import json
import tarfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from avbench.datasets.folder import EXTENSIONS
from avbench.store import write_whole

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A clip inside a tar.

    Attributes:
        key: Its name in the tar.
        offset: The first byte of its media.
        size: How many bytes they are.
        source: The recording it was cut from, where its side-car says so.
    """

    key: str
    offset: int
    size: int
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TarIndex:
    """The samples of a tar, in its order.

    Attributes:
        samples: Those with a video.
        without_video: How many others there are.
        second_videos: How many videos there are beside the first one of a sample.
        sourceless: How many samples have no json that names their recording, where that was asked for.
        damage: What is wrong with the tar itself; empty if nothing is.
    """

    samples: Sequence[Sample]
    without_video: int = 0
    second_videos: int = 0
    sourceless: int = 0
    damage: str = ""


def indexed(path: Path, field: str, cache: Path) -> TarIndex:
    """Return the index of a tar, reading its headers unless that was done before.

    Args:
        path: The tar.
        field: Which field of a sample's json names its recording; empty for none.
        cache: Where indexes are kept.

    Raises:
        OSError: The tar cannot be read.
        StorageError: The index cannot be written.
    """
    status = path.stat()
    about = [FORMAT, str(path.absolute()), status.st_size, status.st_mtime_ns, field]
    kept = cache / f"{hashlib.sha256(json.dumps(about).encode()).hexdigest()[:32]}.json"
    try:
        document = json.loads(kept.read_bytes())
        return TarIndex(**document | {"samples": [Sample(**each) for each in document["samples"]]})
    except (OSError, ValueError, KeyError, TypeError):
        index = read_index(path, field)
        write_whole(kept, json.dumps(asdict(index)).encode())
        return index


def read_index(path: Path, field: str = "") -> TarIndex:
    """Read the headers of a tar, and the json of each sample if a field of it is asked for.

    Raises:
        OSError: The tar cannot be read.
    """
    samples: list[Sample] = []
    counts: Counter[str] = Counter()
    damage: list[str] = []
    try:
        with tarfile.open(path, "r:") as file:
            for key, run in groupby(_members(file, path.stat().st_size, damage), key=_key):
                members = list(run)
                media = [member for member in members if member.name.lower().endswith(EXTENSIONS)]
                if not media:
                    counts["without_video"] += 1
                    continue
                source = _source(file, members, field)
                counts["second_videos"] += len(media) - 1
                counts["sourceless"] += source is None
                place = {"offset": media[0].offset_data, "size": media[0].size}
                samples.append(Sample(key=key, source=source or "", **place))
    except tarfile.TarError as error:
        damage.append(f"is no tar that can be read ({error})")
    return TarIndex(samples=samples, damage="".join(damage), **counts)


def _members(file: tarfile.TarFile, size: int, damage: list[str]) -> Iterator[tarfile.TarInfo]:
    """Yield the files of a tar, as far as it is whole, but for hidden ones."""
    try:
        for member in file:
            if not member.isfile() or member.name.rpartition("/")[2].startswith("."):
                continue
            if member.offset_data + member.size > size:
                damage.append(f"ends within {member.name}")
                return
            yield member
    except tarfile.TarError as error:
        damage.append(f"is cut off or damaged ({error})")
        return
    # A header that makes no sense reads like the end; a whole tar ends with zeros.
    if _next_block(file).strip(b"\0"):
        damage.append(f"is damaged at byte {file.offset}")


def _next_block(file: tarfile.TarFile) -> bytes:
    assert file.fileobj is not None
    file.fileobj.seek(file.offset)
    return file.fileobj.read(tarfile.BLOCKSIZE)


def _key(member: tarfile.TarInfo) -> str:
    folder, slash, name = member.name.removeprefix("./").rpartition("/")
    return f"{folder}{slash}{name.partition('.')[0]}"


def _source(file: tarfile.TarFile, members: Sequence[tarfile.TarInfo], field: str) -> str | None:
    """Return what the json of a sample says under a field; ``None`` where it says nothing."""
    if not field:
        return ""
    for member in members:
        content = file.extractfile(member) if member.name.lower().endswith(".json") else None
        if content is None:
            continue
        try:
            document: Any = json.loads(content.read())
        except ValueError:
            continue
        if isinstance(document, Mapping) and document.get(field):
            return str(document[field])
    return None
