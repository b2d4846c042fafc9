"""Does each part of GMS-CAVP earn its place? Train every arm with every seed, score all, and write the table.

    python scripts/ablation.py [--runs runs/ablation] [--seeds 3] [--steps 800] [--device cuda] [--arms …]

Arms share data, order, steps and backbones. Finished runs and kept results are taken as they are, so the same
command goes on where it was stopped, and ``--table-only`` writes the page from what there is. The page,
``models/gmscavp/ablation.md``, is made from result documents and from nothing else.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev

from scipy.stats import t

from avbench.archive import find, read
from avbench.results import RunResult
from avbench.tables import table

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "models" / "gmscavp" / "ablation.md"
TASK = "avsynth-retrieval"
GALLERIES = ("", "S0.", "S1.", "S2.", "S3.", "S4.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One row: a model and a config of it, and what it is called."""

    title: str
    model: str
    config: str


ARMS = (
    Arm(title="CAVP: one scale, contrast alone", model="cavp", config="small"),
    Arm(title="+ contrast at two scales", model="gmscavp", config="small-two-scales"),
    Arm(title="+ contrast at three scales", model="gmscavp", config="small"),
    Arm(title="+ diffusion at the finest scale, both ways", model="gmscavp", config="small-single-diffusion"),
    Arm(title="+ diffusion at three scales, video to audio", model="gmscavp", config="small-v2a"),
    Arm(title="+ diffusion at three scales, audio to video", model="gmscavp", config="small-a2v"),
    Arm(title="+ diffusion at three scales, both ways", model="gmscavp", config="small-diffusion"),
)


def run(arm: Arm, seed: int, given: argparse.Namespace) -> None:
    """Train one arm with one seed and score it, unless that is done."""
    name = f"{arm.model}-{arm.config}-{given.steps}-{seed}"
    weights, results = given.runs / name / "weights.safetensors", given.runs / "results" / name
    avbench = [sys.executable, "-m", "avbench"]
    if not weights.is_file():
        train = ["train", arm.model, "--config", arm.config, "--output", str(given.runs / name)]
        train += ["--steps", str(given.steps), "--seed", str(seed), "--device", given.device]
        subprocess.run([*avbench, *train, "--train-args", given.train_args], check=True)
    if not results.is_dir():
        evaluate = ["run", "--model", arm.model, "--task", TASK, "--device", given.device]
        evaluate += ["--model-args", f"config={arm.config},weights={weights}", "--output", str(results)]
        subprocess.run([*avbench, *evaluate, "--quiet"], check=True)


def results_of(arm: Arm, given: argparse.Namespace) -> list[RunResult]:
    """Return what was measured of an arm, a result a seed."""
    names = (f"{arm.model}-{arm.config}-{given.steps}-{seed}" for seed in range(given.seeds))
    folders = [given.runs / "results" / name for name in names]
    return [read(path) for folder in folders if folder.is_dir() for path in find(folder)]


def cell(results: Sequence[RunResult], score_id: str) -> str:
    """Return the mean over seeds in per cent, ± half its 95 % interval where there are several."""
    values = [100 * score.value for result in results if (score := result.score(score_id))]
    if len(values) < 2:
        return f"{values[0]:.1f}" if values else "–"
    half = t.ppf(0.975, len(values) - 1) * stdev(values) / len(values) ** 0.5
    return f"{mean(values):.1f} ± {half:.1f}"


def page(given: argparse.Namespace) -> str:
    """Return the page."""
    rows: list[list[str]] = []
    devices: set[str] = set()
    for arm in ARMS:
        results = results_of(arm, given)
        devices |= {result.provenance.device_name or result.provenance.device for result in results}
        for direction, arrow in (("a2v", "A→V"), ("v2a", "V→A")):
            cells = [cell(results, f"{gallery}{direction}.recall@1") for gallery in GALLERIES]
            rows.append([arm.title, arrow, str(len(results)), *cells])
    where = ", ".join(sorted(devices)) or "nothing yet"
    headers = ["arm", "", "seeds", "standard", *(gallery.rstrip(".") for gallery in GALLERIES[1:])]
    return (
        "# Ablation\n\n<!-- Written by scripts/ablation.py from result documents: do not edit. -->\n\n"
        f"R@1 in per cent on the test split of avsynth; mean over seeds, ± half the 95 % "
        f"interval of that mean. Every arm: the same clips in the same order, {given.steps} steps, the same "
        f"backbones. Scored on {where}.\n\n{table(headers, rows, words=2)}\n"
    )


def main() -> None:
    """Run what is missing, then write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=Path, default=Path("runs/ablation"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--train-args", default="val_clips=400,warmup=60,validate_every=400")
    parser.add_argument("--table-only", action="store_true")
    given = parser.parse_args()
    for seed in range(given.seeds) if not given.table_only else ():
        for arm in ARMS:
            run(arm, seed, given)
    PAGE.write_text(page(given), encoding="utf-8")
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
