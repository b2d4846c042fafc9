r"""Sounds that give a generation score its scale: nothing, noise, the clip's own, and that through a codec.

Noise is drawn for each clip and seed by itself and brought to the level :math:`\ell` in dB of full scale:

.. math:: x = 10^{\ell / 20} \frac{w}{\sqrt{\overline{w^2}}}, \qquad |W(f)|^2 \propto f^{-\beta}
    \text{ from 20 Hz up}, \qquad \beta = 0 \text{ (white)}, 1 \text{ (pink)}
"""

import math
import os
import tempfile
import weakref
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from avbench import AudioBatch, Clip, MediaError, VideoBatch
from avbench.errors import UsageError
from avbench.media.audio import resample
from avbench.media.decode import read_sound
from avbench.media.encode import AAC_RATES, write_clip
from avbench.media.workers import SoundReaders
from avbench.sounds import Sound
from avbench_baselines.noise import generator

RATE = 48_000
LOWEST = 20.0
"""Where the spectrum of noise begins, in Hz: below it nothing is heard."""
SLOPES = {"white": 0.0, "pink": 1.0}
BITRATES = (8_000, 512_000)
"""Lowest and highest, in bits a second."""

Item = AudioBatch | MediaError


def as_batch(clip: Clip, sound: Sound) -> AudioBatch:
    """Return a sound as the batch of its clip alone."""
    samples = torch.from_numpy(sound.samples)[None]
    return AudioBatch(samples=samples, sample_rate=sound.sample_rate, clips=(clip,))


class Silence:
    """Makes digital silence."""

    def generate_audio(self, batch: VideoBatch, seed: int) -> AudioBatch:
        """Return zeros, ``(batch, 1, time)`` at 48 kHz."""
        samples = torch.zeros(len(batch.clips), 1, _length(batch))
        return AudioBatch(samples=samples, sample_rate=RATE, clips=batch.clips)


class Noise:
    """Makes noise of a colour and a level.

    Args:
        color: ``pink`` or ``white``.
        level: Root mean square, in dB of full scale, at most -12: higher ones would be clipped.

    Raises:
        UsageError: The colour is another, or the level no such number.
    """

    def __init__(self, color: str, level: str) -> None:
        if color not in SLOPES:
            raise UsageError(f"There is no noise of the colour {color!r}.", hint="Pass color=pink or white.")
        self.slope = SLOPES[color]
        self.level = _number("level", level, -120, -12)

    def generate_audio(self, batch: VideoBatch, seed: int) -> AudioBatch:
        """Return noise, ``(batch, 1, time)`` at 48 kHz: another for every clip and every seed."""
        waves = [self._wave(generator(clip, f"noise {seed}"), _length(batch)) for clip in batch.clips]
        samples = torch.from_numpy(np.stack(waves)[:, None])
        return AudioBatch(samples=samples, sample_rate=RATE, clips=batch.clips)

    def _wave(self, random: np.random.Generator, length: int) -> NDArray[np.float32]:
        frequencies = np.fft.rfftfreq(length, 1 / RATE)
        heard = frequencies >= LOWEST
        spectrum = np.fft.rfft(random.standard_normal(length))
        spectrum *= np.where(heard, np.maximum(frequencies, LOWEST) ** (-self.slope / 2), 0.0)
        wave = np.fft.irfft(spectrum, length)
        return (10 ** (self.level / 20) * wave / np.sqrt(np.mean(wave**2))).astype(np.float32)


class Truth:
    """Returns the clip's own sound, at its own rate: no system can come nearer to it."""

    def __init__(self) -> None:
        self.readers = SoundReaders(len(os.sched_getaffinity(0)))
        weakref.finalize(self, self.readers.close)

    def generate_audio(self, batch: VideoBatch, seed: int) -> list[Item]:
        """Return each clip's sound, or why it has none."""
        clips = {clip.id: clip for clip in batch.clips}
        sounds = self.readers.read(clips.values(), batch.seconds)
        items = {clip.id: self._item(clip, sound) for clip, sound in zip(clips.values(), sounds, strict=True)}
        return [items[clip.id] for clip in batch.clips]

    def _item(self, clip: Clip, sound: Sound | MediaError) -> Item:
        return sound if isinstance(sound, MediaError) else as_batch(clip, self.heard(sound))

    def heard(self, sound: Sound) -> Sound:
        """Return what is made of a clip's own sound: here, nothing else."""
        return sound


class Reencoded(Truth):
    """Returns the clip's own sound, encoded by AAC and decoded again.

    Args:
        bitrate: Of the AAC stream, in bits a second.

    Raises:
        UsageError: It is no number that AAC can be asked for.
    """

    def __init__(self, bitrate: str) -> None:
        super().__init__()
        self.bitrate = round(_number("bitrate", bitrate, *BITRATES))

    def heard(self, sound: Sound) -> Sound:
        """Return a sound as the codec leaves it, as long as it was."""
        if not np.isfinite(sound.samples).all():  # which no codec takes
            return sound
        rate = sound.sample_rate if sound.sample_rate in AAC_RATES else AAC_RATES[-1]
        samples = resample(sound.samples, sound.sample_rate, rate)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "sound.mp4")
            write_clip(
                path, frames=None, fps=1, samples=samples, sample_rate=rate, audio_bitrate=self.bitrate
            )
            return read_sound(path).lasting(sound.seconds)


def _length(batch: VideoBatch) -> int:
    """Return how many samples at 48 kHz a batch asks for."""
    if batch.seconds is None:
        raise ValueError("a batch for which sound is to be made says how long its clips last")
    return round(batch.seconds * RATE)


def _number(name: str, text: str, lowest: float, highest: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not lowest <= number <= highest:
        raise UsageError(
            f"The {name} {text!r} is no number from {lowest:g} to {highest:g}.", hint=f"Pass another {name}=."
        )
    return number
