r"""Choices of ours, each tried the other way: train, measure on validation clips, and write the card's table.

    python scripts/trials.py [--runs runs/ablation] [--steps 100] [--seeds 1] [--device cpu]
                             [--trials small-eps …] [--table-only]

A trial is trained like the arm that it differs from in one choice, on the same clips in the same order. The
runs lie as those of ``scripts/ablation.py`` do, so that arms trained there are taken as they are. The test
split is not looked at: what chooses is not what judges. Measured over validation clips that no training sees:

.. code-block:: text

    R@1             of all clips against each other
    unexplained     E ‖ x̂_0 - x_0 ‖² / E ‖ x_0 - mean ‖² at the finest scale, the geometric mean over log-SNRs
                    of -4, -2, 0, 2; x̂_0 is the predicted data, whatever the denoiser predicts
    of another      the same, given the tokens of another family's clip: what the condition is worth

Figures are kept in ``benchmarks/measured/trials``, one file a run; the table stands in the card of gmscavp.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from ablation import train
from ablation_page import ROOT, Arm
from quoted_results import quoted

from avbench.boards.tables import table

MEASURED = ROOT / "benchmarks" / "measured" / "trials"
CARD = ROOT / "models" / "gmscavp" / "README.md"
LEVELS = (-4.0, -2.0, 0.0, 2.0)
RETRIEVED = {"a2v.recall@1": "R@1 A→V", "v2a.recall@1": "R@1 V→A"}
DENOISED = {
    "v2a.unexplained": "log-mel unexplained",
    "v2a.of_another": "of another",
    "a2v.unexplained": "frames unexplained",
    "a2v.of_another": "of another",
}
CONTRAST, JOINT = "small", "small-diffusion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A choice of ours, and how it was tried otherwise.

    Attributes:
        choice: What is ours.
        other: What was tried in its place.
        config: The config that has it.
        beside: The config that has ours.
        other_task: Whether what is denoised is another thing, so that its errors cannot stand beside ours.
    """

    choice: str
    other: str
    config: str
    beside: str = JOINT
    other_task: bool = False


TRIALS = (
    Trial(choice="predicts the velocity", other="the noise", config="small-eps"),
    Trial(choice="schedule linear in √β", other="cosine", config="small-cosine"),
    Trial(choice="β = 1", other="β = 4", config="small-beta-4"),
    Trial(choice="attention biased in time", other="not biased", config="small-unbiased"),
    Trial(choice="coarse to fine", other="every scale alone", config="small-alone", other_task=True),
    Trial(
        choice="50 × 32 bins, 8 × 8 pixels",
        other="100 × 64, 14 × 14",
        config="small-finer",
        other_task=True,
    ),
    Trial(choice="denoisers read tokens normalised", other="as the pyramid gives them", config="small-raw"),
    Trial(choice="a segment is a unit vector", other="every token is", config="small-token", beside=CONTRAST),
    Trial(choice="one temperature", other="one a scale", config="small-temperatures", beside=CONTRAST),
    Trial(choice="maps of each scale's own", other="all pooled", config="small-pooled", beside=CONTRAST),
)


def name_of(config: str, steps: int, seed: int) -> str:
    """Return what a run is called, as the ablation calls it."""
    return Arm(title="", model="gmscavp", config=config).name(steps, seed)


def run(config: str, seed: int, given: argparse.Namespace) -> None:
    """Train a config with a seed and keep its figures, unless that is done."""
    name = name_of(config, given.steps, seed)
    kept = given.kept / f"{name}.json"
    if kept.is_file():
        return
    weights = train(Arm(title="", model="gmscavp", config=config), seed, given)
    figures = measure(weights, config, clips=given.clips, device=given.device)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def measure(weights: Path, config: str, *, clips: int, device: str) -> dict[str, float]:
    """Return what a trained network is worth on validation clips of avsynth."""
    from avbench.datasets.avsynth.training_set import open_training
    from gmscavp.plugin import FAMILY
    from gmscavp.training.validation import retrieval_on

    network = FAMILY.trained(config, str(weights)).to(device).eval()
    given = {"clips": "32", "val_clips": str(clips)}
    apart = open_training(given, FAMILY.inputs({"config": config}), lambda what, done, total: None).validation
    assert apart is not None
    figures = {"clips": float(clips), **retrieval_on(apart, device)(network)}
    return figures | (denoising(network, apart, device) if network.diffusion is not None else {})


def denoising(network: Any, clips: Any, device: str) -> dict[str, float]:
    """Return the unexplained share of each direction, given the clip's own tokens and those of another."""
    import numpy as np
    import torch

    frames = np.stack([clips.frames_of(each, 0, network.config.frames) for each in range(clips.clips)])
    samples = np.stack([clips.samples_of(each, 0, network.config.samples) for each in range(clips.clips)])
    seen = torch.from_numpy(frames).permute(0, 1, 4, 2, 3).to(device)
    heard = torch.from_numpy(samples).mean(dim=1).to(device)
    with torch.no_grad():
        given = {"v2a": network.video_tokens(seen), "a2v": network.audio_tokens(heard)}
        data = {"v2a": network.log_mel(heard), "a2v": seen}
        return {
            f"{direction}.{name}": value
            for direction in network.diffusion.config.directions
            for name, value in unexplained(
                network.directed(direction), data[direction], given[direction]
            ).items()
        }


def unexplained(directed: Any, data: Any, tokens: Sequence[Any]) -> dict[str, float]:
    """Return the unexplained share of the finest target of one direction."""
    import torch

    from gmscavp.diffusion.denoiser import sees_coarser
    from gmscavp.diffusion.parameterisation import noised
    from gmscavp.diffusion.targets import frame_targets, mel_targets
    from gmscavp.draws import drawn, row_seeds

    reduce = mel_targets if directed.direction == "v2a" else frame_targets
    targets = reduce(data, directed.config)
    finest, rows = targets[0], len(data)
    shapes = [each.shape[1:] for each in targets[:2]]
    _, (noise, coarse) = drawn(row_seeds(0, 0, rows), 0, (shapes * 2)[:2], finest)
    coarser = directed.blurred(targets[1], coarse, 0) if sees_coarser(directed.config, 0) else None
    whole = directed.encoder(list(tokens), torch.zeros(rows, dtype=torch.bool, device=finest.device))
    found: dict[str, float] = {}
    for name, condition in (("unexplained", whole), ("of_another", whole.roll(rows // 2, dims=0))):
        errors = []
        for level in LEVELS:
            log_snr = finest.new_full((), level)
            noisy = noised(finest, noise, log_snr.expand(rows))
            guess = directed.data(noisy, log_snr, coarser=coarser, encoded=condition, scale=0)
            errors.append((guess - finest).square().mean() / (finest - finest.mean()).square().mean())
        found[name] = torch.stack(errors).log().mean().exp().item()
    return found


def kept_figures(config: str, kept: Path, steps: int) -> dict[int, Mapping[str, float]]:
    """Return the figures of a config, by seed."""
    stem = name_of(config, steps, 0)[:-1]
    files = [path for path in kept.glob(f"{stem}*.json") if path.stem.removeprefix(stem).isdecimal()]
    return {int(path.stem.removeprefix(stem)): json.loads(path.read_text("utf-8")) for path in files}


def trials_block(kept: Path = MEASURED, steps: int = 100) -> str:
    """Return the table: each figure of the other way, and ours of the same seeds in brackets."""
    if not kept.is_dir():
        return "None has been run yet: `python scripts/trials.py`."
    rows: list[list[str]] = []
    for trial in TRIALS:
        theirs, ours = (kept_figures(each, kept, steps) for each in (trial.config, trial.beside))
        seeds = sorted(theirs.keys() & ours.keys())
        shown = [*RETRIEVED, *({} if trial.other_task else DENOISED)]
        cells = [
            _cell([theirs[seed] for seed in seeds], [ours[seed] for seed in seeds], key)
            if key in shown
            else "–"
            for key in (*RETRIEVED, *DENOISED)
        ]
        rows.append([trial.choice, trial.other, f"{len(seeds)}", *cells])
    for config in (JOINT, CONTRAST):
        found = kept_figures(config, kept, steps)
        spans = [_span([found[seed] for seed in sorted(found)], key) for key in (*RETRIEVED, *DENOISED)]
        rows.append([f"`{config}`, from seed to seed", "", f"{len(found)}", *spans])
    headers = ["ours", "tried", "seeds", *RETRIEVED.values(), *DENOISED.values()]
    return table(headers, rows, words=2)


def _cell(theirs: Sequence[Mapping[str, float]], ours: Sequence[Mapping[str, float]], key: str) -> str:
    if not theirs or key not in theirs[0]:
        return "–"
    return f"{_number([each[key] for each in theirs])} ({_number([each[key] for each in ours])})"


def _span(figures: Sequence[Mapping[str, float]], key: str) -> str:
    if not figures or key not in figures[0]:
        return "–"
    values = [each[key] for each in figures]
    return f"{_number([min(values)])} … {_number([max(values)])}"


def _number(values: Sequence[float]) -> str:
    return f"{100 * mean(values):.1f}"


def main() -> None:
    """Train and measure what is missing, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=Path, default=Path("runs/ablation"))
    parser.add_argument("--kept", type=Path, default=MEASURED)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--clips", type=int, default=256)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--trials", nargs="*", default=[JOINT, CONTRAST, *(each.config for each in TRIALS)])
    parser.add_argument("--train-args", default="val_clips=64,warmup=30,validate_every=100")
    parser.add_argument("--table-only", action="store_true")
    given = parser.parse_args()
    for seed in range(0 if given.table_only else given.seeds):
        for config in given.trials:
            run(config, seed, given)
    block = trials_block(given.kept, given.steps)
    print(block)
    if given.kept == MEASURED:
        CARD.write_text(quoted(CARD.read_text("utf-8"), "trials", block), encoding="utf-8")


if __name__ == "__main__":
    main()
