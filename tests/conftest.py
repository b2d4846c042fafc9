"""What tests share: a cache of their own, plugins made on the spot, the command line, tiny clips."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import hypothesis
import pytest
from jaxtyping import install_import_hook

# Before anything imports torch: two test processes on two cores must not fight over threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A slow machine is no failure.
hypothesis.settings.register_profile("avbench", deadline=None)
hypothesis.settings.load_profile("avbench")

# Shapes in the signatures of the models are checked wherever a test runs them.
SHAPED = [
    "cavp.loss",
    "cavp.model",
    "gmscavp.backbones",
    "gmscavp.contrastive",
    "gmscavp.draws",
    "gmscavp.log_mel",
    "gmscavp.model",
    "gmscavp.pyramid",
    "gmscavp.segments",
    "gmscavp.training.batches",
    "gmscavp.training.validation",
]
install_import_hook(SHAPED, "beartype.beartype")

ROOT = Path(__file__).parent.parent
OUTSIDE = Path(__file__).parent / "outside"


@pytest.fixture(autouse=True, scope="session")
def _isolated_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the user's cache, plugins and options out of the tests."""
    kept = {"AVBENCH_REAL_CLIPS", "AVBENCH_REAL_LISTS"}
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AVBENCH_") and name not in kept]:
            patch.delenv(name)
        patch.setenv("AVBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the third party's distribution on the path, of this process and of those it starts."""
    monkeypatch.syspath_prepend(str(OUTSIDE))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(OUTSIDE), *sys.path[1:]]))
    return OUTSIDE


Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Return a function that makes a distribution with plugins and puts it on the path.

    ``install("name", "1.0", entry="source of the module")``: one entry point, of that name, per source.
    """
    before = set(sys.modules)

    def made(distribution: str, version: str, **sources: str) -> Path:
        site = tmp_path / f"site-{distribution}-{version}"
        info = site / f"{distribution}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        lines = ["[avbench]"]
        for entry, source in sources.items():
            module = f"{distribution.replace('-', '_')}_{entry}"
            (site / f"{module}.py").write_text(source)
            lines.append(f"{entry} = {module}")
        (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
        monkeypatch.syspath_prepend(str(site))
        return site

    yield made
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def avbench_command(tmp_path: Path) -> Command:
    """Return a function that runs ``avbench`` in a process of its own, in an empty folder."""

    def run(*args: str, cwd: Path = tmp_path, env: Mapping[str, str] | None = None, check: bool = True):
        done = subprocess.run(
            [sys.executable, "-m", "avbench", *args],
            cwd=cwd,
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=300,
        )
        if check and done.returncode != 0:
            pytest.fail(f"avbench {' '.join(args)} exited {done.returncode}: {done.stderr or done.stdout}")
        return done

    return run


@pytest.fixture(scope="session")
def tiny_clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with twelve real mp4 files of 4.5 s: a bar moves while a tone of its own pitch swells."""
    import numpy as np

    from avbench.media.encode import write_clip

    folder = tmp_path_factory.mktemp("clips")
    time = np.arange(72_000) / 16_000
    for k in range(12):
        swell = 0.5 - 0.5 * np.cos(2 * np.pi * (k + 1) * time / 4.5)
        frames = np.full((54, 48, 64, 3), 32, dtype=np.uint8)
        for t in range(54):
            left = (t * (k + 1)) % 56
            frames[t, :, left : left + 8] = int(255 * swell[t * 72_000 // 54])
        tone = 0.5 * swell * np.sin(2 * np.pi * 110 * (k + 1) * time)
        samples = tone[None].astype(np.float32)
        write_clip(folder / f"clip{k:02}.mp4", frames=frames, fps=12, samples=samples, sample_rate=16_000)
    return folder


@pytest.fixture(autouse=True, scope="session")
def interruptible() -> None:
    """Let commands under test hear Ctrl-C, to which a shell's background job and its children are deaf."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
