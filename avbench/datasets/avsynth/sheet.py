"""A contact sheet: frames over a spectrogram with every landing marked, envelope and places below."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from avbench.datasets.avsynth.galleries import train_scene
from avbench.datasets.avsynth.latents import ENVELOPE_RATE
from avbench.datasets.avsynth.presets import DIFFICULTIES, MEDIA
from avbench.datasets.avsynth.sprites import PALETTES
from avbench.datasets.avsynth.truth import ObjectTruth, Truth, read_truth
from avbench.datasets.avsynth.video import render_frames
from avbench.datasets.avsynth.world import world
from avbench.errors import UsageError
from avbench.media.decode import probe, read_clip
from avbench.media.frames import resize_area
from avbench.records import AudioInput, VideoInput
from avbench.store import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, PAPER = "#d8dee9", "#14161c"
COLUMNS = 8
STILLS = (3, 7, 11, 14, 22)
STILL_PIXELS = 160
STILL_DIFFICULTIES = ("easy", "standard", "hard")


def draw_sheet(media: Path, truth_file: Path, out: Path) -> None:
    """Draw what a clip's file holds, and its truth, into an image.

    Args:
        media: The mp4 file: frames and samples are decoded from it.
        truth_file: Its side-car.
        out: The PNG file to write.

    Raises:
        UsageError: matplotlib is not installed.
        StorageError: The image cannot be written.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UsageError(
            "Drawing a contact sheet needs matplotlib.", hint="Install it: pip install avbench[plots]."
        ) from error
    truth = read_truth(truth_file)
    frames, samples, rate = _decoded(media, truth)
    figure = Figure(figsize=(12.0, 6.4), dpi=80, facecolor=PAPER, layout="constrained")
    grid = figure.add_gridspec(4, COLUMNS, height_ratios=[2.0, 3.0, 0.75, 0.75])
    for column, (instant, frame) in enumerate(zip(_instants(truth), frames, strict=True)):
        axes = figure.add_subplot(grid[0, column])
        axes.imshow(frame, interpolation="bicubic")
        axes.set_title(f"{instant:.2f} s", color=INK, fontsize=9)
        axes.set_axis_off()
    sound = figure.add_subplot(grid[1, :])
    _draw_spectrogram(sound, samples, rate, truth)
    _draw_envelope(figure.add_subplot(grid[2, :], sharex=sound), truth)
    _draw_places(figure.add_subplot(grid[3, :], sharex=sound), truth)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    _write_png(np.asarray(canvas.buffer_rgba())[..., :3], out)


def draw_stills(out: Path) -> None:
    """Draw one frame of five training clips of three difficulty presets, as a PNG.

    Raises:
        StorageError: The image cannot be written.
    """
    rows: list[npt.NDArray[np.uint8]] = []
    for name in STILL_DIFFICULTIES:
        difficulty = DIFFICULTIES[name]
        row: list[npt.NDArray[np.uint8]] = []
        for family in STILLS:
            index = family * difficulty.train_siblings
            scene = train_scene(index, difficulty=difficulty, media=MEDIA["224"])
            just_after = int(scene.video.rhythms[1][1].time * scene.media.fps) + 2
            frames = render_frames(scene, np.array([just_after]))
            row.append(resize_area(frames, STILL_PIXELS, STILL_PIXELS)[0])
        rows.append(np.concatenate(row, axis=1))
    _write_png(np.concatenate(rows), out)


def _write_png(pixels: npt.NDArray[np.uint8], out: Path) -> None:
    """Write a picture ``(height, width, 3)``, uint8."""
    from PIL import Image

    buffer = io.BytesIO()
    # Without the last bit, which nobody sees, the file is a fifth smaller.
    Image.fromarray(np.ascontiguousarray(pixels & 0xFE)).save(buffer, "PNG", optimize=True)
    write_whole(out, buffer.getvalue())


def _decoded(media: Path, truth: Truth) -> tuple[list[npt.NDArray[np.uint8]], npt.NDArray[np.float32], int]:
    info = probe(media)
    assert info.video is not None and info.audio is not None
    rate, fps = info.audio.sample_rate, info.video.fps or 25.0
    clip = read_clip(
        media,
        seconds=truth.seconds,
        video=VideoInput(fps=fps, height=info.video.height, width=info.video.width),
        audio=AudioInput(sample_rate=rate),
    )
    assert clip.frames is not None and clip.samples is not None
    numbers = [min(len(clip.frames) - 1, round(instant * fps)) for instant in _instants(truth)]
    return [clip.frames[k].transpose(1, 2, 0) for k in numbers], clip.samples[0], rate


def _instants(truth: Truth) -> list[float]:
    """Return the instants to show: just after a landing where one is near an even spacing."""
    landings = [event.time + 0.04 for toy in truth.video.objects for event in toy.events]
    even = [(k + 0.5) * truth.seconds / COLUMNS for k in range(COLUMNS)]
    near = [min(landings, key=lambda t, e=e: abs(t - e)) for e in even]
    return [n if abs(n - e) < 0.35 else e for n, e in zip(near, even, strict=True)]


def _colour(toy: ObjectTruth, truth: Truth) -> tuple[float, float, float]:
    return PALETTES[world(truth.world).palettes[toy.class_id]][0]


def _draw_spectrogram(axes: "Axes", samples: npt.NDArray[np.float32], rate: int, truth: Truth) -> None:
    from scipy.signal import ShortTimeFFT
    from scipy.signal.windows import hann

    transform = ShortTimeFFT(hann(512), hop=160, fs=rate, mfft=2048)
    power = np.abs(transform.stft(samples)) ** 2
    level = 10 * np.log10(power + 1e-9)
    extent = transform.extent(len(samples))
    top = float(level.max())
    axes.imshow(level, origin="lower", aspect="auto", extent=extent, cmap="magma", vmin=top - 52, vmax=top)
    axes.set_yscale("log")
    axes.set_ylim(100, rate / 2)
    axes.set_xlim(0, truth.seconds)
    for toy in truth.audio.objects:
        for event in toy.events:
            size = 90 if event.loud else 36
            axes.axvline(event.time, color=_colour(toy, truth), lw=0.8, alpha=0.55)
            axes.scatter([event.time], [5600], s=size, marker="v", color=_colour(toy, truth), zorder=3)
    _style(axes, "Hz")
    axes.tick_params(labelbottom=False)


def _draw_envelope(axes: "Axes", truth: Truth) -> None:
    for stream, style in ((truth.video, "-"), (truth.audio, ":")):
        curve = np.array(stream.envelope)
        axes.plot(np.arange(len(curve)) / ENVELOPE_RATE, curve, style, color="#ebcb8b", lw=1.6)
    axes.set_ylim(-0.05, 1.05)
    _style(axes, "envelope")
    axes.tick_params(labelbottom=False)


def _draw_places(axes: "Axes", truth: Truth) -> None:
    rate = 50.0
    times = np.arange(round(truth.seconds * rate)) / rate
    for toy, track in zip(truth.video.by_class(), truth.video.pan_track(rate), strict=True):
        axes.plot(times, track, color=_colour(toy, truth), lw=1.6)
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 1], ["left", "right"])
    _style(axes, "place")
    axes.set_xlabel("seconds", color=INK)


def _style(axes: "Axes", label: str) -> None:
    axes.set_facecolor(PAPER)
    axes.set_ylabel(label, color=INK)
    axes.tick_params(colors=INK, labelsize=8)
    spines: Any = axes.spines
    for spine in spines.values():
        spine.set_color("#3b4252")
