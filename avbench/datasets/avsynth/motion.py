"""How toys move: closed forms of time, shared by all who need to know where a toy is."""

import numpy as np

from avbench.datasets.avsynth.latents import ENVELOPE_RATE, Array, Rhythm

GRAVITY = 8.0
"""Fall of a toy, in frame heights per second squared."""
HIGH_HOP, LOW_HOP = 0.56, 0.38
"""Air time of a loud and of a soft landing's hop, in seconds: 0.31 and 0.14 frame heights."""
SQUASH_DECAY, SQUASH_PERIOD, SQUASH_DEPTH = 0.09, 0.20, 0.30
CROUCH = 0.10
"""How long a toy crouches before it leaves the floor, in seconds."""


def height(rhythm: Rhythm, times: Array) -> Array:
    """Return the height above the floor, in frame heights: ``g/2 · (t − start)(landing − t)`` in each hop."""
    above = np.zeros_like(times)
    for landing in rhythm:
        left = landing.time - (HIGH_HOP if landing.loud else LOW_HOP)
        above += 0.5 * GRAVITY * np.clip(times - left, 0.0, None) * np.clip(landing.time - times, 0.0, None)
    return above


def stretch(rhythm: Rhythm, times: Array) -> Array:
    """Return the vertical stretch of a toy: 1 at rest, below 1 crouching or squashed by a landing.

    After a landing ``1 − depth · exp(−t / decay) · cos(2π t / period)``; nothing of it shows before.
    """
    factor = np.ones_like(times)
    for landing in rhythm:
        strength = 1.0 if landing.loud else 0.6
        since = times - landing.time
        ringing = np.exp(-np.maximum(since, 0.0) / SQUASH_DECAY) * np.cos(2 * np.pi * since / SQUASH_PERIOD)
        factor -= strength * SQUASH_DEPTH * np.where(since >= 0.0, ringing, 0.0)
        left = landing.time - (HIGH_HOP if landing.loud else LOW_HOP)
        crouch = np.clip(1.0 - np.abs(times - (left - CROUCH / 2)) / (CROUCH / 2), 0.0, 1.0)
        factor -= 0.16 * strength * crouch
    return np.clip(factor, 0.6, 1.2)


def envelope_at(envelope: tuple[float, ...], times: Array) -> Array:
    """Return the slow envelope at ``times``, linear between its samples."""
    return np.interp(times, np.arange(len(envelope)) / ENVELOPE_RATE, envelope)
