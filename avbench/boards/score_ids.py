"""What the id of a score says: gallery, direction, metric, network; and what it is called in a heading."""

import re

from avbench.results.document import Score

ARROWS = {"a2v": "A→V", "v2a": "V→A"}
STANDARD = ""
CLEAN = "clean"
"""The gallery of what a model has not seen."""

_NAMES = {
    "mrr": "MRR",
    "medr": "MedR",
    "meanr": "MeanR",
    "recall": "R",
    "map": "mAP",
    "ndcg": "nDCG",
    "fad": "FAD",
    "fd": "FD",
    "fad-reference": "FAD from reference",
    "fd-reference": "FD from reference",
    "kl": "KL",
    "is": "IS",
    "clap": "CLAP",
    "onset.f1": "onset F1",
    "envelope.correlation": "envelope correlation",
    "pan.error": "pan error",
    "sync.av-align-2023": "AV-Align 2023",
    "sync.av-align-2025": "AV-Align 2025",
    "sync.desync": "DeSync",
    "choice.timbre": "replaced timbre",
    "choice.envelope": "reversed envelope",
    "choice.binding": "swapped binding",
    "choice.mirror": "mirrored space",
    "align.acceptance": "accepted by",
    "align.accuracy": "accuracy",
    "align.balanced": "balanced accuracy",
    "align.auroc": "AUROC",
    "offset.top1": "top-1",
    "offset.within1": "±1 class",
    "offset.accuracy": "within",
    "offset.mean-error": "mean error",
    "offset.median-error": "median error",
    "offset.auc": "tolerance area",
    "offset.auc-corrected": "tolerance area above chance",
    "offset.ece": "calibration error",
    "offset.margin-auroc": "margin AUROC",
    "offset.choice": "forced choice",
}
# Left to the document: a mean rank says little beside a median, and the open_clip form is for comparison.
_UNSHOWN = re.compile(r"meanr|medr_openclip|recall@\d+of\d+|macro-.+")
# Not a gallery of their own: the standard one, asked for anything of a class, or with scores re-weighted.
_WAYS = re.compile(r"category|dual-softmax@\d+")
_SHOWN_CATEGORY = re.compile(r"map|hit@1|ndcg@10|recall@10")
# Of generation one number of each sort, and all that judges say; the document has every one.
_SHOWN = re.compile(
    r"(fad|fd|fad-reference|fd-reference|kl|is|clap|av-similarity)\..+|onset\.f1@0\.1|envelope\.correlation|pan\.error"
    r"|sync\..+|align\..+"
    r"|choice\.[^@]+"
    r"|offset\.(top1|within1|accuracy@.+|median-error|mean-error|auc-corrected|ece)"
)
_PAIRS = {
    "align.acceptance": "true pairs accepted",
    "align.accuracy@shifted": "shifted pairs rejected",
    "align.accuracy@other": "other pairs rejected",
}
_PLAIN_UNITS = ("rank", "distance", "classes", "cosine", "correlation", "ratio")


def is_retrieval(score_id: str) -> bool:
    """Return whether a score is one of ranks: whether a direction stands in its id."""
    return any(part in ARROWS for part in score_id.split("."))


def gallery_of(score_id: str) -> str:
    """Return the matched gallery a score is of, or ``""`` for the standard one.

    >>> gallery_of("S2.v2a.mrr"), gallery_of("v2a.mrr"), gallery_of("fad.vggish")
    ('S2', '', '')
    """
    first = place_of(score_id)
    return STANDARD if _WAYS.fullmatch(first) else first


def place_of(score_id: str) -> str:
    """Return what stands before the direction: a gallery, or a way of asking the standard one.

    >>> place_of("category.a2v.map"), place_of("S2.v2a.mrr"), place_of("a2v.mrr"), place_of("kl.passt")
    ('category', 'S2', '', '')
    >>> place_of("clean.category.a2v.map"), place_of("clean.kl.passt")
    ('clean', 'clean')
    """
    first = score_id.split(".", 1)[0]
    if first == CLEAN:
        return CLEAN
    return first if is_retrieval(score_id) and first not in ARROWS else STANDARD


def is_shown(score_id: str) -> bool:
    """Return whether a score stands in tables; the document has every one.

    Of a matched gallery only recall@1: its galleries are a handful of candidates.
    """
    if place_of(score_id) == CLEAN:
        return is_shown(score_id.removeprefix(f"{CLEAN}."))
    if not is_retrieval(score_id):
        return bool(_SHOWN.fullmatch(score_id))
    metric = score_id.rsplit(".", 1)[-1]
    place = place_of(score_id)
    if place == "category":
        return bool(_SHOWN_CATEGORY.fullmatch(metric))
    if place != STANDARD:
        return metric == "recall@1"
    return not _UNSHOWN.fullmatch(metric)


def is_ranked(score_id: str) -> bool:
    """Return whether a score stands on boards too: a distance from a user's own reference stands on none.

    >>> is_ranked("fad.vggish"), is_ranked("fad-reference.vggish")
    (True, False)
    """
    return is_shown(score_id) and not re.search(r"\b(fad|fd)-reference\.", score_id)


def label(score: Score) -> str:
    """Return a score's heading: ``A→V R@1 ↑ (%)``.

    >>> label(Score(id="S2.v2a.medr", value=1, n=1, unit="rank", higher_is_better=False))
    'S2 V→A MedR ↓'
    >>> label(Score(id="kl.yamnet", value=1, n=1, unit="nats", higher_is_better=False))
    'KL yamnet ↓ (nats)'
    """
    arrow = "↑" if score.higher_is_better else "↓"
    unit = " (%)" if score.unit == "fraction" else f" ({score.unit})"
    return f"{name_of(score.id)} {arrow}" + ("" if score.unit in _PLAIN_UNITS else unit)


def name_of(score_id: str) -> str:
    """Return what a score is called.

    >>> name_of("onset.f1@0.1"), name_of("offset.accuracy@0.2"), name_of("align.acceptance.cavp")
    ('onset F1@0.1', 'within 0.2 s', 'accepted by cavp')
    >>> name_of("choice.shift-S3"), name_of("choice.shift-S3@0.04"), name_of("choice.shift-S3.threshold")
    ('S3 shifted', 'S3 shifted by 0.04 s', 'S3 threshold')
    >>> name_of("align.acceptance"), name_of("align.auroc")
    ('true pairs accepted', 'AUROC')
    >>> name_of("clean.a2v.recall@1"), name_of("clean.fad.vggish")
    ('clean A→V R@1', 'clean FAD vggish')
    """
    if place_of(score_id) == CLEAN:
        return f"{CLEAN} {name_of(score_id.removeprefix(f'{CLEAN}.'))}"
    if score_id in _PAIRS:
        return _PAIRS[score_id]
    return " ".join(_retrieval_words(score_id) if is_retrieval(score_id) else _generation_words(score_id))


def _retrieval_words(score_id: str) -> list[str]:
    *places, metric = score_id.split(".")
    name, at, cut = metric.partition("@")
    # R@k is what papers call recall of one right candidate.
    shown = name if places[0] == "category" and name == "recall" else _NAMES.get(name, name)
    return [*(ARROWS.get(place, place) for place in places), f"{shown}{at}{cut}"]


def _generation_words(score_id: str) -> list[str]:
    name, at, cut = score_id.partition("@")
    if name in ("offset.accuracy", "offset.choice"):
        return [_NAMES[name], cut, "s"]
    if name.startswith("choice.shift-"):
        scale, _, what = name.removeprefix("choice.shift-").partition(".")
        return [scale, what or "shifted", *(["by", cut, "s"] if at else [])]
    if name in _NAMES:
        return [f"{_NAMES[name]}{at}{cut}"]
    long_family, _, _ = name.rpartition(".")
    family, dot, network = name.rpartition(".") if long_family in _NAMES else name.partition(".")
    words = [_NAMES.get(family, family), network] if dot else [family]
    return [*words[:-1], f"{words[-1]}{at}{cut}"]
