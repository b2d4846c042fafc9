r"""What pretraining by the recipes costs, from throughput that was measured: GPU hours, storage, cores.

    python scripts/pretraining_cost.py [FIGURES.json …] [--write]
    python scripts/pretraining_cost.py --decode DIR [--where CORE] > benchmarks/measured/decoding.json

    GPU hours    steps · batch / (clips a second of one GPU) / 3600
    passes       steps · batch / clips of the set
    kept         clips · (3 · frames · height · width + 2 · samples) bytes
    core hours   clips (once), or steps · batch (streamed), times the seconds to decode a clip / 3600
    cores        clips a second of all GPUs · the seconds to decode a clip

FIGURES are what ``benchmarks/training_step.py --json`` writes; by default those that are kept as
benchmarks/measured/training-step*.json. Without one from a GPU there are no hours. The table is printed;
``--write`` puts it into docs/pretraining.md. ``--decode`` measures decoding on the clips of a folder.
"""

import argparse
import json
import resource
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from quoted_results import quoted

from avbench.boards.tables import table
from avbench.clips import Clip
from avbench.media.info import DecodedClip
from avbench.media.workers import decode_clips
from avbench.training.choice import DataChoice, choice_from
from avbench.training.recipes import Recipe, read_recipe
from gmscavp.plugin import FAMILY, RECIPES

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "pretraining.md"
MEASURED = ROOT / "benchmarks" / "measured"
ROWS = ("step, compiled, bf16", "step, eager, bf16")
WINDOW, REPEATS = 9.5, 5
NO_GPU = """\
**No GPU has been measured**, so no GPU hours stand here. They are `clips drawn / (clips a second of one GPU)
/ 3600`; n GPUs that stream keep `n · (clips a second of one GPU) · (seconds to decode a clip)` cores
busy. Once `benchmarks/training_step.py --json benchmarks/measured/training-step-gpu.json` has run on
one, `scripts/pretraining_cost.py --write` fills the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """What a recipe is meant to read.

    Attributes:
        recipe: The recipe's name.
        clips: How many clips.
        media: How many bytes their files are.
        source: Where both numbers are from.
    """

    recipe: str
    clips: int
    media: float
    source: str


# 330 GB for the 199,467 rows of VGGSound's csv, as its mirrors have it.
VGGSOUND_CLIP = 330e9 / 199_467
COLLECTIONS = (
    Collection(
        recipe="vggsound",
        clips=183_730,
        media=183_730 * VGGSOUND_CLIP,
        source="rows of train.csv; 330 GB for all 199,467 rows of the mirrors",
    ),
    Collection(
        recipe="audioset-vggsound",
        clips=567_980,
        media=567_980 * VGGSOUND_CLIP,
        source="a pass of the released CAVP (its launch script); bytes a clip as VGGSound's",
    ),
    Collection(
        recipe="panda70m",
        clips=10_473_922,
        media=8.0e12,
        source="Panda-70M's own table, training list of 10 million",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoding:
    """What decoding was measured to take.

    Attributes:
        where: On what.
        seconds: Processor seconds a clip.
        clips: How many clips of VGGSound.
    """

    where: str
    seconds: float
    clips: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A throughput that was measured.

    Attributes:
        device: Where.
        gpu: Whether that is a GPU.
        clips_per_s: Clips of three segments a second, of one device.
        how: What was timed.
    """

    device: str
    gpu: bool
    clips_per_s: float
    how: str


def rate_of(figures: Mapping[str, Any]) -> Rate:
    """Read a figures file of the training benchmark.

    Raises:
        LookupError: It holds no training step of ``base``.
    """
    rows = figures.get("rows", {})
    row = next((name for name in ROWS if "clips_per_s" in rows.get(name, {})), None)
    if row is None or figures.get("config") != "base":
        raise LookupError("no training step of base in these figures")
    gpu = str(figures.get("gpu", ""))
    how = f"{row.removeprefix('step, ')}, {figures['clips']} clips"
    return Rate(
        device=gpu or str(figures["device"]),
        gpu=bool(gpu),
        clips_per_s=float(figures["rows"][row]["clips_per_s"]),
        how=how,
    )


def clips_seen(recipe: Recipe) -> int:
    """Return how many clips a run draws in all."""
    if recipe.steps is None:
        raise LookupError("a recipe must say how many steps it takes")
    return recipe.steps * int(recipe.train_args()["batch_clips"])


def hours(recipe: Recipe, rate: Rate) -> float:
    """Return the hours of one device times their number."""
    return clips_seen(recipe) / rate.clips_per_s / 3600


def choice_of(recipe: Recipe) -> DataChoice:
    """Return how the clips of a recipe are read."""
    return choice_from(recipe.train_args(), FAMILY.inputs({"config": recipe.config}))


def cost_block(rates: Sequence[Rate], decoding: Decoding) -> str:
    """Return the table, and what it stands on.

    Args:
        rates: What was measured of a training step.
        decoding: What was measured of decoding.
    """
    gpus, seconds = [rate for rate in rates if rate.gpu], decoding.seconds
    rows: list[list[str]] = []
    for each in COLLECTIONS:
        recipe = read_recipe(str(RECIPES / f"{each.recipe}.toml"), {})
        seen, choice = clips_seen(recipe), choice_of(recipe)
        rows.append(
            [
                f"`{each.recipe}`",
                f"{each.clips:,}",
                f"{seen:,}",
                f"{seen / each.clips:.1f}",
                _size(each.media),
                _size(each.clips * choice.clip_bytes),
                f"{each.clips * seconds / 3600:,.0f}",
                f"{seen * seconds / 3600:,.0f}",
                *(f"{hours(recipe, rate):,.0f}" for rate in gpus),
                *(f"{recipe.processes * rate.clips_per_s * seconds:.0f}" for rate in gpus),
            ]
        )
    headers = ["recipe", "clips", "clips drawn", "passes", "media", "kept decoded"]
    headers += ["core hours to decode once", "core hours to stream"]
    headers += [f"hours of one {rate.device}" for rate in gpus]
    headers += [f"cores to stream to {rate.device}" for rate in gpus]
    return "\n\n".join([table(headers, rows), *_remarks(rates, decoding)])


def _remarks(rates: Sequence[Rate], decoding: Decoding) -> list[str]:
    measured = [
        f"Measured: a step of `base` on {rate.device} ({rate.how}) at {rate.clips_per_s:.3g} clips a second"
        + ("." if rate.gpu else " of processor time.")
        for rate in rates
    ]
    unmeasured = [] if any(rate.gpu for rate in rates) else [NO_GPU]
    decoder = (
        f"Measured: {decoding.seconds:.2f} seconds of {decoding.where} to decode a clip for `base` "
        f"({decoding.clips} VGGSound clips of 320 × 240 to 1280 × 720, {WINDOW:g} s of each)."
    )
    sources = "; ".join(f"`{each.recipe}`: {each.source}" for each in COLLECTIONS)
    return [*unmeasured, *measured, decoder, f"Clips and bytes: {sources}."]


def measured_block(figures: Sequence[Path] = ()) -> str:
    """Return the block as some figures files give it, or else those that are kept."""
    files = figures or sorted(MEASURED.glob("training-step*.json"))
    decoding = json.loads((MEASURED / "decoding.json").read_text("utf-8"))
    return cost_block(rates_in(files), Decoding(**decoding))


def rates_in(figures: Sequence[Path]) -> list[Rate]:
    """Read several figures files."""
    return [rate_of(json.loads(path.read_text("utf-8"))) for path in figures]


def measure_decoding(folder: Path, where: str) -> Decoding:
    """Measure the processor time that decoding takes for ``base``.

    Raises:
        LookupError: No clip of the folder can be decoded.
    """
    inputs = FAMILY.inputs({"config": "base"})
    clips = [Clip(id=path.name, path=path) for path in sorted(folder.glob("*.mp4"))]
    # Several times over, so that starting the process does not count.
    outcomes = decode_clips(
        clips * REPEATS, seconds=WINDOW, video=inputs.video, audio=inputs.audio, processes=1
    )
    whole = sum(isinstance(outcome, DecodedClip) for outcome in outcomes)
    if not whole:
        raise LookupError(f"no clip of {folder} can be decoded")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Decoding(where=where, seconds=(used.ru_utime + used.ru_stime) / whole, clips=whole // REPEATS)


def _size(size: float) -> str:
    return f"{size / 1e12:.2g} TB" if size >= 1e12 else f"{size / 1e9:.0f} GB"


def main() -> None:
    """Print the table, or measure decoding."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("figures", nargs="*", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--decode", type=Path)
    parser.add_argument("--where", default="one core of this machine")
    given = parser.parse_args()
    if given.decode is not None:
        print(json.dumps(asdict(measure_decoding(given.decode, given.where)), indent=2))
        return
    block = measured_block(given.figures)
    if given.write:
        PAGE.write_text(quoted(PAGE.read_text("utf-8"), "cost", block), encoding="utf-8")
    print(block)


if __name__ == "__main__":
    main()
