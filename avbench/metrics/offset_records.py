"""What each number of an offset task means, for ``avbench list metrics``."""

from avbench.records import MetricRecord

_TIES = "the expectation where candidates tie; docs/synchrony.md"

OFFSET_METRICS = (
    MetricRecord(
        id="offset.top1",
        summary="share of clips whose true offset has the highest score of all candidates",
        unit="fraction",
        higher_is_better=True,
        source=_TIES,
        equals="Acc@1 of Synchformer and SparseSync, on the same shifts and grid",
        differs="Diff-Foley's Align Acc, which is a rate of acceptance",
    ),
    MetricRecord(
        id="offset.within1",
        summary="share of clips whose estimate is at most one step of the grid off",
        unit="fraction",
        higher_is_better=True,
        source=_TIES,
        equals="Acc@1 ±1 class of Synchformer, which divides by n + 1e-7",
    ),
    MetricRecord(
        id="offset.accuracy@SECONDS",
        summary="share of clips whose estimate is at most so far off; not below a step of the grid",
        unit="fraction",
        higher_is_better=True,
        source=_TIES,
    ),
    MetricRecord(
        id="offset.mean-error",
        summary="mean of |estimate - true offset|",
        unit="s",
        higher_is_better=False,
        source=_TIES,
        differs="DeSync, which takes |estimate| of generated sound, as if the true offset were 0",
    ),
    MetricRecord(
        id="offset.median-error",
        summary="median of |estimate - true offset|",
        unit="s",
        higher_is_better=False,
        source=_TIES,
    ),
    MetricRecord(
        id="offset.auc",
        summary="area under the share of clips within a tolerance, from 0 to the reach of the grid",
        unit="fraction",
        higher_is_better=True,
        source=_TIES,
    ),
    MetricRecord(
        id="offset.auc-corrected",
        summary="offset.auc above that of a uniform guess, over the most it can be: 0 chance, 1 perfect",
        unit="ratio",
        higher_is_better=True,
        source=_TIES,
    ),
    MetricRecord(
        id="offset.ece",
        summary="gap between the softmax's largest value and top-1, mean over 15 bins; of logits alone",
        unit="fraction",
        higher_is_better=False,
        source="Guo et al. (ICML 2017)",
    ),
    MetricRecord(
        id="offset.margin-auroc",
        summary="probability that highest less second score is larger for a right clip than a wrong one",
        unit="fraction",
        higher_is_better=True,
        source=_TIES,
    ),
    MetricRecord(
        id="offset.choice@SECONDS",
        summary="share of clips whose true offset outscores the candidate so far away; a tie counts half",
        unit="fraction",
        higher_is_better=True,
        source=_TIES,
    ),
)
