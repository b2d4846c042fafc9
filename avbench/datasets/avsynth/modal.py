"""What a toy sounds like: a bank of damped partials, struck at any real-valued instant, or humming."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Signal = npt.NDArray[np.float32]
Modes = npt.NDArray[np.complex128]

PITCHES = (523.25, 392.0, 293.66, 196.0)
"""Fundamental of each size level, small to large, in Hz."""
RINGING = (0.07, 0.15, 0.32)
"""Decay time of the fundamental for each finish, dull to glossy, in seconds (to 1/e)."""
CEILING = 7000.0
ATTACK = 0.0008
HISS_DECAY = 0.018
STRIKE = 0.0175
"""Root of a loud impact's energy: ``sqrt(∫ y² dt)``, the same for every class, size and finish."""
HUM = 0.011
"""Root mean square of one toy's hum over a clip: the same for every class, size and finish."""
HUM_RANGE, HUM_TILT = 26.0, 7.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timbre:
    """A timbre family.

    Attributes:
        name: For people.
        ratios: Of the partials to the fundamental.
        gains: Of the partials.
        ring: Factor on the decay time.
        damping: Partials of ratio r decay ``r ** damping`` times faster.
        noise: Energy share of the strike's noise.
        band: Where that noise lies, in Hz.
    """

    name: str
    ratios: tuple[float, ...]
    gains: tuple[float, ...]
    ring: float
    damping: float
    noise: float
    band: tuple[float, float]


TIMBRES = (
    Timbre(
        name="bell",
        ratios=(0.5, 1.0, 1.19, 1.5, 2.0, 2.52, 3.01, 4.17),
        gains=(0.5, 1.0, 0.7, 0.35, 0.8, 0.45, 0.35, 0.25),
        ring=1.5,
        damping=0.5,
        noise=0.02,
        band=(3000.0, 6500.0),
    ),
    Timbre(
        name="marimba",
        ratios=(1.0, 3.93, 9.24),
        gains=(1.0, 0.45, 0.2),
        ring=0.9,
        damping=0.9,
        noise=0.06,
        band=(700.0, 2000.0),
    ),
    Timbre(
        name="bar",
        ratios=(1.0, 2.756, 5.404, 8.933),
        gains=(0.7, 1.0, 0.8, 0.5),
        ring=1.3,
        damping=0.35,
        noise=0.02,
        band=(4000.0, 7000.0),
    ),
    Timbre(
        name="drum",
        ratios=(1.0, 1.594, 2.136, 2.296, 2.653, 2.918, 3.6),
        gains=(1.0, 0.8, 0.5, 0.45, 0.35, 0.3, 0.2),
        ring=0.6,
        damping=0.8,
        noise=0.25,
        band=(250.0, 1800.0),
    ),
    Timbre(
        name="string",
        ratios=(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0),
        gains=(1.0, 0.7, 0.55, 0.42, 0.34, 0.27, 0.2, 0.15),
        ring=1.2,
        damping=0.6,
        noise=0.03,
        band=(1500.0, 4000.0),
    ),
    Timbre(
        name="reed",
        ratios=(1.0, 3.0, 5.0, 7.0, 9.0),
        gains=(1.0, 0.65, 0.5, 0.35, 0.25),
        ring=1.0,
        damping=0.3,
        noise=0.10,
        band=(2000.0, 3500.0),
    ),
    Timbre(
        name="plate",
        ratios=(1.0, 1.41, 1.73, 2.45, 3.46, 4.58, 6.2),
        gains=(0.6, 0.8, 0.9, 0.8, 0.7, 0.6, 0.5),
        ring=1.1,
        damping=0.15,
        noise=0.30,
        band=(2500.0, 7000.0),
    ),
    Timbre(
        name="block",
        ratios=(1.5, 2.24, 4.1),
        gains=(1.0, 0.9, 0.4),
        ring=0.45,
        damping=0.3,
        noise=0.45,
        band=(1200.0, 5000.0),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """Modes of a strike: ``Re Σ weights · exp(poles · t)`` under its attack.

    Attributes:
        poles: ``(mode,)``, ``-1/decay + 2πi · frequency``, per second.
        weights: ``(mode,)``, complex amplitudes.
        lasts: How long they are followed, in seconds.
    """

    poles: Modes
    weights: Modes
    lasts: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """The partials of one timbre at one size and finish.

    Attributes:
        banks: What sounds after a strike: what rings, and the short noise.
        tones: ``(partial,)``, frequencies of the hum, in Hz.
        tone_gains: ``(partial,)``, their amplitudes at full envelope.
        tone_tilts: ``(partial,)``, how many dB each loses when the envelope is 0.
    """

    banks: tuple[Bank, Bank]
    tones: npt.NDArray[np.float64]
    tone_gains: npt.NDArray[np.float64]
    tone_tilts: npt.NDArray[np.float64]


@lru_cache(maxsize=128)
def voice(timbre: int, size: int, finish: int) -> Voice:
    """Return the voice of a timbre family at a size (pitch) and a finish (damping)."""
    family = TIMBRES[timbre]
    ratios, gains = np.array(family.ratios), np.array(family.gains)
    tones = PITCHES[size] * ratios
    gains, ratios, tones = (each[tones < CEILING] for each in (gains, ratios, tones))
    decays = RINGING[finish] * family.ring / np.maximum(ratios, 1.0) ** family.damping
    poles = -1.0 / decays + 2j * np.pi * tones
    weights = -1j * gains * np.sqrt((1.0 - family.noise) / np.sum(gains**2 * decays))
    hiss_poles, hiss_weights = _hiss(family, timbre)
    hiss_weights = hiss_weights * np.sqrt(family.noise)
    energy = _energy(np.concatenate([poles, hiss_poles]), np.concatenate([weights, hiss_weights]))
    loudness = STRIKE / np.sqrt(energy)
    tilts = HUM_RANGE + HUM_TILT * np.log2(np.maximum(ratios, 1.0))
    levels = np.mean([10.0 ** (-tilts * (1.0 - e) / 10.0) for e in np.linspace(0.0, 1.0, 65)], axis=0)
    return Voice(
        banks=(
            Bank(poles=poles, weights=weights * loudness, lasts=float(min(1.6, 6.0 * decays.max()))),
            Bank(poles=hiss_poles, weights=hiss_weights * loudness, lasts=6.0 * HISS_DECAY),
        ),
        tones=tones,
        tone_gains=gains * HUM / np.sqrt(np.sum(gains**2 * levels) / 2.0),
        tone_tilts=tilts,
    )


def _hiss(family: Timbre, timbre: int) -> tuple[Modes, Modes]:
    """Return the noise of the strike: 24 short partials spread over its band with phases of no pattern."""
    low, high = family.band
    steps = (np.arange(24) + 0.5) / 24
    frequency = low * (high / low) ** steps
    decay = np.full(24, HISS_DECAY)
    # Multiples of the golden ratio: as irregular as random phases, the same on every machine.
    phase = 2 * np.pi * ((np.arange(24) + 1) ** 2 * (0.618034 + 0.01 * timbre) % 1.0)
    return -1.0 / decay + 2j * np.pi * frequency, np.exp(1j * phase) / np.sqrt(np.sum(decay))


def _energy(poles: Modes, weights: Modes) -> float:
    """Return ``∫ (Re Σ w exp(p t))² dt`` from 0, in closed form."""
    sums = poles[:, None] + poles[None]
    mixed = poles[:, None] + poles.conj()[None]
    same = weights[:, None] * weights[None] / -sums
    cross = weights[:, None] * weights.conj()[None] / -mixed
    return float(0.5 * np.real(same.sum() + cross.sum()))


def strike(
    stem: Signal,
    sounding: Voice,
    times: npt.NDArray[np.float64],
    levels: npt.NDArray[np.float64],
    rate: int,
) -> None:
    """Add strikes of a voice, at real-valued instants, to a signal.

    Args:
        stem: ``(time,)``, is changed.
        sounding: What is struck.
        times: ``(strike,)``, in seconds, anywhere between samples.
        levels: ``(strike,)``, amplitude relative to a loud impact.
        rate: Samples a second.
    """
    first = np.ceil(times * rate).astype(int)
    late = (first / rate - times)[:, None]
    for bank in sounding.banks:
        length = int(bank.lasts * rate)
        turned = bank.weights * np.exp(bank.poles * late) * levels[:, None]
        factors = np.concatenate([turned.real, -turned.imag], axis=1).astype(np.float32)
        waves = factors @ powers(bank.poles / rate, length)
        begin = np.arange(min(length, int(8 * ATTACK * rate) + 1)) / rate + late
        waves[:, : begin.shape[1]] *= 1.0 - np.exp(-begin / ATTACK)
        for start, wave in zip(first, waves, strict=True):
            stem[start : start + length] += wave[: max(0, len(stem) - start)]


def powers(steps: npt.NDArray[np.complexfloating], length: int) -> Signal:
    """Return real, then imaginary parts of ``exp(steps · n)``: ``(2 · mode, time)``, n = 0 … length - 1."""
    block = 128
    coarse = np.exp(steps[:, None] * (block * np.arange(-(-length // block)))).astype(np.complex64)
    fine = np.exp(steps[:, None] * np.arange(block)).astype(np.complex64)
    table = (coarse[:, :, None] * fine[:, None, :]).reshape(len(steps), -1)[:, :length]
    return np.concatenate([table.real, table.imag])


def hum(sounding: Voice, envelope: npt.NDArray[np.float64], rate: int, block: int) -> Signal:
    """Let a voice hum: loudness and brightness of its partials follow the envelope.

    Args:
        sounding: What hums.
        envelope: ``(block + 1,)``, the envelope in [0, 1] at every ``block`` samples, linear in between.
        rate: Samples a second.
        block: Samples between two values of the envelope.

    Returns:
        ``(time,)``, ``block · (len(envelope) - 1)`` samples.
    """
    drop = sounding.tone_tilts * (1.0 - envelope[:, None])
    levels = sounding.tone_gains * 10.0 ** (-drop / 20.0)
    step = 2 * np.pi * sounding.tones / rate
    starts = np.exp(1j * np.mod(step * (block * np.arange(len(envelope) - 1)[:, None]), 2 * np.pi))
    begin, rise = levels[:-1] * starts, np.diff(levels, axis=0) * starts
    fine = powers(1j * step, block)
    ramp = fine * (np.arange(block, dtype=np.float32) / block)
    factors = np.concatenate([begin.imag, begin.real, rise.imag, rise.real], axis=1).astype(np.float32)
    return (factors @ np.concatenate([fine, ramp])).reshape(-1)
