"""The page of a run of alignment: what is accepted of each kind of pair, how surely, and pairs to watch.

<folder>/index.html       the page; opens from the disk, needs no network and no script
<folder>/alignment.json   what is drawn, as data
<folder>/clips/01.mp4     a pair as it was judged, and ``.png``, a still
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avbench.boards.tables import number
from avbench.metrics import alignment
from avbench.metrics.intervals import bootstrap_share
from avbench.pages.charts import Line, curves, symmetric
from avbench.pages.files import put, remove_earlier, video_name
from avbench.pages.frame import framed
from avbench.pages.judged_pairs import KINDS, JudgedPair, JudgedPairs, write_pair_videos
from avbench.pages.summary import notes, provenance, scores
from avbench.pages.text import counted, escaped, table
from avbench.records import Progress
from avbench.results.document import RunResult
from avbench.tasks.alignment import AlignmentRecord
from avbench.tasks.pairs import PairKind

INDEX, DATA = "index.html", "alignment.json"
NAMES: Mapping[PairKind, str] = {"true": "true", "shifted": "shifted", "other": "of another recording"}
# Sizes of shift, on either side, that one point of the curve stands for.
SIZES = 5


def write_alignment_page(
    folder: Path, result: RunResult, pairs: JudgedPairs, *, workers: int, progress: Progress
) -> Path:
    """Write the page of a result and return where it is.

    Raises:
        StorageError: It cannot be written.
    """
    remove_earlier(folder)
    absent = write_pair_videos(folder, pairs, workers=workers, progress=progress)
    drawn = drawings(pairs.records, seed=result.provenance.seed)
    put(folder / DATA, (json.dumps(drawn, indent=1, allow_nan=False) + "\n").encode())
    put(folder / INDEX, alignment_page(result, pairs, drawn, absent).encode())
    return folder / INDEX


def drawings(records: Sequence[AlignmentRecord], *, seed: int) -> Mapping[str, Any]:
    """Return what is drawn: logits by kind, the ROC curve, and acceptance against the shift."""
    kinds = {kind: [each.logit for each in records if each.kind == kind] for kind in KINDS}
    logits, true = [each.logit for each in records], [each.kind == "true" for each in records]
    both = any(true) and not all(true)
    others, trues = alignment.roc(logits, true) if both else (np.zeros(0), np.zeros(0))
    return {
        "kinds": {
            kind: {"pairs": len(of), "accepted": int(alignment.accepted(of).sum()), "logits": sorted(of)}
            for kind, of in kinds.items()
            if of
        },
        "roc": {"others_accepted": others.tolist(), "true_accepted": trues.tolist()},
        "by_shift": _by_shift(records, seed),
    }


def _by_shift(records: Sequence[AlignmentRecord], seed: int) -> list[Mapping[str, float]]:
    """Return how often shifted pairs are accepted, by sign and size of the shift, and true ones between."""
    sizes = [abs(each.shift) for each in records if each.kind == "shifted"]
    if not sizes:
        return []
    edges = np.linspace(min(sizes), max(sizes), SIZES + 1)[1:-1]
    places: dict[int, list[AlignmentRecord]] = {}
    for each in records:
        if each.kind != "other":
            size = 1 + int(np.searchsorted(edges, abs(each.shift), "right"))
            place = 0 if each.kind == "true" else size if each.shift > 0 else -size
            places.setdefault(place, []).append(each)
    return [_accepted(places[place], seed) for place in sorted(places)]


def _accepted(records: Sequence[AlignmentRecord], seed: int) -> Mapping[str, float]:
    yes = alignment.accepted([each.logit for each in records]).astype(np.float64)
    interval = bootstrap_share(yes, [each.recording for each in records], seed=seed)
    return {
        "shift_s": float(np.mean([each.shift for each in records])),
        "pairs": len(records),
        "accepted": float(yes.mean()),
        "low": interval.low,
        "high": interval.high,
    }


def alignment_page(
    result: RunResult, pairs: JudgedPairs, drawn: Mapping[str, Any], absent: Mapping[str, str]
) -> str:
    """Return the page.

    Args:
        result: The document.
        pairs: What was judged.
        drawn: What is drawn of it.
        absent: Why there is no video, by clip id, of those that have none.
    """
    rows = [_pair(each, k, absent.get(each.record.clip)) for k, each in enumerate(pairs.shown, 1)]
    body = (
        f"{scores(result)}{notes(result)}"
        '<section aria-labelledby="pairs">\n<h2 id="pairs">Pairs</h2>\n'
        f"<p>{counted(len(pairs.records), 'pair')} of picture and sound; one is accepted if its logit is "
        f'above 0. <a href="{DATA}">What is drawn as data</a>.</p>\n{_confusion(drawn)}'
        f'<div class="charts">\n{"".join(_figures(drawn))}</div>\n</section>\n'
        '<section aria-labelledby="clips">\n<h2 id="clips">To watch</h2>\n'
        f"<p>{_choice(pairs)}</p>\n"
        f'<div class="pairs">\n{"".join(rows)}</div>\n</section>\n'
    )
    return framed(result, body, provenance(result))


def _confusion(drawn: Mapping[str, Any]) -> str:
    rows = [
        (
            NAMES[kind],
            number(
                (of["accepted"] if kind == "true" else of["pairs"] - of["accepted"]) / of["pairs"], "fraction"
            ),
            str(of["accepted"]),
            str(of["pairs"] - of["accepted"]),
        )
        for kind, of in drawn["kinds"].items()
    ]
    return table(
        ["Pairs", "judged rightly (%)", "accepted", "rejected"],
        rows,
        "True pairs are to be accepted, all others rejected.",
    )


def _figures(drawn: Mapping[str, Any]) -> list[str]:
    figures = [
        _figure(
            _thresholds(drawn),
            "How many pairs would be accepted if the threshold lay elsewhere. Bold: true ones; grey: shifted "
            "ones; dashed: those of another recording. Upright: the threshold that counts, 0.",
        )
    ]
    if drawn["roc"]["true_accepted"]:
        figures.append(
            _figure(
                _roc(drawn),
                "True pairs accepted against others accepted, at every threshold: the area under it is the "
                "AUROC. Dashed: without looking. The angle marks the threshold that counts.",
            )
        )
    if len(drawn["by_shift"]) > 1:
        figures.append(
            _figure(
                _shifts(drawn),
                "How often a clip's own sound is accepted, early (below 0) or late by so much; in the middle "
                "true pairs. Shaded: the interval.",
            )
        )
    return figures


def _figure(drawing: str, caption: str) -> str:
    return f'<figure class="chart">{drawing}<figcaption>{caption}</figcaption></figure>\n'


def _thresholds(drawn: Mapping[str, Any]) -> str:
    every = np.concatenate([of["logits"] for of in drawn["kinds"].values()])
    ticks = symmetric(float(np.abs(every).max()) or 1.0)
    places = np.linspace(ticks[0][0], ticks[-1][0], 201)
    styles = {"true": "line", "shifted": "second", "other": "chance"}
    lines: list[Line] = [("mark", [0.0, 0.0], [0.0, 1.0])]
    for kind, of in drawn["kinds"].items():
        above = (np.array(of["logits"]) > places[:, None]).mean(1)
        lines.append((styles[kind], places.tolist(), above.tolist()))
    return curves(lines, x="threshold of the logit", y="accepted", ticks=ticks)


def _roc(drawn: Mapping[str, Any]) -> str:
    at = {
        sort: sum(of["accepted"] for of in some) / sum(of["pairs"] for of in some)
        for sort in (True, False)
        for some in [[of for kind, of in drawn["kinds"].items() if (kind == "true") is sort]]
    }
    lines: list[Line] = [
        ("chance", [0.0, 1.0], [0.0, 1.0]),
        ("mark", [0.0, at[False], at[False]], [at[True], at[True], 0.0]),
        ("line", drawn["roc"]["others_accepted"], drawn["roc"]["true_accepted"]),
    ]
    ticks = [(part / 4, f"{part / 4:.0%}") for part in range(5)]
    return curves(lines, x="other pairs accepted", y="true pairs accepted", ticks=ticks)


def _shifts(drawn: Mapping[str, Any]) -> str:
    found = drawn["by_shift"]
    at = [1000 * each["shift_s"] for each in found]
    band = at, [each["low"] for each in found], [each["high"] for each in found]
    lines: list[Line] = [("mark", [0.0, 0.0], [0.0, 1.0]), ("line", at, [each["accepted"] for each in found])]
    ticks = symmetric(max(map(abs, at)))
    return curves(lines, x="sound late by (ms)", y="accepted", ticks=ticks, bands=[band])


def _choice(pairs: JudgedPairs) -> str:
    order = "kind by kind from the highest logit to the lowest"
    if len(pairs.shown) == len(pairs.records):
        return f"All {counted(len(pairs.records), 'pair')}, {order}."
    return (
        f"{len(pairs.shown)} of {counted(len(pairs.records), 'pair')}, {order}: the ends of each kind, its "
        "middle, then the middle of the widest gap left. Nobody picked them."
    )


def _pair(pair: JudgedPair, place: int, without: str | None) -> str:
    record, name = pair.record, video_name(place)
    accepted = record.logit > 0
    right = accepted == (record.kind == "true")
    verdict = f"{'accepted' if accepted else 'rejected'}, {'rightly' if right else 'wrongly'}"
    said = f"{escaped(_what(record))}. Logit <b>{record.logit:+.3g}</b>: {verdict}."
    film = (
        f'<p class="absent">No video. {escaped(without)}</p>'
        if without is not None
        else f'<video controls preload="none" playsinline src="{name}.mp4" poster="{name}.png" '
        f'aria-label="Pair {place}, {escaped(record.clip)}"></video>'
        f'<img class="still" src="{name}.png" alt="A still of clip {escaped(record.clip)}">'
    )
    return (
        f'<figure class="film" id="pair-{place}"><h3>{escaped(record.clip)}</h3>\n{film}'
        f"<figcaption>{said}</figcaption></figure>\n"
    )


def _what(record: AlignmentRecord) -> str:
    if record.kind == "shifted":
        return f"Its own sound, {abs(1000 * record.shift):.0f} ms {'late' if record.shift > 0 else 'early'}"
    return "Its own sound, in time" if record.kind == "true" else f"The sound of {record.sound}"
