"""Does each part of GMS-CAVP earn its place? Train every arm with every seed, score all, and write the page.

    python scripts/ablation.py [--runs runs/ablation] [--seeds 3] [--steps 800] [--device cuda] [--jobs 4]
                               [--arms small-v2a small-a2v …]
                               [--adopt leaderboards/results] [--table-only | --results-only]
                               [--page FILE] [--figures DIR]

Arms share data, order, steps and backbones. Finished runs and kept results are taken as they are, so the same
command goes on where it was stopped; ``--table-only`` writes what follows from the results there are. Those
are kept in ``leaderboards/ablation``, one document a run, without the reference rows, which are alike in all;
``--adopt`` keeps what a board has of the bundled weights. The page is ``models/gmscavp/ablation.md``, its
figures ``docs/images/ablation-STEPS.png``.
"""

import argparse
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ablation_page import ARMS, FIGURES, KEPT, ROOT, STEPS, Arm, draw, page

from avbench.results.archive import find, read
from avbench.results.document import RunResult, to_json

PAGE = ROOT / "models" / "gmscavp" / "ablation.md"
TASK = "avsynth-retrieval"
AVBENCH = (sys.executable, "-m", "avbench")


def run(arm: Arm, seed: int, given: argparse.Namespace) -> None:
    """Train one arm with one seed, score it and keep the result, unless that is done."""
    name = arm.name(given.steps, seed)
    kept, results = given.kept / f"{name}.json", given.runs / "results" / name
    if kept.is_file():
        return
    weights = train(arm, seed, given)
    if not results.is_dir() or not any(find(results)):
        evaluate = ["run", "--model", arm.model, "--task", TASK, "--device", given.device, "--quiet"]
        evaluate += ["--model-args", f"config={arm.config},weights={weights}", "--output", str(results)]
        subprocess.run([*AVBENCH, *evaluate, *given.run_arg], check=True)
    keep(read(next(find(results))), arm, kept)


def train(arm: Arm, seed: int, given: argparse.Namespace) -> Path:
    """Train one arm with one seed, unless that is done, and return its weights."""
    folder = given.runs / arm.name(given.steps, seed)
    weights = folder / "weights.safetensors"
    if not weights.is_file():
        asked = ["train", arm.model, "--config", arm.config, "--output", str(folder), "--quiet"]
        asked += ["--steps", str(given.steps), "--seed", str(seed), "--device", given.device]
        subprocess.run([*AVBENCH, *asked, "--train-args", given.train_args], check=True)
    return weights


def keep(result: RunResult, arm: Arm, path: Path) -> None:
    """Write what the page is made from: the document without reference rows and without local paths."""
    model = result.model.model_copy(update={"args": {"config": arm.config}})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(to_json(result.model_copy(update={"model": model, "scale_rows": ()})), encoding="utf-8")


def adopt(folder: Path, given: argparse.Namespace) -> None:
    """Keep what is known of bundled weights, which are those of seed 0: results that arms have elsewhere."""
    for result in (each for each in map(read, find(folder)) if each.task.name == TASK):
        for arm in ARMS:
            if (result.model.name, result.model.identity.get("config")) == (arm.model, arm.config):
                keep(result, arm, given.kept / f"{arm.name(given.steps, 0)}.json")


def main() -> None:
    """Run what is missing, then write page and figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=Path, default=Path("runs/ablation"))
    parser.add_argument("--kept", type=Path, default=KEPT)
    parser.add_argument("--page", type=Path, default=PAGE)
    parser.add_argument("--figures", type=Path, default=FIGURES, metavar="DIR")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--arms", nargs="*", default=[f"{arm.model}:{arm.config}" for arm in ARMS])
    parser.add_argument("--train-args", default="val_clips=400,warmup=60,validate_every=400")
    parser.add_argument("--run-arg", action="append", default=[], help="for a trial: passed to avbench run")
    parser.add_argument("--adopt", type=Path, metavar="DIR", help="keep the results of bundled weights there")
    parser.add_argument("--table-only", action="store_true")
    parser.add_argument("--results-only", action="store_true")
    given = parser.parse_args()
    chosen = [arm for arm in ARMS if {arm.config, f"{arm.model}:{arm.config}"} & {*given.arms}]
    wanted = [] if given.table_only else [(arm, seed) for seed in range(given.seeds) for arm in chosen]
    if given.adopt is not None:
        adopt(given.adopt, given)
    with ThreadPoolExecutor(given.jobs) as pool:
        for done in [pool.submit(run, arm, seed, given) for arm, seed in wanted]:
            done.result()
    if given.results_only:
        return
    given.page.write_text(page(given.kept), encoding="utf-8")
    draw(given.figures, given.kept)
    print(f"wrote {given.page} and its figures in {given.figures}")


if __name__ == "__main__":
    main()
