"""Onsets, their matching, retrieval and intervals, against librosa, mir_eval, scikit-learn and others."""

import importlib
from collections.abc import Iterator

import numpy as np
import torch

from avbench.metrics.intervals import bootstrap_means, clopper_pearson
from avbench.metrics.onsets import TOLERANCES, average_precision, matched
from avbench.metrics.ranks import rank_pairs
from avbench.metrics.retrieval import median_rank, rank, recall, reciprocal_rank
from avbench.metrics.spectral_flux import SAMPLE_RATE, detect_onsets, mel_filters, onset_strength
from benchmarks.agreement.comparison import Compare, Comparison

Sound = np.ndarray[tuple[int], np.dtype[np.float64]]


def sounds() -> Iterator[Sound]:
    """Yield a hundred clips of 4 s: bursts of noise and struck tones, over hiss of different loudness."""
    for seed in range(100):
        rng = np.random.default_rng(seed)
        sound = 10 ** rng.uniform(-5, -1.5) * rng.normal(size=4 * SAMPLE_RATE)
        for time in rng.uniform(0, 3.5, rng.integers(1, 9)):
            start, length = int(time * SAMPLE_RATE), SAMPLE_RATE // 2
            tone = np.sin(2 * np.pi * rng.uniform(100, 4000) * np.arange(length) / SAMPLE_RATE)
            carrier = tone if rng.random() < 0.5 else rng.normal(size=length)
            sound[start : start + length] += (
                rng.uniform(0.05, 0.5) * carrier * np.exp(-np.arange(length) / 2000)
            )
        yield sound


def librosa_onsets() -> Iterator[Comparison]:
    """Compare filters, envelope and detected onsets with librosa's, both of the thresholds in use."""
    librosa = importlib.import_module("librosa")
    clips = list(sounds())
    strengths = [librosa.onset.onset_strength(y=each, sr=SAMPLE_RATE) for each in clips]
    rows = {
        "filters.mel": ("mel filters", mel_filters(), librosa.filters.mel(sr=SAMPLE_RATE, n_fft=2048), 1e-6),
        "onset.onset_strength": (
            "spectral flux",
            np.concatenate([onset_strength(each) for each in clips]),
            np.concatenate(strengths),
            1e-5,
        ),
    }
    for delta in (0.07, 0.3):
        found = [
            librosa.onset.onset_detect(y=each, sr=SAMPLE_RATE, units="time", delta=delta) for each in clips
        ]
        rows[f"onset.onset_detect(delta={delta})"] = (
            "onset times",
            np.concatenate([detect_onsets(each, SAMPLE_RATE, delta=delta).times for each in clips]),
            np.concatenate(found),
            1e-12,
        )
    for function, (number, ours, theirs, within) in rows.items():
        yield Comparison(
            number=number, package="librosa", function=function, ours=ours, theirs=theirs, within=within,
            note=f"100 clips of 4 s, {np.size(theirs):,} values",
        )  # fmt: skip


def pairs_of_events() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield five hundred pairs of detected and true times, crowded enough that pairs compete."""
    for seed in range(500):
        rng = np.random.default_rng(seed)
        yield np.sort(rng.uniform(0, 2, rng.integers(1, 12))), np.sort(rng.uniform(0, 2, rng.integers(1, 12)))


def mir_eval_onsets() -> Iterator[Comparison]:
    """Compare hits with mir_eval's matching of each pair, at every tolerance."""
    score = importlib.import_module("mir_eval.onset").f_measure
    for tolerance in TOLERANCES:
        ours, theirs = [], []
        for detected, true in pairs_of_events():
            counts = matched(detected, true, tolerance)
            precision, recalled = counts.hits / counts.detected, counts.hits / counts.true
            ours.append([2 * counts.hits / (counts.detected + counts.true), precision, recalled])
            theirs.append(score(true, detected, window=tolerance))
        yield Comparison(
            number=f"onset F1, precision, recall @{tolerance}", package="mir_eval",
            function="onset.f_measure", ours=ours, theirs=theirs, within=1e-12,
            note="500 clips of up to 11 onsets in 2 s",
        )  # fmt: skip


def scikit_learn_precision() -> Iterator[Comparison]:
    """Compare average precision where each detection is a hit or is not, equal strengths among them."""
    from sklearn.metrics import average_precision_score

    ours, theirs = [], []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        true = np.arange(10.0)
        times = np.concatenate([true, true + 0.5])
        strengths = rng.integers(0, 8, 20).astype(float)
        ours.append(average_precision([times], [strengths], [true], 0.1))
        theirs.append(average_precision_score(np.arange(20) < 10, strengths))
    yield Comparison(
        number="onset AP", package="scikit-learn", function="average_precision_score", ours=ours,
        theirs=theirs, within=1e-12, note="100 clips of 20 detections",
    )  # fmt: skip


def ranking() -> tuple[torch.Tensor, list[np.ndarray]]:
    """Return scores of 200 queries in float64, and ours of them: better, tied."""
    rng = np.random.default_rng(0)
    audio = rng.normal(size=(200, 16))
    video = audio + 1.5 * rng.normal(size=audio.shape)
    ours = rank_pairs(video, audio).by_direction["v2a"]
    units = [torch.nn.functional.normalize(torch.from_numpy(each)) for each in (video, audio)]
    return units[0] @ units[1].T, [ours.better, ours.tied]


def retrieval() -> Iterator[Comparison]:
    """Compare recall and reciprocal rank with three packages, query by query."""
    from sklearn.metrics import label_ranking_average_precision_score, top_k_accuracy_score
    from torchmetrics.functional.retrieval import retrieval_hit_rate, retrieval_reciprocal_rank

    scores, counts = ranking()
    positive, note = torch.eye(200, dtype=torch.bool), "200 queries, no ties"
    queries = list(zip(scores + 2, positive, strict=True))
    ours = {k: recall(*counts, k) for k in (1, 5, 10)}
    hits = [[retrieval_hit_rate(*each, top_k=k).item() for each in queries] for k in ours]
    shares = [top_k_accuracy_score(np.arange(200), scores.numpy(), k=k) for k in ours]
    reciprocal = reciprocal_rank(*counts)
    for number, package, function, mine, theirs, within in (
        ("recall@1, 5, 10", "torchmetrics", "retrieval_hit_rate", [*ours.values()], hits, 1e-12),
        ("recall@1, 5, 10", "scikit-learn", "top_k_accuracy_score", [x.mean() for x in ours.values()],
         shares, 1e-12),
        ("mrr", "torchmetrics", "retrieval_reciprocal_rank", reciprocal,
         [retrieval_reciprocal_rank(*each).item() for each in queries], 1e-6),
        ("mrr", "scikit-learn", "label_ranking_average_precision_score", reciprocal.mean(),
         label_ranking_average_precision_score(positive.numpy(), scores.numpy()), 1e-12),
        ("median rank", "torch", "median of argsort", median_rank(rank(*counts)),
         np.median(scores.argsort(1, descending=True).argsort(1).diagonal().numpy() + 1), 1e-12),
    ):  # fmt: skip
        yield Comparison(
            number=number,
            package=package,
            function=function,
            ours=mine,
            theirs=theirs,
            within=within,
            note=note,
        )


def clip_benchmark_recall() -> Iterator[Comparison]:
    """Compare recall with clip_benchmark's, query by query."""
    module = importlib.import_module("clip_benchmark.metrics.zeroshot_retrieval")
    scores, counts = ranking()
    yield Comparison(
        number="recall@1, 5, 10", package="clip_benchmark", function="recall_at_k",
        ours=[recall(*counts, k) for k in (1, 5, 10)],
        theirs=[(module.recall_at_k(scores, torch.eye(200) > 0, k) > 0).double().numpy() for k in (1, 5, 10)],
        within=1e-12, note="200 queries, no ties",
    )  # fmt: skip


def pytrec_eval_ranks() -> Iterator[Comparison]:
    """Compare recall and reciprocal rank with trec_eval's, query by query."""
    module = importlib.import_module("pytrec_eval")
    scores, counts = ranking()
    truth = {f"q{i}": {f"d{i}": 1} for i in range(200)}
    run = {f"q{i}": {f"d{j}": value for j, value in enumerate(row)} for i, row in enumerate(scores.tolist())}
    found = module.RelevanceEvaluator(truth, {"success", "recip_rank"}).evaluate(run)
    names = ("success_1", "success_5", "success_10", "recip_rank")
    yield Comparison(
        number="recall@1, 5, 10, mrr", package="pytrec_eval-terrier", function="RelevanceEvaluator",
        ours=[*(recall(*counts, k) for k in (1, 5, 10)), reciprocal_rank(*counts)],
        theirs=[[found[f"q{i}"][name] for i in range(200)] for name in names],
        within=1e-12, note="200 queries, no ties",
    )  # fmt: skip


def scipy_intervals() -> Iterator[Comparison]:
    """Compare intervals with scipy's: the exact one, and the percentile bootstrap over many recordings."""
    from scipy.stats import binomtest, bootstrap

    exact = [binomtest(hits, 40).proportion_ci(method="exact") for hits in range(41)]
    ours = [clopper_pearson(hits, 40) for hits in range(41)]
    yield Comparison(
        number="Clopper-Pearson interval", package="scipy", function="binomtest",
        ours=[(each.low, each.high) for each in ours], theirs=[(each.low, each.high) for each in exact],
        within=1e-12, note="0 … 40 hits of 40",
    )  # fmt: skip
    values = np.random.default_rng(0).exponential(size=2000)
    (interval,) = bootstrap_means(values[:, None], [str(i) for i in range(2000)], seed=0, resamples=20_000)
    theirs = bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", batch=500, rng=np.random.default_rng(1)
    ).confidence_interval
    yield Comparison(
        number="bootstrap interval of a mean", package="scipy", function="bootstrap",
        ours=[interval.low, interval.high], theirs=[theirs.low, theirs.high], within=2e-3,
        note="2,000 recordings, 20,000 resamples each, drawn apart",
    )  # fmt: skip


EVENTS: tuple[Compare, ...] = (
    librosa_onsets,
    mir_eval_onsets,
    scikit_learn_precision,
    retrieval,
    clip_benchmark_recall,
    pytrec_eval_ranks,
    scipy_intervals,
)
