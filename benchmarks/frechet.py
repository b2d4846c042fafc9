"""Fréchet distance by factors against the square root of the field's packages, and the cost of its intervals.

    python benchmarks/frechet.py [--rows 15000] [--dim 2048] [--runs 3] [--threads 2]
                                 [--bootstrap-dims 128 512] [--resamples 1000]

The square root is that of frechet-audio-distance, by the package itself where it is installed: covariances
by ``numpy.cov``, the product made complex, ``scipy.linalg.sqrtm``. av-benchmark and others leave it real. All
take turns in one process; of each the median is compared, in seconds by the clock and in seconds of
processors, which other work on the machine changes less.
"""

import argparse
import importlib
import importlib.util
import os
import platform
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np
import scipy
from scipy.linalg import sqrtm
from threadpoolctl import threadpool_limits

from avbench.metrics.frechet import frechet_distance, moments
from avbench.metrics.frechet_intervals import frechet_bootstrap

T = TypeVar("T")
Gaussian = tuple[np.ndarray, np.ndarray]
Times = dict[str, list[tuple[float, float]]]


def timed(times: Times, name: str, compute: Callable[[], T]) -> T:
    """Add the seconds that one call took, by the clock and of processors, and return what it returned."""
    start, start_cpu = time.perf_counter(), time.process_time()
    outcome = compute()
    times.setdefault(name, []).append((time.perf_counter() - start, time.process_time() - start_cpu))
    return outcome


def gaussian(rows: np.ndarray) -> Gaussian:
    """Return mean and covariance as the packages take them."""
    return rows.mean(0), np.cov(rows, rowvar=False)


def by_square_root(first: Gaussian, second: Gaussian, dtype: type) -> float:
    """Return the distance by the square root of the product of the covariances."""
    (mean, one), (other_mean, other) = first, second
    root = sqrtm(one.dot(other).astype(dtype))
    apart = np.square(mean - other_mean).sum() + np.trace(one) + np.trace(other)
    return float(apart - 2 * np.trace(root).real)


def complex_root() -> tuple[str, Callable[[Gaussian, Gaussian], float]]:
    """Return frechet-audio-distance's own function, or the same steps where it is not installed."""
    if importlib.util.find_spec("frechet_audio_distance") is None:
        return "complex square root", partial(by_square_root, dtype=complex)
    package = importlib.import_module("frechet_audio_distance").FrechetAudioDistance
    its = package.__new__(package)
    return "frechet-audio-distance", lambda first, second: its.calculate_frechet_distance(*first, *second)


def compare(rows: int, dim: int, runs: int) -> None:
    """Print seconds and ratios of every route: statistics, distance, both."""
    first, second = np.random.default_rng(0).normal(size=(2, rows, dim))
    second = 1.5 * second + 0.3
    name, distance = complex_root()
    roots = {name: distance, "real square root": partial(by_square_root, dtype=float)}
    times: Times = {}
    values: dict[str, float] = {}
    for _ in range(runs):
        ours = timed(times, "factors", lambda: (moments(first), moments(second)))
        values["distance by factors"] = timed(times, "distance by factors", partial(frechet_distance, *ours))
        theirs = timed(times, "covariances", lambda: (gaussian(first), gaussian(second)))
        for each, root in roots.items():
            values[each] = timed(times, each, partial(root, *theirs))
    medians = {each: np.median(pairs, axis=0) for each, pairs in times.items()}
    print(f"n = {rows}, d = {dim}, median of {runs}; seconds by the clock (of processors)\n")
    print("| route | statistics | distance | whole, to ours | distance, to ours | value |")
    print("| --- | --- | --- | --- | --- | --- |")
    statistics, bare = medians["factors"], medians["distance by factors"]
    for each, value in values.items():
        before = medians["factors" if each == "distance by factors" else "covariances"]
        ratios = (before + medians[each]) / (statistics + bare), medians[each] / bare
        seconds = [f"{clock:.2f} ({cpu:.2f})" for clock, cpu in (before, medians[each])]
        cells = [each, *seconds, *(f"{clock:.1f} ({cpu:.1f})" for clock, cpu in ratios), f"{value:.9f}"]
        print(f"| {' | '.join(cells)} |")
    print()


def bootstrap(dims: list[int], resamples: int) -> None:
    """Print seconds of the interval of a distance of 2,000 clips."""
    rng = np.random.default_rng(0)
    names = [str(index) for index in range(2000)]
    for dim in dims:
        rows, reference = rng.normal(size=(2000, dim)), moments(rng.normal(0.1, 1, size=(4000, dim)))
        times: Times = {}
        timed(
            times,
            "bootstrap",
            partial(frechet_bootstrap, rows, names, reference, seed=0, resamples=resamples),
        )
        ((clock, cpu),) = times["bootstrap"]
        print(f"bootstrap of 2,000 rows, d = {dim}, {resamples} resamples: {clock:.1f} s ({cpu:.1f})")


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=15_000)
    parser.add_argument("--dim", type=int, default=2048)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--bootstrap-dims", type=int, nargs="*", default=[128, 512])
    parser.add_argument("--resamples", type=int, default=1000)
    asked = parser.parse_args()
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(
        f"numpy {np.__version__}, scipy {scipy.__version__}, {platform.machine()}, {asked.threads} threads, "
        f"load {load}"
    )
    with threadpool_limits(asked.threads):
        if asked.runs:
            compare(asked.rows, asked.dim, asked.runs)
        bootstrap(asked.bootstrap_dims, asked.resamples)


if __name__ == "__main__":
    main()
