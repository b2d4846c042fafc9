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
    MetricRecord(
        id="percentile",
        summary="mean share of the other candidates behind the true one: 1 is first, 1/2 chance, at any size",
        unit="fraction",
        higher_is_better=True,
        source="docs/protocol.md",
        equals="1 - (rank - 1)/(N - 1), averaged over queries",
        differs="nothing whose name says percentile of a rank list with 0 for the best",
    ),
    MetricRecord(
        id="macro-recall@k",
        summary="recall@k averaged within each class, then over classes",
        unit="fraction",
        higher_is_better=True,
        source="docs/protocol.md",
        differs="recall@k, wherever classes have unlike numbers of clips",
    ),
    MetricRecord(
        id="macro-mrr",
        summary="mrr averaged within each class, then over classes",
        unit="fraction",
        higher_is_better=True,
        source="docs/protocol.md",
    ),
    MetricRecord(
        id="dual-softmax@s.DIRECTION.recall@k",
        summary="recall@k after every score is weighted by the softmax, of scale s, over all queries",
        unit="fraction",
        higher_is_better=True,
        source="PE-AV's evaluation (arXiv 2512.19687), scale 10",
        differs="recall@k of plain cosines: a query's answer depends on the other queries",
    ),
)

CATEGORY_METRICS = tuple(
    MetricRecord(
        id=f"category.DIRECTION.{macro}{name}",
        summary=f"{summary}{', averaged within each class, then over classes' * bool(macro)}",
        unit="fraction",
        higher_is_better=True,
        source="docs/protocol.md; ties as in McSherry and Najork (ECIR 2008)",
        equals=equals,
        differs=differs,
    )
    for macro in ("", "macro-")
    for name, summary, equals, differs in (
        (
            "map",
            "mean average precision: everything of the query's class is right, its own recording left out",
            "average_precision_score of scikit-learn, averaged over queries, where nothing ties",
            "mrr of instance retrieval; mAP with the query's own clip among the candidates",
        ),
        (
            "hit@k",
            "share of queries with at least one of their class among the first k",
            "what clip_benchmark calls recall@k, where several candidates are right",
            "recall@k of category retrieval, and recall@k of instance retrieval",
        ),
        (
            "recall@k",
            "share of all that is right among the first k, averaged over queries; at most k/positives",
            "RetrievalRecall of torchmetrics",
            "hit@k, and recall@k of instance retrieval",
        ),
        (
            "ndcg@k",
            "gain of the first k, discounted by log2(place + 1), over the largest there could be",
            "ndcg_score of scikit-learn, with ties as it averages them; main metric of MTEB",
            "",
        ),
    )
)
