r"""The page and the figures of the ablation, made from kept result documents and from nothing else.

.. code-block:: text

    several seeds   mean ± t_{n-1} s / √n over the seeds; of a ratio: of ln(x_arm / x_CAVP), seed by seed
    one seed        the interval over clips that the document has; of a ratio from both intervals [l, u]:
                    below ln(x_arm / x_CAVP) by √(ln²(x_arm / l_arm) + ln²(u_CAVP / x_CAVP)), above likewise

The last is the method of variance estimates recovery (Zou and Donner, Statistics in Medicine 2008). It takes
both for independent, which models on the same clips are not, and so is wide rather than narrow.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, stdev

from scipy.stats import t

from avbench.boards.score_ids import ARROWS
from avbench.boards.tables import number, table
from avbench.results.archive import find, read
from avbench.results.document import RunResult

ROOT = Path(__file__).parent.parent
KEPT = ROOT / "leaderboards" / "ablation"
FIGURES = ROOT / "docs" / "images"
STEPS = 800
GALLERIES = ("", "S0.", "S1.", "S2.", "S3.", "S4.")
LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One row: a model and a config of it, and what it is called."""

    title: str
    model: str
    config: str

    def name(self, steps: int, seed: int) -> str:
        """Return what the run of a seed is called."""
        return f"{self.model}-{self.config}-{steps}-{seed}"


CAVP = Arm(title="CAVP: one scale, contrast alone", model="cavp", config="small")
THREE = Arm(title="+ contrast at three scales", model="gmscavp", config="small")
ARMS = (
    CAVP,
    Arm(title="+ contrast at two scales", model="gmscavp", config="small-two-scales"),
    THREE,
    Arm(title="+ diffusion at the finest scale, both ways", model="gmscavp", config="small-single-diffusion"),
    Arm(title="+ diffusion at three scales, video to audio", model="gmscavp", config="small-v2a"),
    Arm(title="+ diffusion at three scales, audio to video", model="gmscavp", config="small-a2v"),
    Arm(title="+ diffusion at three scales, both ways", model="gmscavp", config="small-diffusion"),
)
BySeed = Mapping[int, RunResult]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number with its interval; none where a side of it is not known."""

    value: float
    low: float | None = None
    high: float | None = None


def results_of(arm: Arm, kept: Path, steps: int = STEPS) -> BySeed:
    """Return what was measured of an arm, by seed."""
    stem = f"{arm.model}-{arm.config}-{steps}-"
    named = [path for path in find(kept) if path.stem.removeprefix(stem).isdecimal()] if kept.is_dir() else []
    return {int(path.stem.removeprefix(stem)): read(path) for path in named}


def of_seeds(values: Sequence[float]) -> Estimate:
    """Return the mean over several seeds, with Student's interval."""
    half = t.ppf((1 + LEVEL) / 2, len(values) - 1) * stdev(values) / len(values) ** 0.5
    return Estimate(value=mean(values), low=mean(values) - half, high=mean(values) + half)


def recall(results: BySeed, score_id: str) -> Estimate | None:
    """Return R@1 of an arm, or None where it was not run; an interval ends where shares do."""
    scores = [score for result in results.values() if (score := result.score(score_id))]
    if len(scores) > 1:
        found = of_seeds([score.value for score in scores])
        assert found.low is not None and found.high is not None
        return replace(found, low=max(found.low, 0.0), high=min(found.high, 1.0))
    return next((Estimate(value=each.value, low=each.low, high=each.high) for each in scores), None)


def ratio(results: BySeed, baseline: BySeed, score_id: str) -> Estimate | None:
    """Return how many times CAVP's R@1 an arm has, over the seeds that both have; None if they have none."""
    shared = sorted(results.keys() & baseline.keys())
    scores = [(results[seed].score(score_id), baseline[seed].score(score_id)) for seed in shared]
    pairs = [(one, other) for one, other in scores if one and other and one.value > 0 and other.value > 0]
    if not pairs:
        return None
    logs = [math.log(one.value / other.value) for one, other in pairs]
    if len(logs) > 1:
        found = of_seeds(logs)
        low, high = found.low, found.high
        assert low is not None and high is not None
        return Estimate(value=math.exp(found.value), low=math.exp(low), high=math.exp(high))
    (one, other), value = pairs[0], math.exp(logs[0])
    if not (one.low and one.high and other.low and other.high):
        return Estimate(value=value)
    down = math.hypot(math.log(one.value / one.low), math.log(other.high / other.value))
    up = math.hypot(math.log(one.high / one.value), math.log(other.value / other.low))
    return Estimate(value=value, low=value * math.exp(-down), high=value * math.exp(up))


def steps_kept(kept: Path = KEPT) -> list[int]:
    """Return for how many steps there are results, most steps first."""
    stems = [f"{arm.model}-{arm.config}-" for arm in ARMS]
    found = [re.fullmatch(r"(.+-)(\d+)-\d+", path.stem) for path in find(kept)] if kept.is_dir() else []
    return sorted({int(match[2]) for match in found if match and match[1] in stems}, reverse=True)


def page(kept: Path = KEPT) -> str:
    """Return the page: a section for every number of steps that arms were trained for."""
    return (
        "# Ablation\n\n<!-- Written by scripts/ablation.py from leaderboards/ablation: do not edit. -->\n\n"
        "R@1 in per cent on the test split of avsynth. Every arm: the same clips in the same order, the same "
        "backbones. In brackets the 95 % interval: of the mean over seeds, or, of one seed, over clips, "
        "which does not tell what another seed would give.\n\n"
        + "\n".join(_section(kept, steps) for steps in steps_kept(kept) or [STEPS])
        + "\nOf one seed the interval of a ratio is made from both models' own, as if their clips were not "
        "the same; over seeds ratios and differences are taken seed by seed.\n"
    )


def _section(kept: Path, steps: int) -> str:
    measured = {arm: found for arm in ARMS if (found := results_of(arm, kept, steps))}
    rows = [
        [arm.title, arrow, str(len(results)), *(_cell(results, f"{g}{way}.recall@1") for g in GALLERIES)]
        for arm, results in measured.items()
        for way, arrow in ARROWS.items()
    ]
    compared = [
        [
            arm.title,
            *(_ratio_cell(results, measured.get(CAVP, {}), f"{way}.recall@1") for way in ARROWS),
            *(_difference_cell(results, measured.get(THREE, {}), f"{way}.recall@1") for way in ARROWS),
        ]
        for arm, results in measured.items()
        if arm is not CAVP
    ]
    every = [result for results in measured.values() for result in results.values()]
    where = sorted({each.provenance.device_name or each.provenance.device for each in every})
    headers = ["arm", "", "seeds", "standard", *(gallery.rstrip(".") for gallery in GALLERIES[1:])]
    beside = [f"{way}, {what}" for what in ("times CAVP's", "points") for way in ARROWS.values()]
    missing = "; ".join(arm.title.removeprefix("+ ") for arm in ARMS if arm not in measured)
    not_run = f" Not run for as long: {missing}." if missing else ""
    return (
        f"## {steps} steps\n\nScored on {', '.join(where) or 'nothing yet'}.{not_run}\n\n"
        f"{table(headers, rows, words=2)}\n\n"
        f"![The same as a figure](../../docs/images/{figure_name(steps)})\n\n"
        "How many times CAVP's R@1 on the standard gallery, and by how many points above three scales "
        f"without diffusion:\n\n{table(['arm', *beside], compared)}\n"
    )


def _cell(results: BySeed, score_id: str) -> str:
    found = recall(results, score_id)
    if found is None:
        return "–"
    value, low, high = (
        number(each, "fraction", beside=found.value) for each in (found.value, found.low, found.high)
    )
    return f"{value} ({low} … {high})"


def _ratio_cell(results: BySeed, baseline: BySeed, score_id: str) -> str:
    found = ratio(results, baseline, score_id)
    if found is None:
        return "–"
    if found.low is None or found.high is None:
        return f"{found.value:.1f}"
    return f"{found.value:.1f} ({found.low:.1f} … {found.high:.1f})"


def _difference_cell(results: BySeed, others: BySeed, score_id: str) -> str:
    shared = sorted(results.keys() & others.keys())
    pairs = [(results[seed].score(score_id), others[seed].score(score_id)) for seed in shared]
    points = [100 * (one.value - other.value) for one, other in pairs if one and other]
    if not points or results is others:
        return "–"
    if len(points) == 1:
        return f"{points[0]:+.1f}"
    found = of_seeds(points)
    return f"{found.value:+.1f} ({found.low:+.1f} … {found.high:+.1f})"


def figure_name(steps: int) -> str:
    """Return what the figure of a number of steps is called."""
    return f"ablation-{steps}.png"


def draw(folder: Path = FIGURES, kept: Path = KEPT) -> None:
    """Draw R@1 of every arm on every gallery, a figure for every number of steps."""
    for steps in steps_kept(kept):
        draw_steps(folder / figure_name(steps), kept, steps)


def draw_steps(out: Path, kept: Path, steps: int) -> None:
    """Draw a panel a direction, intervals as error bars."""
    from matplotlib.figure import Figure

    measured = {arm: found for arm in ARMS if (found := results_of(arm, kept, steps))}
    figure = Figure(figsize=(9.0, 6.6), dpi=100, layout="constrained")
    panels = figure.subplots(2, 1, sharex=True)
    for axes, (way, arrow) in zip(panels, ARROWS.items(), strict=True):
        for place, (arm, results) in enumerate(measured.items()):
            across = (place - (len(measured) - 1) / 2) * 0.8 / len(measured)
            found = [recall(results, f"{gallery}{way}.recall@1") for gallery in GALLERIES]
            known = [(x + across, 100 * e.value, *_bar(e)) for x, e in enumerate(found) if e is not None]
            xs, values, below, above = zip(*known, strict=True) if known else ((), (), (), ())
            axes.errorbar(xs, values, (below, above), fmt="o", ms=4, capsize=2, lw=1, label=arm.title)
        axes.set(ylabel=f"R@1 {arrow}, %", ylim=(0, 102))
        axes.grid(axis="y", alpha=0.3)
    panels[-1].set_xticks(range(len(GALLERIES)), [g.rstrip(".") or "standard" for g in GALLERIES])
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=8)
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, metadata={"Software": None})


def _bar(estimate: Estimate) -> tuple[float, float]:
    """Return how far the interval reaches below and above, in per cent."""
    low = estimate.value if estimate.low is None else estimate.low
    high = estimate.value if estimate.high is None else estimate.high
    return max(100 * (estimate.value - low), 0.0), max(100 * (high - estimate.value), 0.0)
