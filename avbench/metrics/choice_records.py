"""What each number of a forced choice means, for ``avbench list metrics``."""

from avbench.records import MetricRecord

_PAIRS = "pairs that differ in one thing alone; docs/counterfactuals.md"


def _accuracy(name: str, what: str) -> MetricRecord:
    return MetricRecord(
        id=f"choice.{name}",
        summary=f"share of right choices between {what}; a tie counts half",
        unit="fraction",
        higher_is_better=True,
        source=_PAIRS,
    )


CHOICE_METRICS = (
    _accuracy("timbre", "two scenes in which one toy is of another class: look and timbre"),
    _accuracy("envelope", "a scene and the same with its slow envelope backwards"),
    _accuracy("binding", "a scene and the same with two toys' landings exchanged"),
    _accuracy("mirror", "a scene and its mirror image, left for right in picture and sound"),
    _accuracy("shift-SCALE@SECONDS", "a scene and the same with one scale so much later"),
    MetricRecord(
        id="choice.shift-SCALE.threshold",
        summary="shift of one scale from which on 75 % of choices are right, by a monotone fit",
        unit="s",
        higher_is_better=False,
        source=_PAIRS,
        differs="a just noticeable offset of sound and picture: both are shifted, and two are compared",
    ),
    _accuracy("shift-SCALE", "a scene and the same with one scale later, mean over all shifts"),
)
