"""Sentinels: a coarse print of a few clips, by which a changed renderer is noticed.

Frames are reduced to the mean luminance of 4 × 4 pixels, in steps of one grey level, samples to the loudness
of 0.1 s in each of four bands, in steps of half a decibel. Machines whose mathematical libraries differ in
the last bit agree to within one step.
"""

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from avbench.datasets.avsynth.audio import render_samples
from avbench.datasets.avsynth.galleries import Place, scene_at
from avbench.datasets.avsynth.presets import DIFFICULTIES, MEDIA
from avbench.datasets.avsynth.video import render_frames

FRAMES = (40, 101)
BANDS = (0, 400, 1000, 2500, 8000)

Steps = npt.NDArray[np.uint8]


def sentinel_print(difficulty: str) -> tuple[Steps, Steps]:
    """Return prints of two frames ``(frame, row, column)`` and of the sound ``(channel, band, time)``."""
    place = Place(split="test", gallery="S3", group=0, member=0)
    scene = scene_at(place, difficulty=DIFFICULTIES[difficulty], media=MEDIA["5s"])
    luminance = render_frames(scene, np.array(FRAMES)) @ np.array([0.299, 0.587, 0.114])
    size = scene.media.size // 4
    blocks = luminance.reshape(len(FRAMES), size, 4, size, 4).mean(axis=(2, 4))
    samples = render_samples(scene, channels=2)
    window = scene.media.sample_rate // 10
    power = np.abs(np.fft.rfft(samples.reshape(2, -1, window))) ** 2
    edges = [round(hertz / 10) for hertz in BANDS]
    bands = np.stack([power[..., a:b].sum(-1) for a, b in pairwise(edges)], axis=1)
    decibels = 10.0 * np.log10(bands + 1e-6)
    return np.round(blocks).astype(np.uint8), np.clip(np.round(2 * decibels + 128), 0, 255).astype(np.uint8)
