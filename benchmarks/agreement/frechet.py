"""Fréchet distance by factors, and by the routes that the field's packages take from the same statistics.

Three questions on the same sets: how far is each route from ours, how far is each from a distance that is
known in closed form, and what does each say of a set and itself.

Covariances of the same axes commute, so for deviations a and b along them the distance is the squared
distance of the means plus the sum of (a - b)².
"""

import contextlib
import importlib
import io
import warnings
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from avbench.metrics.frechet import frechet_distance, moments
from benchmarks.agreement.comparison import Comparison, table, version

Rows = NDArray[np.float64]
Gaussian = tuple[Rows, Rows]
SHIFT = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sets:
    """Two sets of embeddings ``(n, dim)`` and ``(m, dim)``, and their distance where it is known."""

    name: str
    first: Rows
    second: Rows
    exact: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How a package gets the distance from two means and covariances."""

    package: str
    function: str
    distance: Callable[[Gaussian, Gaussian], float]


def routes() -> Iterator[Route]:
    """Yield the routes of the packages that are installed."""
    named = {
        "frechet-audio-distance": ("calculate_frechet_distance", _frechet_audio_distance),
        "fadtk": ("calc_frechet_distance", _function("fadtk.fad", "calc_frechet_distance")),
        "pytorch-fid": (
            "calculate_frechet_distance",
            _function("pytorch_fid.fid_score", "calculate_frechet_distance"),
        ),
        "torch-fidelity": ("fid_statistics_to_metric", _torch_fidelity),
        "torchmetrics": ("_compute_fid", _by_tensors("torchmetrics.image.fid", "_compute_fid")),
        "torchaudio": ("frechet_distance", _by_tensors("torchaudio.functional", "frechet_distance")),
        "scipy": ("sqrtm", _square_root),
    }
    for package, (function, distance) in named.items():
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            version(package)
            yield Route(package=package, function=function, distance=distance)


def statistics(rows: Rows) -> Gaussian:
    """Return mean and covariance as every route is given them."""
    return rows.mean(0), np.cov(rows, rowvar=False)


def drawn(dim: int) -> Iterator[Sets]:
    """Yield sets of a dimension: many rows, few, and deviations that span a factor of 3 and of 10⁶."""
    rng = np.random.default_rng(dim)
    for name, n, m in (("rows", 2 * dim, 3 * dim), ("few rows", dim // 2, dim // 3)):
        first, second = rng.normal(size=(n, dim)), 1.5 * rng.normal(size=(m, dim)) + 0.3
        yield Sets(name=f"{name}: {n}, {m}", first=first, second=second)
    axes = np.linalg.qr(rng.normal(size=(dim, dim)))[0]
    for name, least in (("well conditioned", 0.3), ("ill conditioned", 1e-6)):
        wide = np.geomspace(1, least, dim)
        narrow = np.roll(wide, dim // 3)
        first, second = (_with_deviations(each, 2 * dim, axes, rng) for each in (wide, narrow))
        exact = float(dim * SHIFT**2 + np.square(wide - narrow).sum())
        yield Sets(name=f"{name}: {2 * dim}, {2 * dim}", first=first, second=second + SHIFT, exact=exact)


def frechet_tables(dim: int, packages: Collection[str] = ()) -> Iterator[str]:
    """Yield the tables of a dimension, by the routes of some packages or of all; one that fails says how."""
    ours, sets = _ours(), list(drawn(dim))
    found = [each for each in routes() if not packages or each.package in packages]
    names = [f"{each.package} {version(each.package)}: `{each.function}`" for each in found]
    gaussians = [(statistics(each.first), statistics(each.second)) for each in sets]
    truths = [frechet_distance(moments(each.first), moments(each.second)) for each in sets]
    values = [[_safely(route, *pair) for pair in gaussians] for route in found]
    cells = [[_relative(*pair) for pair in zip(each, truths, strict=True)] for each in values]
    heads = [f"d = {dim}, relative difference from avbench", *(each.name for each in sets)]
    yield table(heads, [[name, *line] for name, line in zip(names, cells, strict=True)])
    known = [index for index, each in enumerate(sets) if each.exact is not None]
    cells = [
        [_relative(each[index], sets[index].exact or 0.0) for index in known] for each in [truths, *values]
    ]
    heads = [f"d = {dim}, relative error of a known distance", *(sets[index].name for index in known)]
    yield table(heads, [[name, *line] for name, line in zip([ours, *names], cells, strict=True)])
    yield _selves(dim, [each for each in sets if each.name.startswith(("few", "ill"))], found, names)


def _selves(dim: int, sets: list[Sets], found: list[Route], names: list[str]) -> str:
    """Return the table of distances of a set from itself, its rows in another order, over its trace."""
    lines: list[list[str]] = [[_ours()], *([name] for name in names)]
    for each in sets:
        whole, again = moments(each.first), moments(each.first[::-1])
        gaussians = statistics(each.first), statistics(each.first[::-1])
        values = [frechet_distance(whole, again), *(_safely(route, *gaussians) for route in found)]
        for line, value in zip(lines, values, strict=True):
            line.append(_share(value, whole.trace))
    return table([f"d = {dim}, a set and itself, over its trace", *(each.name for each in sets)], lines)


def _ours() -> str:
    return f"avbench {version('avbench')}: `frechet_distance`"


def statistics_of_the_package() -> Iterator[Comparison]:
    """Compare mean and covariance with those that frechet-audio-distance and fadtk take."""
    rows = np.random.default_rng(0).normal(2, 3, size=(500, 64))
    ours = moments(rows)
    package = importlib.import_module("frechet_audio_distance").FrechetAudioDistance
    for name, statistics_of in (
        ("frechet-audio-distance", package.__new__(package).calculate_embd_statistics),
        ("fadtk", importlib.import_module("fadtk.fad").calc_embd_statistics),
    ):
        mean, covariance = statistics_of(rows)
        yield Comparison(
            number="mean and covariance (n - 1)",
            package=name,
            function=statistics_of.__name__,
            ours=np.vstack([ours.mean, ours.covariance()]),
            theirs=np.vstack([mean, covariance]),
            within=1e-12,
            note="500 rows of 64 columns",
        )


def _with_deviations(deviations: Rows, n: int, axes: Rows, rng: np.random.Generator) -> Rows:
    columns = np.hstack([np.ones((n, 1)), rng.normal(size=(n, len(deviations)))])
    return np.linalg.qr(columns)[0][:, 1:] * deviations * (n - 1) ** 0.5 @ axes


def _safely(route: Route, first: Gaussian, second: Gaussian) -> float | str:
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            return float(np.real(route.distance(first, second)))
        except Exception as error:
            return f"{type(error).__name__}"


def _relative(value: float | str, truth: float) -> str:
    return value if isinstance(value, str) else _figure(abs(value - truth) / truth)


def _share(value: float | str, trace: float) -> str:
    return value if isinstance(value, str) else _figure(value / trace)


def _figure(value: float) -> str:
    return f"{value:.1e}" if value else "0"


def _function(module: str, name: str) -> Callable[[Gaussian, Gaussian], float]:
    return lambda first, second: getattr(importlib.import_module(module), name)(*first, *second)


def _by_tensors(module: str, name: str) -> Callable[[Gaussian, Gaussian], float]:
    def distance(first: Gaussian, second: Gaussian) -> float:
        tensors = [torch.from_numpy(each) for each in (*first, *second)]
        return getattr(importlib.import_module(module), name)(*tensors).item()

    return distance


def _frechet_audio_distance(first: Gaussian, second: Gaussian) -> float:
    # Without its constructor, which loads a network.
    package = importlib.import_module("frechet_audio_distance").FrechetAudioDistance
    return package.__new__(package).calculate_frechet_distance(*first, *second)


def _torch_fidelity(first: Gaussian, second: Gaussian) -> float:
    metric = importlib.import_module("torch_fidelity.metric_fid")
    one, other = ({"mu": mean, "sigma": covariance} for mean, covariance in (first, second))
    return metric.fid_statistics_to_metric(one, other, False)[metric.KEY_METRIC_FID]


def _square_root(first: Gaussian, second: Gaussian) -> float:
    from scipy.linalg import sqrtm

    (mean, one), (other_mean, other) = first, second
    apart = np.square(mean - other_mean).sum() + np.trace(one) + np.trace(other)
    return apart - 2 * np.trace(sqrtm(one @ other)).real
