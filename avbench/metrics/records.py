"""What each retrieval number means, for ``avbench list metrics``."""

from avbench.records import MetricRecord

METRICS = (
    MetricRecord(
        id="recall@k",
        summary="share of queries whose true candidate ranks in the first k; the expectation over a tie",
        unit="fraction",
        higher_is_better=True,
        source="CAVP section 4; ties as in McSherry and Najork (ECIR 2008)",
    ),
    MetricRecord(
        id="recall@kofm",
        summary="recall@k expected in a gallery of m drawn at random from the full one (hypergeometric)",
        unit="fraction",
        higher_is_better=True,
        source="docs/protocol.md",
    ),
    MetricRecord(
        id="mrr",
        summary="mean of 1/rank; with one true candidate a query this is mean average precision",
        unit="fraction",
        higher_is_better=True,
        source="ties as in McSherry and Najork (ECIR 2008)",
    ),
    MetricRecord(
        id="medr",
        summary="median over queries of the expected rank, counted from 1",
        unit="rank",
        higher_is_better=False,
        source="docs/protocol.md",
    ),
    MetricRecord(
        id="medr_openclip",
        summary="floor of the median 0-based rank, plus 1: the form open_clip and CAVP print",
        unit="rank",
        higher_is_better=False,
        source="open_clip get_clip_metrics",
    ),
    MetricRecord(
        id="meanr",
        summary="mean over queries of the expected rank, counted from 1",
        unit="rank",
        higher_is_better=False,
        source="docs/protocol.md",
    ),
)
