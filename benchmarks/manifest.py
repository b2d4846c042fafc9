"""How long opening a generated manifest takes, and how much memory, by its rows.

``python benchmarks/manifest.py --rows 1000000 2000000 5000000``. Each manifest is written and opened by
processes of their own; ``peak_mb`` is the most memory the opening one ever held, ``peak_mb_before`` that
before it opened anything, ``processor_s`` what it computed. The files that the rows name are not there. Then
clips are taken at random places.
"""

import argparse
import csv
import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

DRAWS = 100


def generated(rows: int) -> Iterator[dict[str, str | float]]:
    """Yield rows like those of Panda-70M: 20 clips of a video, spans and a caption."""
    for row in range(rows):
        video, turn = divmod(row, 20)
        yield {
            "id": f"{video:011x}_{turn}",
            "path": f"{video % 1000:03}/{video:011x}.{turn}.mp4",
            "start": 0.0,
            "end": 5.0 + turn,
            "source": f"{video:011x}",
            "caption": f"A person stands at place {row} and speaks to somebody who is not seen.",
        }


def write(path: Path, rows: int) -> None:
    """Write a manifest, in parts."""
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(next(generated(1))))
            writer.writeheader()
            writer.writerows(generated(rows))
        return
    import pyarrow
    from pyarrow import parquet

    schema = pyarrow.Table.from_pylist(list(generated(1))).schema
    with parquet.ParquetWriter(path, schema) as writer:
        part: list[dict[str, str | float]] = []
        for row in generated(rows):
            part.append(row)
            if len(part) == 100_000:
                writer.write_table(pyarrow.Table.from_pylist(part, schema=schema))
                part.clear()
        if part:
            writer.write_table(pyarrow.Table.from_pylist(part, schema=schema))


def measure(path: Path, rows: int) -> dict[str, float]:
    """Open a manifest and take clips of it."""
    from avbench.datasets.manifest import open_manifest
    from avbench.records import DatasetRequest

    request = DatasetRequest(
        cache=path.parent,
        root=path.parent,
        args={"manifest": path.name},
        progress=lambda what, done, total: None,
    )
    before, start, computed = peak_mb(), time.perf_counter(), time.process_time()
    clips = open_manifest(request).clips
    seconds, peak, computed = time.perf_counter() - start, peak_mb(), time.process_time() - computed
    assert len(clips) == rows
    draw, start = random.Random(0), time.perf_counter()
    for place in (draw.randrange(rows) for _ in range(DRAWS)):
        assert clips[place].id == f"{place // 20:011x}_{place % 20}"
    taken = time.perf_counter() - start
    return {
        "rows": rows,
        "mb_on_disk": path.stat().st_size / 1e6,
        "seconds": seconds,
        "processor_s": computed,
        "peak_mb_before": before,
        "peak_mb": peak,
        "peak_mb_after_draws": peak_mb(),
        "ms_a_draw": taken / DRAWS * 1e3,
    }


def peak_mb() -> float:
    """Return the most memory this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def main() -> None:
    """Print every figure as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 2_000_000, 5_000_000])
    parser.add_argument("--formats", nargs="+", default=["csv", "parquet"], choices=["csv", "parquet"])
    given = parser.parse_args()
    figures: dict[str, dict[str, float]] = {}
    for kind in given.formats:
        for rows in given.rows:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, f"manifest.{kind}")
                for call in (write, measure):
                    with get_context("spawn").Pool(1) as pool:
                        found = pool.apply(call, (path, rows))
                figures[f"{kind} {rows}"] = found
                print(kind, json.dumps(found), file=sys.stderr, flush=True)
    json.dump(figures, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
