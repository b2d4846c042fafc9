"""How fast a tree of small files is indexed, against a bare loop that opens each with PyAV.

``python benchmarks/indexing.py --files 10000``. Both use as many processes, from their start to their end.
The bare loop opens a file and decodes its first frame, as probing does to learn how the picture is turned;
neither takes digests, unless ``--digests`` is given. Files are hard links to one tiny clip, so the disk plays
no part. The two take turns, and so does who goes first; each figure is the median over rounds, a ratio that
of the rounds' ratios. On a machine that others use, look at the processor seconds.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from avbench.index.scan import scan
from avbench.media.encode import write_clip

Figures = dict[str, float]

BARE = """
import sys, av
for line in sys.stdin:
    with av.open(line.rstrip()) as file:
        assert next(file.decode(file.streams.video[0])) is not None
"""


def linked(folder: Path, files: int) -> list[Path]:
    """Make a tree of links to one clip of 2 s, 100 in a folder."""
    import numpy as np

    first = folder / "clip.mp4"
    frames = np.random.default_rng(0).integers(0, 255, (20, 48, 64, 3), np.uint8)
    write_clip(first, frames=frames, fps=10, samples=np.zeros((1, 32_000), np.float32), sample_rate=16_000)
    os.utime(first, (time.time() - 3600,) * 2)
    paths = [folder / "tree" / f"{k // 100:04}" / f"{k:06}.mp4" for k in range(files)]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.hardlink_to(first)
    return paths


def probe_bare(paths: Sequence[Path], processes: int) -> None:
    """Open every file and decode its first frame, each process its share."""
    running: list[subprocess.Popen[bytes]] = []
    for share in range(processes):
        with tempfile.TemporaryFile() as listed:
            listed.writelines(f"{path}\n".encode() for path in paths[share::processes])
            listed.seek(0)
            running.append(subprocess.Popen([sys.executable, "-c", BARE], stdin=listed))
    assert not any(each.wait() for each in running)


def silent(what: str, done: int, total: int) -> None:
    """Say nothing."""


def spent(name: str, deed: Callable[[], None]) -> Figures:
    """Return the wall and processor seconds of a deed, ended children included."""
    wall, computed = time.perf_counter(), sum(os.times()[:4])
    deed()
    return {
        name: time.perf_counter() - wall,
        f"{name}_processor": sum(os.times()[:4]) - computed,
    }


def measure(
    folder: Path, paths: Sequence[Path], *, processes: int, bare_first: bool, digests: bool
) -> Figures:
    """Return the seconds of a bare loop, of a first index and of a second one."""
    index = folder / "index.parquet"
    index.unlink(missing_ok=True)

    def bare() -> None:
        probe_bare(paths, processes)

    def indexed() -> None:
        found = scan(folder / "tree", index, silent, processes=processes, digests=digests)
        assert len(found.entries) == len(paths) and not any(each.reason for each in found.entries)

    deeds = {"bare": bare, "first": indexed}
    figures: Figures = {}
    for name in deeds if bare_first else reversed(deeds):
        figures |= spent(name, deeds[name])
    return figures | spent("second", indexed)


def main() -> None:
    """Print every figure as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--digests", action="store_true")
    given = parser.parse_args()
    rounds: list[Figures] = []
    with tempfile.TemporaryDirectory() as folder:
        paths = linked(Path(folder), given.files)
        probe_bare(paths[:64], given.processes)
        for number in range(given.rounds):
            turn = {"bare_first": number % 2 == 0, "processes": given.processes, "digests": given.digests}
            rounds.append(measure(Path(folder), paths, **turn))
            print(json.dumps(rounds[-1]), file=sys.stderr, flush=True)
    rates = {
        f"{name}_files_per_s": given.files / median(each[name] for each in rounds)
        for name in ("bare", "first", "second")
    }
    ratios = {
        f"{one}_to_{other}{kind}": median(each[f"{other}{kind}"] / each[f"{one}{kind}"] for each in rounds)
        for one, other in (("first", "bare"), ("second", "first"))
        for kind in ("", "_processor")
    }
    json.dump({"files": given.files, "processes": given.processes, **rates, **ratios}, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
