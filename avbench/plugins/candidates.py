"""Where plugins are looked for, before any is imported.

Three roads lead to a plugin: an entry point in the group ``avbench`` of an installed distribution, the
variable ``AVBENCH_PLUGINS`` (files and modules, separated like ``PATH``), and ``--plugin FILE|MODULE``.
"""

import errno
import hashlib
import importlib
import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

GROUP = "avbench"
VARIABLE = "AVBENCH_PLUGINS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a record came from.

    Attributes:
        plugin: The entry point's name, or the name of the file or module that was given by hand.
        distribution: The installed distribution, or ``""`` for a file or module given by hand.
        version: That distribution's version, or ``sha256:…`` of the file given by hand.
        path: The plugin's file, or its dotted name where it has none.
    """

    plugin: str
    distribution: str = ""
    version: str = ""
    path: str = ""

    def __str__(self) -> str:
        """Name the plugin so that its user can find it: distribution and version, or file."""
        where = f"{self.distribution} {self.version}" if self.distribution else self.path
        return f"plugin {self.plugin!r} ({where})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A plugin before it is imported.

    Attributes:
        origin: Where it is from.
        load: Imports it.
        asked_for: Whether the user named it on the command line, so that its failure is the user's concern.
    """

    origin: Origin
    load: Callable[[], object]
    asked_for: bool = False


class NoSuchFile(FileNotFoundError):
    """A plugin file that is not there, as against one that misses a file itself."""


def candidates(asked_for: Sequence[str]) -> Iterator[Candidate]:
    """Yield what may be a plugin, installed ones first.

    Args:
        asked_for: Files or dotted module names, as given to ``--plugin``.
    """
    for entry in sorted(importlib.metadata.entry_points(group=GROUP), key=_entry_order):
        distribution, version = _distribution(entry)
        origin = Origin(plugin=entry.name, distribution=distribution, version=version, path=entry.module)
        yield Candidate(origin=origin, load=entry.load)
    for name in filter(None, os.environ.get(VARIABLE, "").split(os.pathsep)):
        yield _by_hand(name, asked_for=False)
    for name in asked_for:
        yield _by_hand(name, asked_for=True)


def _entry_order(entry: importlib.metadata.EntryPoint) -> tuple[str, str]:
    return entry.name, _distribution(entry)[0]


def _distribution(entry: importlib.metadata.EntryPoint) -> tuple[str, str]:
    # Metadata may be damaged in any way: a name is wanted for the message, not a second failure.
    try:
        if entry.dist is not None:
            return entry.dist.name or "unnamed distribution", entry.dist.version or "of unknown version"
    except Exception:
        pass
    return "unnamed distribution", "of unknown version"


def _by_hand(name: str, *, asked_for: bool) -> Candidate:
    if name.endswith(".py") or os.sep in name or (os.altsep and os.altsep in name):
        path = Path(name).expanduser().absolute()
        version = digest(path)
        origin = Origin(plugin=path.stem, version=version, path=str(path))
        return Candidate(origin=origin, load=lambda: _file_module(path), asked_for=asked_for)
    origin = Origin(plugin=name, path=name)
    return Candidate(origin=origin, load=lambda: importlib.import_module(name), asked_for=asked_for)


def digest(path: Path) -> str:
    """Return ``sha256:`` and 16 hexadecimal digits of a file's digest; ``""`` if it cannot be read."""
    try:
        return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}"
    except OSError:
        return ""


def _file_module(path: Path) -> ModuleType:
    name = f"avbench_plugin_{path.stem}_{hashlib.sha256(os.fsencode(path)).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise NoSuchFile(errno.ENOENT, "there is no Python file", str(path))
    # Last on the path: what lies beside the file can be imported, and shadows nothing.
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
