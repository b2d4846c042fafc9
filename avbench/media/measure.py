"""What is in a file from its beginning to its end, measured: how long, how loud, how much moves, how evenly.

Both streams are decoded whole, the picture small. Where the numbers begin to mean that something is wrong is
said in :mod:`avbench.index.findings`.
"""

from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avbench.media.decode import picture_packets, read_picture, read_sound
from avbench.media.info import Limits, Measured
from avbench.records import VideoInput

VIDEO = VideoInput(fps=12.5, height=32, width=32)
QUIET, STILL = 1e-3, 4.0
"""Up to which sample there is silence, and up to which change, in grey levels, a picture stands still."""
FULL_SCALE = 0.99
UNEVEN = 0.5
"""An interval between frames differs so much from the usual one, as a part of that, to count as uneven."""


def measure(path: Path, *, video: bool, audio: bool, limits: Limits | None = None) -> Measured:
    """Decode the streams of a file and measure them.

    Args:
        path: The file.
        video: Whether the picture is measured.
        audio: Whether the sound is.
        limits: Bounds on what is opened and held.

    Raises:
        MediaError: ``missing``, ``empty``, ``corrupt``, ``no-video``, ``no-audio`` or ``too-large``.
    """
    picture_end = motion = uneven = sound_end = peak = clipped = None
    if video:
        picture = read_picture(path, video=VIDEO, limits=limits)
        picture_end = picture.start + picture.seconds
        motion = float(changes(picture.frames).max(initial=0))
        uneven = unevenness(path, limits)
    if audio:
        sound = read_sound(path, limits=limits)
        sound_end = sound.samples.shape[1] / sound.sample_rate
        peak, clipped = level(sound.samples)
    return Measured(
        picture_end=picture_end,
        motion=motion,
        uneven=uneven,
        sound_end=sound_end,
        peak=peak,
        clipped=clipped,
    )


def changes(frames: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return by how many grey levels a pixel, its colours averaged, changes at most: ``(time - 1,)``.

    Args:
        frames: ``(time, channel=3, height, width)``, 0 to 255; taken one by one, as a file may be long.
    """
    grey = (frame.astype(np.float32).mean(0) for frame in frames)
    return np.array([np.abs(new - old).max() for old, new in pairwise(grey)], np.float32)


def level(samples: NDArray[np.float32]) -> tuple[float, float]:
    """Return the largest sample, and the share of samples within 1 % of full scale or beyond it.

    Args:
        samples: ``(channel, time)``, 1.0 is full scale. The share is that of the channel with most.
    """
    if not samples.size:
        return 0.0, 0.0
    sizes = np.abs(samples)
    return float(sizes.max()), float((sizes >= FULL_SCALE).mean(1).max())


def unevenness(path: Path, limits: Limits | None = None) -> float:
    """Return the share of intervals between frames that differ from their median by more than half of it."""
    times = sorted(packet.pts for packet in picture_packets(path, limits=limits) if packet.pts is not None)
    gaps = np.diff(np.array(times, np.float64))
    if not len(gaps):
        return 0.0
    usual = np.median(gaps)
    return float((np.abs(gaps - usual) > UNEVEN * usual).mean())
