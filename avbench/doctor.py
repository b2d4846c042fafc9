"""Does this machine have what avbench needs? Everything is tried, nothing only looked up."""

import importlib
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from avbench import __version__
from avbench.clips import Clip
from avbench.errors import AvbenchError, MediaError
from avbench.plugins import registry
from avbench.records import AudioInput, VideoInput

Status = Literal["ok", "warning", "error"]

REINSTALL = "Install avbench anew in a fresh environment: pip install -c constraints.txt ."
GIB = 1 << 30
# Below the first a large dataset will not fit; below the second not even the bundled one.
ROOMY, NEEDED = 2 * GIB, GIB // 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found.

    Attributes:
        check: What was looked at.
        status: ``error`` where a run would fail, ``warning`` where some would.
        detail: What was found.
        hint: What to do, unless all is well.
        measured: Figures behind it, as JSON values.
    """

    check: str
    status: Status
    detail: str
    hint: str = ""
    measured: Any = field(default=None)


def examine(cache: Path, plugins: Sequence[str] = ()) -> Iterator[Finding]:
    """Look at this machine, one check after the other, the quick ones first.

    Args:
        cache: The user's cache folder.
        plugins: What the user passed as ``--plugin``.
    """
    checks: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("python", _python),
        ("packages", _packages),
        ("cache", lambda: _cache(cache)),
        ("plugins", lambda: _plugins(plugins)),
        ("codecs", _codecs),
        ("sync", _sync),
        ("decoder processes", _decoder_processes),
        ("torch", _torch),
        ("torchmetrics", _companions),
    )
    for name, check in checks:
        try:
            yield from check()
        except AvbenchError as error:
            yield Finding(check=name, status="error", detail=error.message, hint=error.hint)
        except Exception as error:
            # Whatever breaks here would break a run: that is what this command is to say.
            detail = f"{type(error).__name__}: {error}".splitlines()[0]
            yield Finding(check=name, status="error", detail=detail, hint=REINSTALL)


def _python() -> Iterator[Finding]:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    yield Finding(check="python", status="ok", detail=f"avbench {__version__}, Python {found}")


def _packages() -> Iterator[Finding]:
    """Compare what avbench requires with what is installed."""
    from packaging.requirements import Requirement

    found: list[str] = []
    for line in importlib.metadata.requires("avbench") or ():
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            yield Finding(check=requirement.name, status="error", detail="not installed", hint=REINSTALL)
            continue
        if requirement.specifier.contains(version, prereleases=True):
            found.append(f"{requirement.name} {version}")
        else:
            wanted = f"{version} is installed, avbench needs {requirement.specifier}"
            yield Finding(check=requirement.name, status="error", detail=wanted, hint=REINSTALL)
    yield Finding(check="packages", status="ok", detail=", ".join(found))


def _cache(folder: Path) -> Iterator[Finding]:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder):
        free = shutil.disk_usage(folder).free
    detail = f"{folder} can be written, {free / GIB:.1f} GiB free"
    hint = "Free some space, or set AVBENCH_CACHE to a folder on a larger disk."
    if free < NEEDED:
        yield Finding(check="cache", status="error", detail=detail, hint=hint)
    elif free < ROOMY:
        yield Finding(check="cache", status="warning", detail=detail, hint=hint)
    else:
        yield Finding(check="cache", status="ok", detail=detail)


def _plugins(asked_for: Sequence[str]) -> Iterator[Finding]:
    found = registry.load(asked_for)
    names = ", ".join(plugin.origin.plugin for plugin in found.plugins)
    yield Finding(check="plugins", status="ok", detail=names)
    for problem in found.problems:
        bundled = problem.origin.distribution == "avbench"
        yield Finding(
            check=f"plugin {problem.origin.plugin}",
            status="error" if bundled else "warning",
            detail=problem.error.message,
            hint=REINSTALL if bundled else problem.error.hint,
        )


def _codecs() -> Iterator[Finding]:
    """Find the codecs that clips are written with."""
    import av

    for name in ("libx264", "aac"):
        av.Codec(name, "w")
    for name in ("h264", "aac"):
        av.Codec(name, "r")
    detail = f"PyAV {av.__version__}, FFmpeg {av.ffmpeg_version_info}: H.264 and AAC, both ways"
    yield Finding(check="codecs", status="ok", detail=detail)


def _sync() -> Iterator[Finding]:
    """Write and read flashes and clicks."""
    from avbench.media.selftest import check_sync

    cases = list(check_sync())
    measured = [asdict(case) for case in cases]
    broken = [case for case in cases if case.problem]
    for case in broken:
        detail = f"at {case.fps:g} fps and {case.sample_rate} Hz {case.problem}"
        yield Finding(check="sync", status="error", detail=detail, hint=REINSTALL, measured=measured)
    if not broken:
        worst = max(abs(case.offset_ms) for case in cases)
        rates = f"{cases[0].fps:g} to {cases[-1].fps:g} fps"
        detail = (
            f"{len(cases)} clips of {rates}: every frame and sample, click within {worst:.2f} ms of flash"
        )
        yield Finding(check="sync", status="ok", detail=detail, measured=measured)


def _decoder_processes() -> Iterator[Finding]:
    """Decode a clip the way a run does."""
    import numpy as np

    from avbench.media.encode import write_clip
    from avbench.media.workers import decode_clips

    with tempfile.TemporaryDirectory(prefix="avbench-") as folder:
        path = Path(folder) / "clip.mp4"
        frames, samples = np.zeros((10, 32, 32, 3), np.uint8), np.zeros((1, 16_000), np.float32)
        write_clip(path, frames=frames, fps=10, samples=samples, sample_rate=16_000)
        begun = time.perf_counter()
        video, audio = VideoInput(fps=5, height=16, width=16), AudioInput(sample_rate=16_000)
        clips = [Clip(id="doctor", path=path)]
        for outcome in decode_clips(clips, seconds=1.0, video=video, audio=audio, processes=1):
            if isinstance(outcome, MediaError):
                raise outcome
        taken = time.perf_counter() - begun
    yield Finding(check="decoder processes", status="ok", detail=f"one started and decoded in {taken:.1f} s")


def _torch() -> Iterator[Finding]:
    import torch

    build = f"CUDA {torch.version.cuda}" if torch.version.cuda else "CPU"
    names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    where = ", ".join(names) or f"computes on the CPU, {torch.get_num_threads()} threads"
    yield Finding(check="torch", status="ok", detail=f"{torch.__version__} ({build} build), {where}")


def _companions() -> Iterator[Finding]:
    """See that nothing keeps torchmetrics from being imported, as torchvision beside a CPU torch does."""
    import torch

    present = [name for name in ("torchvision", "torchaudio") if importlib.util.find_spec(name)]
    if present and torch.version.cuda is None:
        names = " and ".join(present)
        yield Finding(
            check=names,
            status="warning",
            detail="installed beside a CPU build of torch: where it is a CUDA build, torchmetrics and "
            "transformers cannot be imported",
            hint=f"pip uninstall {' '.join(present)}; avbench needs neither.",
        )
    importlib.import_module("torchmetrics")
    absent = "" if present else "; neither torchvision nor torchaudio is in its way"
    yield Finding(check="torchmetrics", status="ok", detail=f"can be imported{absent}")
