"""Numbers of sets and of pairs: MMD, KID, KAD, neighbourhoods, KL, inception score, cosine."""

import contextlib
import importlib
import io
from collections.abc import Callable, Iterator
from functools import partial
from unittest import mock

import numpy as np
import torch
from scipy.special import softmax
from scipy.stats import entropy
from torch import nn

from avbench.metrics.classifier_scores import inception_score, kl_divergences
from avbench.metrics.distances import lower_median_distance, neighbour_radii
from avbench.metrics.kernel_distances import (
    gaussian,
    kernel_audio_distance,
    kernel_inception_distance,
    polynomial,
    squared_mmd,
)
from avbench.metrics.neighbourhoods import neighbourhoods
from avbench.metrics.similarity import cosine_similarities
from benchmarks.agreement.comparison import Compare, Comparison

GENERATED, REFERENCE = (
    np.random.default_rng(seed).normal(shift, spread, size=(400, 32))
    for seed, shift, spread in ((0, 0.2, 1.2), (1, 0.0, 1.0))
)
LOGITS = np.random.default_rng(2).normal(0, 2, size=(400, 50))
OTHER_LOGITS = np.random.default_rng(3).normal(0, 2, size=(400, 50))
TENSORS = torch.from_numpy(GENERATED), torch.from_numpy(REFERENCE)
ROWS, ANSWERS = "400 rows of 32 columns, each set", "400 rows of 50 logits"


def torch_fidelity_kid() -> Iterator[Comparison]:
    """Compare KID with torch-fidelity's, over the same subsets."""
    kid = importlib.import_module("torch_fidelity.metric_kid")
    theirs = kid.kid_features_to_metric(
        *TENSORS, kid_subsets=100, kid_subset_size=100, rng_seed=2020, verbose=False
    )
    ours = kernel_inception_distance(GENERATED, REFERENCE, subset_size=100)
    yield Comparison(
        number="kid: mean, deviation",
        package="torch-fidelity",
        function="kid_features_to_metric",
        ours=[ours.mean, ours.std],
        theirs=[theirs[kid.KEY_METRIC_KID_MEAN], theirs[kid.KEY_METRIC_KID_STD]],
        within=1e-10,
        note=f"{ROWS}, 100 subsets of 100",
    )


def torch_fidelity_inception_score() -> Iterator[Comparison]:
    """Compare the inception score with torch-fidelity's, over the same splits, of one length and of two."""
    inception = importlib.import_module("torch_fidelity.metric_isc")
    for n in (400, 393):
        theirs = inception.isc_features_to_metric(torch.from_numpy(LOGITS[:n]))
        ours = inception_score(LOGITS[:n])
        yield Comparison(
            number="is: mean, deviation",
            package="torch-fidelity",
            function="isc_features_to_metric",
            ours=[ours.mean, ours.std],
            theirs=[theirs[inception.KEY_METRIC_ISC_MEAN], theirs[inception.KEY_METRIC_ISC_STD]],
            within=1e-12,
            note=f"{n} rows of 50 logits",
        )


def torch_fidelity_precision() -> Iterator[Comparison]:
    """Compare precision and recall with torch-fidelity's."""
    shares = importlib.import_module("torch_fidelity.metric_prc").calculate_precision_recall_full
    near = neighbourhoods(GENERATED, REFERENCE, k=3)
    yield Comparison(
        number="precision, diversity-recall",
        package="torch-fidelity",
        function="calculate_precision_recall_full",
        ours=[near.precision.mean(), near.recall.mean()],
        theirs=shares(*TENSORS, 3),
        within=1e-6,
        note=f"{ROWS}, k = 3; theirs are float32, and a row at the very radius counts",
    )


class Same(nn.Module):
    """Features that are the input itself, so that torchmetrics loads no network."""

    num_features = 32

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the rows."""
        return rows


def torchmetrics_kid() -> Iterator[Comparison]:
    """Compare KID with torchmetrics', on the features themselves."""
    from torchmetrics.image.kid import KernelInceptionDistance

    kid = KernelInceptionDistance(feature=Same(), subsets=1, subset_size=400).set_dtype(torch.float64)
    for rows, real in zip(TENSORS, (False, True), strict=True):
        kid.update(rows, real=real)
    yield Comparison(
        number="kid of one subset of all",
        package="torchmetrics",
        function="KernelInceptionDistance",
        ours=kernel_inception_distance(GENERATED, REFERENCE, subsets=1, subset_size=400).mean,
        theirs=kid.compute()[0].item(),
        within=1e-10,
        note=f"{ROWS}; more subsets it draws by another generator",
    )


def torchmetrics_divergence() -> Iterator[Comparison]:
    """Compare KL with torchmetrics', pair by pair."""
    from torchmetrics import KLDivergence

    divergence = KLDivergence(log_prob=True, reduction="none")
    divergence.update(*(torch.from_numpy(each).log_softmax(1) for each in (LOGITS, OTHER_LOGITS)))
    yield Comparison(
        number="kl, each pair",
        package="torchmetrics",
        function="KLDivergence",
        ours=kl_divergences(LOGITS, OTHER_LOGITS, direction="truth_first"),
        theirs=divergence.compute(),
        within=1e-10,
        note=ANSWERS,
    )


def torchmetrics_inception_score() -> Iterator[Comparison]:
    """Compare the inception score with torchmetrics', as it is and given our order and divisor."""
    from torchmetrics.image.inception import InceptionScore

    ours, order = inception_score(LOGITS), torch.from_numpy(np.random.RandomState(2020).permutation(400))
    for with_our_order in (False, True):
        score = InceptionScore(feature=Same(), splits=10).set_dtype(torch.float64)
        score.update(torch.from_numpy(LOGITS))
        torch.manual_seed(0)
        same_order = mock.patch("torch.randperm", lambda n: order)
        with same_order if with_our_order else contextlib.nullcontext():
            mean, deviation = (each.item() for each in score.compute())
        if with_our_order:
            deviation *= 0.9**0.5
        yield Comparison(
            number="is: mean, deviation",
            package="torchmetrics",
            function="InceptionScore",
            ours=[ours.mean, ours.std],
            theirs=[mean, deviation],
            within=1e-12 if with_our_order else None,
            note=f"{ANSWERS}; given our order, and its deviation with divisor splits"
            if with_our_order
            else f"{ANSWERS}; it shuffles by another generator, and divides by splits - 1",
        )


def kadtk_distance() -> Iterator[Comparison]:
    """Compare with kadtk's function, whose second argument gives the bandwidth."""
    distance = importlib.import_module("kadtk.kad").calc_kernel_audio_distance
    ours = kernel_audio_distance(GENERATED, REFERENCE)
    by_generated = kernel_audio_distance(GENERATED, REFERENCE, bandwidth_of="generated")
    double, generated_last = {"precision": torch.float64}, tuple(reversed(TENSORS))
    for number, value, sets, given, within, note in (
        ("kad", ours, TENSORS, double | {"bandwidth": lower_median_distance(REFERENCE)}, 1e-12,
         "in float64, given our bandwidth"),
        ("kad", ours, TENSORS, double, 1e-6, "in float64, the reference second; its bandwidth is float32"),
        ("kad-kadtk", by_generated, generated_last, double, 1e-6, "the same as its command calls it"),
        ("kad-kadtk", by_generated, generated_last, {}, None, "as its command calls it, all in float32"),
    ):  # fmt: skip
        yield Comparison(
            number=number,
            package="kadtk",
            function=distance.__name__,
            ours=value,
            theirs=distance(*sets, (None, None), "cpu", **given).item(),
            within=within,
            note=f"{ROWS}; {note}",
        )


def scikit_learn_kernels() -> Iterator[Comparison]:
    """Compare MMD by both kernels with scikit-learn's."""
    from sklearn.metrics.pairwise import polynomial_kernel, rbf_kernel

    def mmd(kernel: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> float:
        sets = GENERATED, REFERENCE
        within = [kernel(each, each) for each in sets]
        means = [(each.sum() - np.trace(each)) / (len(each) * (len(each) - 1)) for each in within]
        return sum(means) - 2 * kernel(*sets).mean()

    for number, kernel, theirs in (
        ("mmd, gaussian", gaussian(5.0), partial(rbf_kernel, gamma=1 / (50 + 1e-8))),
        ("mmd, cubic", polynomial(), partial(polynomial_kernel, degree=3)),
    ):
        yield Comparison(
            number=number,
            package="scikit-learn",
            function=theirs.func.__name__,
            ours=squared_mmd(GENERATED, REFERENCE, kernel),
            theirs=mmd(theirs),
            within=1e-12,
            note=ROWS,
        )


def scikit_learn_distances() -> Iterator[Comparison]:
    """Compare the median distance, radii and cosines with scikit-learn's."""
    from sklearn.metrics.pairwise import cosine_similarity, euclidean_distances
    from sklearn.neighbors import NearestNeighbors

    pairs = np.sort(euclidean_distances(REFERENCE)[np.triu_indices(400, 1)])
    nearest = NearestNeighbors(n_neighbors=6).fit(REFERENCE).kneighbors(REFERENCE)[0]
    cosines = np.diagonal(cosine_similarity(GENERATED, REFERENCE))
    for number, function, ours, theirs in (
        (
            "kad's bandwidth",
            "euclidean_distances",
            lower_median_distance(REFERENCE),
            pairs[400 * 399 // 4 - 1],
        ),
        ("radius of 5 neighbours", "NearestNeighbors", neighbour_radii(REFERENCE, 5), nearest[:, 5]),
        ("clap, av-similarity", "cosine_similarity", cosine_similarities(GENERATED, REFERENCE), cosines),
    ):
        yield Comparison(
            number=number,
            package="scikit-learn",
            function=function,
            ours=ours,
            theirs=theirs,
            within=1e-12,
            note=ROWS,
        )


def prdc_shares() -> Iterator[Comparison]:
    """Compare precision, recall, density and coverage with the package prdc's."""
    compute = importlib.import_module("prdc").compute_prdc
    for k in (3, 5):
        with contextlib.redirect_stdout(io.StringIO()):
            theirs = compute(REFERENCE, GENERATED, nearest_k=k)
        near = neighbourhoods(GENERATED, REFERENCE, k=k)
        yield Comparison(
            number="precision, diversity-recall, density, coverage",
            package="prdc",
            function="compute_prdc",
            ours=[each.mean() for each in (near.precision, near.recall, near.density, near.coverage)],
            theirs=[theirs[name] for name in ("precision", "recall", "density", "coverage")],
            within=1e-12,
            note=f"{ROWS}, k = {k}",
        )


def scipy_divergences() -> Iterator[Comparison]:
    """Compare both directions with scipy's relative entropy, pair by pair."""
    p, q = softmax(LOGITS, 1), softmax(OTHER_LOGITS, 1)
    for direction, theirs in (
        ("truth_first", entropy(p, q, axis=1)),
        ("generated_first", entropy(q, p, axis=1)),
    ):
        yield Comparison(
            number=f"kl, {direction.replace('_', ' ')}",
            package="scipy",
            function="entropy",
            ours=kl_divergences(LOGITS, OTHER_LOGITS, direction=direction),
            theirs=theirs,
            within=1e-12,
            note=ANSWERS,
        )


SETS: tuple[Compare, ...] = (
    scikit_learn_kernels,
    scikit_learn_distances,
    torch_fidelity_kid,
    torchmetrics_kid,
    kadtk_distance,
    prdc_shares,
    torch_fidelity_precision,
    scipy_divergences,
    torchmetrics_divergence,
    torch_fidelity_inception_score,
    torchmetrics_inception_score,
)
