"""Draw three clips of a page of generated sounds, each with its truth above what was made for it.

    avbench run --model gmscavp --task avsynth-v2a --page PAGE
    python scripts/generated_pictures.py PAGE [--clips 1,6,12] [--out docs/images/generated-clips.png]

Lines are true onsets, ticks below are detected ones. Without --clips: the best, the median and the worst of
those the page shows. Needs matplotlib (pip install avbench[plots]).
"""

import argparse
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imread
from PIL import Image

from avbench.boards.score_ids import name_of
from avbench.pages.files import DATA, put

ROOT = Path(__file__).parent.parent
INK, SOFT, PAPER, TICK = "#e8e5ec", "#9d97a8", "#131217", "#f08c78"
DPI = 100


def draw(page: Path, numbers: list[int], out: Path) -> None:
    """Draw clips of a page, which count from 1, into a PNG file."""
    data = json.loads((page / DATA).read_text("utf-8"))
    clips = [data["clips"][number - 1] for number in numbers]
    figure = Figure(figsize=(4.2 * len(clips), 5.2), dpi=DPI, facecolor=PAPER, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.03, wspace=0.02, hspace=0.0)
    grid = figure.add_gridspec(4, len(clips), height_ratios=[1.0, 0.09, 1.0, 0.09])
    for column, clip in enumerate(clips):
        rows = {"truth": clip["truth"], "generated": clip["made"][0]}
        for row, (name, sound) in enumerate(rows.items()):
            seen = figure.add_subplot(grid[2 * row, column])
            spectrogram(seen, page, sound, clip["onsets"] or [], data["seconds"])
            ticks(figure.add_subplot(grid[2 * row + 1, column]), sound["onsets"], data["seconds"])
            seen.set_title(heading(name, clip), color=INK if row else SOFT, fontsize=9, loc="left")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3])
    buffer = io.BytesIO()
    # The colours of the spectrograms are most of what there is, and a palette halves the file.
    Image.fromarray(pixels).quantize(256, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
    put(out, buffer.getvalue())


def heading(name: str, clip: dict[str, Any]) -> str:
    """Return what stands over a spectrogram."""
    if name == "truth":
        return f"{clip['clip']}: truth"
    values = clip["made"][0]["values"]
    shown = [f"{name_of(id)} {values[id]:.2f}" for id in ("envelope.correlation",) if id in values]
    place = f"{clip['name'] or 'place'}, {clip['place']} of {clip['of']}"
    return ", ".join([f"generated ({place})", *shown])


def spectrogram(axes: Axes, page: Path, sound: dict[str, Any], onsets: list[float], seconds: float) -> None:
    """Show a spectrogram of the page with lines at the true onsets."""
    picture = imread(page / sound["spectrogram"])
    axes.imshow(picture, aspect="auto", extent=(0, seconds, 0, 1), interpolation="bilinear")
    for onset in onsets:
        axes.axvline(onset, color="white", lw=0.7, alpha=0.55)
    axes.set_xlim(0, seconds)
    axes.set_axis_off()


def ticks(axes: Axes, onsets: list[float], seconds: float) -> None:
    """Show detected onsets."""
    axes.vlines(onsets, 0, 1, color=TICK, lw=1.6)
    axes.set_xlim(0, seconds)
    axes.set_ylim(0, 1.15)
    axes.set_axis_off()


def middle_and_ends(page: Path) -> list[int]:
    """Return the numbers of the best, the median and the worst clip of a page."""
    clips = json.loads((page / DATA).read_text("utf-8"))["clips"]
    median = min(range(len(clips)), key=lambda k: abs(clips[k]["place"] - (clips[k]["of"] + 1) / 2))
    return sorted({1, median + 1, len(clips)})


def main() -> None:
    """Draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("page", type=Path)
    parser.add_argument("--clips", type=lambda text: [int(each) for each in text.split(",")])
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "generated-clips.png")
    given = parser.parse_args()
    draw(given.page, given.clips or middle_and_ends(given.page), given.out)
    print(f"wrote {given.out}")


if __name__ == "__main__":
    main()
