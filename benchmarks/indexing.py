"""How fast a tree of small files is indexed, against a bare loop that opens each with PyAV.

``python benchmarks/indexing.py --files 10000``. Both use as many processes. The bare loop opens a file and
decodes its first frame, as probing does to learn how the picture is turned; neither takes digests, unless
``--digests`` is given. Files are hard links to one tiny clip, so the disk plays no part.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path

from avbench.index.scan import scan
from avbench.media.encode import write_clip


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


def probe_bare(path: Path) -> bool:
    """Open a file and decode its first frame."""
    import av

    with av.open(str(path)) as file:
        return next(file.decode(file.streams.video[0])) is not None


def silent(what: str, done: int, total: int) -> None:
    """Say nothing."""


def main() -> None:
    """Print every figure as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--digests", action="store_true")
    given = parser.parse_args()
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder, get_context("spawn").Pool(given.processes) as pool:
        paths = linked(Path(folder), given.files)
        pool.map(probe_bare, paths[:64], chunksize=16)
        start = time.perf_counter()
        assert all(pool.imap(probe_bare, paths, chunksize=16))
        seconds["bare"] = time.perf_counter() - start
        for which in ("first", "second"):
            start = time.perf_counter()
            found = scan(
                Path(folder, "tree"),
                Path(folder, "index.parquet"),
                silent,
                processes=given.processes,
                digests=given.digests,
            )
            seconds[which] = time.perf_counter() - start
            assert len(found.entries) == given.files and not any(each.reason for each in found.entries)
    rates = {f"{name}_files_per_s": given.files / each for name, each in seconds.items()}
    ratios = {
        "first_to_bare": seconds["bare"] / seconds["first"],
        "second_to_first": seconds["first"] / seconds["second"],
    }
    json.dump({"files": given.files, "processes": given.processes, **rates, **ratios}, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
