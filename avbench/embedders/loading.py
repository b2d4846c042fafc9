"""From the record of an embedder or a judge to its network: which weights, where from, known by what digest.

Looked for in this order: the path the user gives, what the plugin ships, ``<cache>/checkpoints``, and, if the
user allows it, the publisher's address. A digest that the record states must be that of the file, wherever it
comes from; where the record states none, the digest found is kept as part of the embedder's identity.
"""

import hashlib
import importlib.metadata
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from re import fullmatch
from typing import Any

from avbench.embedders.download import fetch, present
from avbench.errors import AvbenchError, ModelError, UsageError
from avbench.judges.judge import JudgeRecord
from avbench.plugins.raised import sentence
from avbench.records import Checkpoint, EmbedderRecord, Progress

HUB = "https://huggingface.co/{name}/resolve/main"
"""Where the folder of a hub's ``owner/name`` is fetched from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedNetwork:
    """An embedder or a judge whose weights are at hand, not loaded.

    Attributes:
        record: Its record.
        weights: The file or folder it will be loaded from, if it has one.
        identity: What its output depends on: its name, the digest of its weights, versions of its packages.
    """

    record: EmbedderRecord | JudgeRecord
    weights: Path | None
    identity: Mapping[str, str]

    def load(self, device: str) -> Any:
        """Load the network.

        Raises:
            ModelError: It cannot be loaded.
        """
        try:
            return self.record.load(device, self.weights)
        except AvbenchError:
            raise
        except Exception as error:
            raise ModelError(
                f"The {_kind(self.record)} {self.record.name!r} could not be loaded: {sentence(error)}.",
                hint=f"Check its weights: {self.weights}." if self.weights else "Check its packages.",
            ) from error


def resolve_network(
    record: EmbedderRecord | JudgeRecord,
    *,
    weights: Path | None,
    cache: Path,
    allow_download: bool,
    progress: Progress | None = None,
) -> ResolvedNetwork:
    """Find the weights and packages of an embedder or a judge, loading nothing.

    Args:
        record: The embedder or judge.
        weights: The file the user gives; the folder, or a hub's ``owner/name``, where it needs a folder.
        cache: The user's cache folder.
        allow_download: Whether what is not there may be fetched.
        progress: Told how much has been fetched.

    Raises:
        UsageError: It takes no weights.
        ModelError: A package is missing, there are no weights, or they have another digest.
        StorageError: What is fetched cannot be written.
    """
    kind = _kind(record)
    identity = {kind: record.name} | _packages(record) | (dict(record.identity()) if record.identity else {})
    checkpoint = record.checkpoint
    if checkpoint is None:
        if weights is not None:
            raise UsageError(
                f"The {kind} {record.name!r} takes no weights: it brings its own.", hint="Leave them out."
            )
        return ResolvedNetwork(record=record, weights=None, identity=identity)
    if weights is not None and checkpoint.parts and not weights.exists():
        checkpoint, weights = _from_hub(checkpoint, weights)
    path = weights or record.shipped or cached(checkpoint, cache)
    if weights is None and allow_download and checkpoint.url and not _is_there(checkpoint, path):
        fetch(checkpoint, path, progress)
    if not _is_there(checkpoint, path):
        raise _no_weights(kind, record.name, checkpoint, path)
    found = digest_of_weights(checkpoint, path)
    if checkpoint.sha256 and found != checkpoint.sha256:
        raise ModelError(
            f"The weights {path} of the {kind} {record.name!r} are not those of its record: their SHA-256 "
            f"is {found}, not {checkpoint.sha256}.",
            hint=f"Remove the file and get it anew{_from(checkpoint)}.",
        )
    return ResolvedNetwork(record=record, weights=path, identity=identity | {"weights": found})


def cached(checkpoint: Checkpoint, cache: Path) -> Path:
    """Return where a checkpoint is looked for, and kept when it was fetched."""
    return cache / "checkpoints" / checkpoint.file


def digest_of_weights(checkpoint: Checkpoint, path: Path) -> str:
    """Return the SHA-256 of a file; of a folder, that of the lines ``digest  name`` of its parts."""
    if not checkpoint.parts:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    total = hashlib.sha256()
    for part in sorted(filter(None, (present(path, each) for each in checkpoint.parts))):
        with (path / part).open("rb") as file:
            total.update(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {part}\n".encode())
    return total.hexdigest()


def _kind(record: EmbedderRecord | JudgeRecord) -> str:
    return "embedder" if isinstance(record, EmbedderRecord) else "judge"


def _packages(record: EmbedderRecord | JudgeRecord) -> dict[str, str]:
    """Return the versions of the packages it requires."""
    missing = [name for name in record.requires if importlib.util.find_spec(name) is None]
    if missing:
        command = record.install or f"pip install {' '.join(missing)}"
        raise ModelError(
            f"The {_kind(record)} {record.name!r} needs what is not installed: {', '.join(missing)}.",
            hint=f"Run: {command}",
        )
    brought_by = importlib.metadata.packages_distributions() if record.requires else {}
    return {
        name: importlib.metadata.version(brought_by[name][0]) if name in brought_by else "unknown"
        for name in record.requires
    }


def _is_there(checkpoint: Checkpoint, path: Path) -> bool:
    return bool(present(path, checkpoint.parts[0])) if checkpoint.parts else path.is_file()


def _from_hub(checkpoint: Checkpoint, name: Path) -> tuple[Checkpoint, Path | None]:
    """Read a path that is not there as the hub's ``owner/name``, if it looks like one."""
    if not fullmatch(r"[\w-]+(\.[\w-]+)*/[\w-]+(\.[\w-]+)*", name.as_posix()):
        return checkpoint, name
    folder = name.as_posix().replace("/", "--")
    url = HUB.format(name=name.as_posix())
    return replace(checkpoint, file=folder, url=url, sha256="", source=f"the hub's {name}"), None


def _no_weights(what: str, name: str, checkpoint: Checkpoint, path: Path) -> ModelError:
    kind = f"folder {path} with {checkpoint.parts[0]}" if checkpoint.parts else f"file {path}"
    known = f", SHA-256 {checkpoint.sha256}" if checkpoint.sha256 else ""
    source = f" ({checkpoint.source}{known})" if checkpoint.source or known else ""
    fetched = ", or let it be fetched (--allow-download)" if checkpoint.url else ""
    return ModelError(
        f"The {what} {name!r} has no weights: there is no {kind}.",
        hint=f"Put {checkpoint.file}{_from(checkpoint)}{source} there, give its path "
        f"(--{what} {name}=PATH){fetched}.",
    )


def _from(checkpoint: Checkpoint) -> str:
    return f" from {checkpoint.url}" if checkpoint.url else ""
