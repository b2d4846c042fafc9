"""Our numbers beside those of the field's packages, on the same data: tables in Markdown.

    HF_HUB_OFFLINE=1 python -m benchmarks.agreement [--dims 128 512 2048] [--routes PACKAGE …] [--only PART …]

Run it where the extra ``reference`` is installed, and whatever else of the references is: prdc, mir_eval,
librosa, torch-fidelity, pytorch-fid, fadtk, kadtk, torchvggish, clip_benchmark, pytrec_eval-terrier; those
with pins of their own by ``pip install --no-deps``. Ends with 1 if a number that is meant to agree does not.
docs/agreement.md holds what it printed.
"""

import argparse
import logging
import platform
import sys
from collections.abc import Iterator

import numpy as np
import scipy
import torch
from threadpoolctl import threadpool_limits

from benchmarks.agreement.alignment import ALIGNMENT
from benchmarks.agreement.comparison import Compare, Comparison, compared, comparisons_table
from benchmarks.agreement.events import EVENTS
from benchmarks.agreement.frechet import frechet_tables, statistics_of_the_package
from benchmarks.agreement.sets import SETS

PARTS = ("frechet", "sets", "events", "networks")


def networks() -> Iterator[Compare]:
    """Yield what compares networks, which needs the extra; print what comes of rows laid end to end."""
    from benchmarks.agreement.networks import NETWORKS, laid_end_to_end

    yield from NETWORKS
    print(laid_end_to_end(), "\n")


def printed(title: str, compares: Iterator[Compare]) -> list[Comparison]:
    """Print a table of what some functions compare, and return it."""
    found = [row for compare in compares for row in compared(compare)]
    print(f"### {title}\n\n{comparisons_table(found)}\n", flush=True)
    return found


def main() -> int:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dims", type=int, nargs="*", default=[128, 512, 2048])
    parser.add_argument("--routes", nargs="*", metavar="PACKAGE", default=[], help="to a Fréchet distance")
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS)
    asked = parser.parse_args()
    print(
        f"Python {platform.python_version()}, torch {torch.__version__}, numpy {np.__version__}, scipy "
        f"{scipy.__version__}; {platform.machine()}, CPU, one thread.\n"
    )
    found: list[Comparison] = []
    if "frechet" in asked.only:
        print("### Fréchet distance\n")
        for dim in asked.dims:
            print(*frechet_tables(dim, asked.routes), sep="\n\n", end="\n\n", flush=True)
        found += printed("Statistics", iter([statistics_of_the_package]))
    if "sets" in asked.only:
        found += printed("Sets and pairs", iter(SETS))
    if "events" in asked.only:
        found += printed("Onsets, retrieval, intervals", iter((*EVENTS, *ALIGNMENT)))
    if "networks" in asked.only:
        found += printed("Networks", networks())
    return int(any(row.verdict == "DIFFERS" for row in found))


if __name__ == "__main__":
    torch.set_num_threads(1)
    logging.disable(logging.INFO)
    with threadpool_limits(1):
        sys.exit(main())
