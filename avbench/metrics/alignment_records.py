"""What each number of an alignment task means, for ``avbench list metrics``."""

from avbench.records import MetricRecord

_PAIRS = "pairs of stated shares; docs/synchrony.md"

ALIGNMENT_METRICS = (
    MetricRecord(
        id="align.accuracy",
        summary="share of pairs judged rightly: true ones accepted, shifted and other ones rejected",
        unit="fraction",
        higher_is_better=True,
        source=_PAIRS,
        differs="Diff-Foley's Align Acc, which is a rate of acceptance",
    ),
    MetricRecord(
        id="align.accuracy@shifted",
        summary="share of pairs with their own sound at another time that are rejected",
        unit="fraction",
        higher_is_better=True,
        source=_PAIRS,
    ),
    MetricRecord(
        id="align.accuracy@other",
        summary="share of pairs with another recording's sound that are rejected",
        unit="fraction",
        higher_is_better=True,
        source=_PAIRS,
    ),
    MetricRecord(
        id="align.acceptance",
        summary="share of true pairs that are accepted: no accuracy, accepting everything gives 1",
        unit="fraction",
        higher_is_better=True,
        source="Luo et al. (NeurIPS 2023): Diff-Foley's alignment accuracy, of clips' own sounds",
    ),
    MetricRecord(
        id="align.balanced",
        summary="mean of the share of true pairs accepted and that of all others rejected",
        unit="fraction",
        higher_is_better=True,
        source=_PAIRS,
    ),
    MetricRecord(
        id="align.auroc",
        summary="probability that a true pair has a higher logit than another; a tie counts half",
        unit="fraction",
        higher_is_better=True,
        source=_PAIRS,
    ),
)
