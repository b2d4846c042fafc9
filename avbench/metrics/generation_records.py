"""What each number of video-to-audio generation means, for ``avbench metrics explain``.

A word in capitals stands for a name: ``fad.EMBEDDER`` is ``fad.vggish`` or ``fad.clap``. The formulas
stand in docs/metrics.md.
"""

from avbench.records import MetricRecord

_ROWS = "rows are what the embedder returns: frames of 0.96 s for VGGish, clips for PANNs, PaSST and CLAP"

# What the field calls it, seen through which networks, and the columns that it equals on the same embeddings.
_FRECHET = {
    "fad": (
        "FD_VGG of av-benchmark and MMAudio, FAD of audioldm_eval and frechet-audio-distance (all "
        "fad.vggish); FAD of fadtk"
    ),
    "fd": (
        "FD_PANNs (fd.panns) and FD_PaSST (fd.passt) of av-benchmark and MMAudio; FD of audioldm_eval "
        "(fd.panns)"
    ),
}


def _frechet(name: str, equals: str) -> tuple[MetricRecord, ...]:
    """Return the records of a Fréchet distance under one of the names that the field has for it."""
    return (
        MetricRecord(
            id=f"{name}.EMBEDDER",
            summary=(
                f"squared Fréchet distance of two Gaussians, covariances with n - 1, factor form; {_ROWS}"
            ),
            unit="distance",
            higher_is_better=False,
            source="Dowson and Landau (1982); Kilgour et al. (Interspeech 2019)",
            equals=f"{equals}; on the same embeddings",
            differs=(
                "FastVideo's FD (1e-6 on both diagonals), JavisBench's FAD (times 10000); any number at "
                "another n"
            ),
        ),
        MetricRecord(
            id=f"{name}-population.EMBEDDER",
            summary="Fréchet distance free of the bias of order 1/n, by a jackknife over recordings",
            unit="distance",
            higher_is_better=False,
            source="Busing, Meijer and van der Leeden (1999)",
        ),
        MetricRecord(
            id=f"{name}-inf.EMBEDDER",
            summary="where a line of Fréchet distance on 1/n meets 1/n = 0; seeded draws, none twice",
            unit="distance",
            higher_is_better=False,
            source="Chong and Forsyth (CVPR 2020); Gui et al. (ICASSP 2024)",
            differs="FAD-inf of fadtk, kadtk and VERSA: unseeded, and with replacement, which keeps the bias",
        ),
    )


GENERATION_METRICS = (
    *(record for name, equals in _FRECHET.items() for record in _frechet(name, equals)),
    *(
        MetricRecord(
            id=f"{name}-reference.EMBEDDER",
            summary="as without -reference, from the statistics of other sounds that a run was given",
            unit="distance",
            higher_is_better=False,
            source="--reference EMBEDDER=FILE, written by `avbench stats build`",
        )
        for name in _FRECHET
    ),
    MetricRecord(
        id="kad.EMBEDDER",
        summary=(
            "100 times the unbiased squared MMD, Gaussian kernel, bandwidth the median distance of the "
            "reference"
        ),
        unit="distance",
        higher_is_better=False,
        source="Chung et al. (2025)",
        equals="KAD as documented",
        differs=(
            "what kadtk 1.1's command prints: it takes the bandwidth from the evaluated set "
            "(kad-kadtk.EMBEDDER)"
        ),
    ),
    MetricRecord(
        id="kad-kadtk.EMBEDDER",
        summary="as kad, with the bandwidth of the evaluated set",
        unit="distance",
        higher_is_better=False,
        source="kadtk 1.1",
        equals="KAD as kadtk 1.1's command prints it",
    ),
    MetricRecord(
        id="kid.EMBEDDER",
        summary="mean unbiased squared MMD over 100 subsets of 1000 rows, cubic kernel, seed 2020",
        unit="distance",
        higher_is_better=False,
        source="Bińkowski et al. (ICLR 2018)",
        equals="KID of torch-fidelity and SpecVQGAN on the same embeddings in the same order",
    ),
    MetricRecord(
        id="precision.EMBEDDER",
        summary="share of generated rows within reach of a reference row's k-th neighbour",
        unit="fraction",
        higher_is_better=True,
        source="Kynkäänniemi et al. (NeurIPS 2019); strict inequality as in prdc",
    ),
    MetricRecord(
        id="diversity-recall.EMBEDDER",
        summary="share of reference rows within reach of a generated row's k-th neighbour",
        unit="fraction",
        higher_is_better=True,
        source="Kynkäänniemi et al. (NeurIPS 2019); strict inequality as in prdc",
    ),
    MetricRecord(
        id="density.EMBEDDER",
        summary="reference neighbourhoods that hold a generated row, over k, on average; may exceed 1",
        unit="ratio",
        higher_is_better=True,
        source="Naeem et al. (ICML 2020)",
    ),
    MetricRecord(
        id="coverage.EMBEDDER",
        summary="share of reference rows with a generated row nearer than their k-th neighbour",
        unit="fraction",
        higher_is_better=True,
        source="Naeem et al. (ICML 2020)",
    ),
    MetricRecord(
        id="kl.CLASSIFIER",
        summary="mean KL(truth || generated) of softmax answers, each clip with its own truth, no epsilon",
        unit="nats",
        higher_is_better=False,
        equals="KL_PANNs (kl.panns) and KL_PaSST (kl.passt) of av-benchmark and MMAudio",
        differs=(
            "stable-audio-metrics (the other direction); audioldm_eval, SpecVQGAN, audiocraft "
            "(kl-eps.CLASSIFIER)"
        ),
    ),
    MetricRecord(
        id="kl-eps.CLASSIFIER",
        summary="as kl, with 1e-6 added to the generated probabilities",
        unit="nats",
        higher_is_better=False,
        equals="KL of audioldm_eval, SpecVQGAN and audiocraft",
    ),
    MetricRecord(
        id="kl-reverse-eps.CLASSIFIER",
        summary=(
            "mean KL(generated || truth) of softmax answers, with 1e-6 added to the truth's probabilities"
        ),
        unit="nats",
        higher_is_better=False,
        equals="KL of stable-audio-metrics and Stable Audio",
    ),
    MetricRecord(
        id="is.CLASSIFIER",
        summary=(
            "mean over 10 splits of exp of the mean KL of an answer to its split's mean answer; "
            "shuffle seed 2020"
        ),
        unit="classes",
        higher_is_better=True,
        source="Salimans et al. (2016)",
        equals=(
            "IS_PANNs (is.panns) and IS_PaSST (is.passt) of av-benchmark; IS of audioldm_eval, SpecVQGAN and "
            "torch-fidelity; on the same logits in the same order"
        ),
        differs="torchmetrics (other splits, standard deviation with n - 1); IS of another classifier",
    ),
    MetricRecord(
        id="clap.EMBEDDER",
        summary=(
            "mean cosine of a clip's captions and the sound generated for it, -1 to 1; over several captions "
            "of a clip, and its rows if they are several, their mean"
        ),
        unit="cosine",
        higher_is_better=True,
        source="Wu et al. (ICASSP 2023)",
        equals="CLAP of av-benchmark and of stable-audio-metrics, through the checkpoint that each names",
        differs=(
            "CLAP scores of another checkpoint: LAION's music_speech_audioset (av-benchmark), its "
            "630k-audioset-fusion-best (stable-audio-metrics) and Microsoft's of 2023 are three numbers "
            "under one name"
        ),
    ),
    MetricRecord(
        id="av-similarity.MODEL",
        summary=(
            "mean cosine of the video's and the generated sound's embedding, over time steps if there are any"
        ),
        unit="cosine",
        higher_is_better=True,
        equals=(
            "IB-score before its factor of 100 (MODEL imagebind, av-benchmark's crops); CAVP score "
            "(MODEL cavp)"
        ),
    ),
    MetricRecord(
        id="onset.MEASURE@SECONDS",
        summary=(
            "precision, recall, F1 or AP of onsets against the truth, one to one within a tolerance, "
            "over all clips"
        ),
        unit="fraction",
        higher_is_better=True,
        differs="onset accuracy and AP of CondFoleyGen and MMAudio: per file, and an onset may match twice",
    ),
    MetricRecord(
        id="envelope.correlation",
        summary="mean best correlation of the 100 Hz envelope with the truth's over lags of at most 0.5 s",
        unit="correlation",
        higher_is_better=True,
    ),
    MetricRecord(
        id="envelope.lag",
        summary="mean absolute lag at which the envelopes correlate best",
        unit="s",
        higher_is_better=False,
    ),
    MetricRecord(
        id="pan.error",
        summary="mean difference of pan (0 left, 1 right) from the truth's sound, in windows of 0.25 s",
        unit="fraction",
        higher_is_better=False,
    ),
    MetricRecord(
        id="sync.av-align-2023",
        summary=(
            "mean over sounds of matches / (onsets + motion peaks - matches), within one frame; several "
            "onsets may share a peak, so it may exceed 1"
        ),
        unit="ratio",
        higher_is_better=True,
        source="Yariv et al. 2023, arXiv 2309.16429; guyyariv/TempoTokens, October 2023",
        equals="AV-Align of that version on files of the same frames: JavisDiT's copy to 1e-6",
        differs="AV-Align since February 2025 (sync.av-align-2025); the F-like formula of JavisDiT's readme",
    ),
    MetricRecord(
        id="sync.av-align-2025",
        summary=(
            "as sync.av-align-2023, but a motion peak moves by 0.1 pixels or more and is matched once: the "
            "largest one-to-one number of matches, 0 to 1"
        ),
        unit="ratio",
        higher_is_better=True,
        source="Yariv et al. 2023, arXiv 2309.16429; guyyariv/TempoTokens, February 2025",
        equals="AV-Align of that version on files of the same frames",
        differs="copies of the version of 2023; a clip in which neither stream has a peak is left out, not 0",
    ),
    MetricRecord(
        id="align.acceptance.MODEL",
        summary=(
            "share of sounds that MODEL accepts as belonging to the picture and in time (logit above 0); "
            "read it beside the row truth"
        ),
        unit="fraction",
        higher_is_better=True,
        source="Luo et al. (NeurIPS 2023): what Diff-Foley calls alignment accuracy, of its own judge",
        differs="Align Acc of Diff-Foley and those after it: another judge; and any accuracy",
    ),
)
