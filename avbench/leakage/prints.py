"""Prints of files: what is seen and heard, so coarsely that another codec, size or volume changes little.

Of the first ``seconds + reach`` of a file two tracks are kept:

    picture   p(t, c, y, x): luma, 8 frames a second, means over 3 frames and an 8×8 grid laid over the crop c
    sound     s(t, f): log energy of 1/8 s, 16 times a second, in 16 bands from 100 to 3,500 Hz

They are compared window by window, each minus its mean over time (:mod:`avbench.leakage.copies`). That takes
off brightness, logos and frames around the picture, volume and equalising, and leaves what moves and what
changes. The features are ours; what they find is measured in docs/leakage.md.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avbench.errors import MediaError
from avbench.media.decode import read_clip
from avbench.media.info import Fit
from avbench.records import AudioInput, VideoInput

SECONDS = 5.0
REACH = 5.0

CROPS = ((1.0, 1.0), (0.9, 0.9), (0.8, 0.8), (0.75, 1.0))
"""What part of width and height, about the middle, the grid is laid over; the last makes 4:3 of 16:9."""

GRID = 8
PIXELS = 64
FPS = 8
FRAMES = 3
"""How many a mean is over: copies cut between two frames of the original differ less."""
RATE = 8_000
BLOCK = 1_000
HOP = 500
BANDS = 16
BAND_HZ = (100.0, 3_500.0)
# Below these a stream holds nothing that could be recognised: codec noise, digital silence.
LEAST_MOTION = 0.5
LEAST_LEVEL = 1e-4

Track = NDArray[np.floating]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Print:
    """What is kept of a file.

    Attributes:
        path: The file.
        picture: ``(time, crop, 8 · 8)`` in grey levels, or ``None``: no picture, or one that does not move.
            In half precision, as it is what takes the memory: 40 KB of ten seconds.
        sound: ``(time, band)`` in nepers, or ``None``: no sound, or one that does not change.
    """

    path: Path
    picture: Track | None
    sound: Track | None


def print_of(path: Path, seconds: float = SECONDS, reach: float = REACH) -> Print:
    """Take the print of a file; a stream that cannot be decoded for ``seconds`` has none.

    Args:
        path: The file.
        seconds: How much of two files is compared.
        reach: How much later the one may begin than the other. A file may end before.

    Raises:
        MediaError: Neither stream can be decoded.
    """
    errors: list[MediaError] = []
    frames, samples = None, None
    whole, fit = seconds + reach, Fit(shortest=seconds)
    try:
        video = VideoInput(fps=FPS, height=PIXELS, width=PIXELS)
        frames = read_clip(path, seconds=whole, video=video, audio=None, fit=fit).frames
    except MediaError as error:
        errors.append(error)
    try:
        audio = AudioInput(sample_rate=RATE)
        samples = read_clip(path, seconds=whole, video=None, audio=audio, fit=fit).samples
    except MediaError as error:
        errors.append(error)
    if len(errors) == 2:
        raise errors[0]
    return Print(
        path=path,
        picture=None if frames is None else picture_track(frames),
        sound=None if samples is None else sound_track(samples[0]),
    )


def picture_track(frames: NDArray[np.uint8]) -> Track | None:
    """Return the track of ``(time, channel=3, 64, 64)`` uint8, or ``None`` where nothing moves."""
    luma = np.tensordot(np.array([0.299, 0.587, 0.114], np.float32), frames.astype(np.float32), (0, 1))
    cells = np.stack([_cells(height) @ luma @ _cells(width).T for width, height in CROPS], axis=1)
    blurred = np.lib.stride_tricks.sliding_window_view(cells, FRAMES, axis=0).mean(-1)
    moves = np.std(blurred - blurred.mean(0)) >= LEAST_MOTION
    return blurred.reshape(*blurred.shape[:2], -1).astype(np.float16) if moves else None


def _cells(part: float) -> NDArray[np.float32]:
    """Return weights ``(cell, pixel)``: means over eight cells of the middle part of a line of pixels."""
    edges = PIXELS / 2 + PIXELS * part * (np.arange(GRID + 1) / GRID - 0.5)
    pixels = np.arange(PIXELS)
    inside = np.minimum(pixels + 1, edges[1:, None]) - np.maximum(pixels, edges[:-1, None])
    return (np.clip(inside, 0, 1) / np.diff(edges)[:, None]).astype(np.float32)


def sound_track(samples: NDArray[np.float32]) -> Track | None:
    """Return the track of ``(time,)`` at 8 kHz, or ``None`` where nothing changes."""
    blocks = np.lib.stride_tricks.sliding_window_view(samples, BLOCK)[::HOP] * np.hanning(BLOCK)
    power = np.abs(np.fft.rfft(blocks)) ** 2 / BLOCK
    edges = np.geomspace(*BAND_HZ, BANDS + 1)
    band = np.searchsorted(edges, np.fft.rfftfreq(BLOCK, 1 / RATE), side="right") - 1
    energy = np.stack([power[:, band == each].sum(1) for each in range(BANDS)], axis=1)
    if energy.sum(1).max() < LEAST_LEVEL:
        return None
    # A floor far below the loudest, where codecs differ and nobody hears it.
    levels = np.log(energy + 1e-4 * energy.max()).astype(np.float32)
    return levels if np.ptp(levels, axis=0).any() else None
